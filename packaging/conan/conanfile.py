"""The recipe for Conan 2. From the repository, with Go: conan create packaging/conan"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, load, rm


class CachekitCore(ConanFile):
    name = "cachekit_core"
    description = "Compresses, checks and encrypts cache payloads: LZ4, XXH3, AES-256-GCM"
    license = "MIT"
    url = homepage = "https://github.com/cachekit-go/cachekit-core"
    topics = ("cache", "compression", "encryption")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}
    default_options = {"shared": True}

    _goarch = {"x86_64": "amd64", "armv8": "arm64"}

    def _repository(self):
        return os.path.dirname(os.path.dirname(self.recipe_folder))

    def set_version(self):
        header = load(self, os.path.join(self._repository(), "include", "cachekit.h"))
        self.version = re.search('CACHEKIT_VERSION_STRING "(.*)"', header).group(1)

    def export_sources(self):
        # With the Go modules, so that a build needs no network.
        script = os.path.join(self._repository(), "packaging", "source.sh")
        self.run(f'"{script}" "{self.export_sources_folder}"')

    def configure(self):
        # It is built by a C compiler, and C++ programs get no more than a header.
        self.settings.rm_safe("compiler.libcxx")
        self.settings.rm_safe("compiler.cppstd")

    def package_id(self):
        del self.info.settings.build_type  # they are all the same

    def validate(self):
        if self.settings.os != "Linux" or str(self.settings.arch) not in self._goarch:
            raise ConanInvalidConfiguration("cachekit_core is for Linux on x86_64 and armv8")

    def _make(self, targets):
        compilers = self.conf.get("tools.build:compiler_executables", default={}, check_type=dict)
        compiler = compilers.get("c") or os.environ.get("CC") or str(self.settings.compiler)
        goarch = self._goarch[str(self.settings.arch)]
        self.run(
            f'make --no-print-directory CC="{compiler}" GOARCH={goarch} {targets}',
            cwd=self.source_folder,
        )

    def build(self):
        self._make("all" if self.options.shared else "all static")

    def package(self):
        self._make(f'install PREFIX=/ DESTDIR="{self.package_folder}"')
        lib = os.path.join(self.package_folder, "lib")
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        # Conan writes these for each consumer.
        rm(self, "*.pc", os.path.join(lib, "pkgconfig"))
        rm(self, "*.cmake", os.path.join(lib, "cmake", "cachekit_core"))
        rm(self, "*.a" if self.options.shared else "*.so*", lib)

    def package_info(self):
        self.cpp_info.libs = ["cachekit_core"]
        self.cpp_info.set_property("cmake_file_name", "cachekit_core")
        kind = "cachekit_core" if self.options.shared else "static"
        self.cpp_info.set_property("cmake_target_name", f"cachekit_core::{kind}")
        self.cpp_info.set_property("pkg_config_name", "cachekit_core")
        if not self.options.shared:
            self.cpp_info.system_libs = ["pthread"]
