"""Builds the C library, which is Go inside, and puts it into the package.

Two variables of the environment are for those who build wheels:
CACHEKIT_CORE_LIBRARY names a folder in which make has built the library, its bill of
materials and licences already; CACHEKIT_CORE_PLATFORM is the platform in the tag of
the wheel.
"""

from __future__ import annotations

import gzip
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

from setuptools import Distribution, Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
# The tree with the Makefile: in a source distribution below this folder, in a clone above.
TOP = HERE / "source" if (HERE / "source").is_dir() else HERE.parent.parent
# The platform in the tag of the wheel, if it is for another machine than this one.
PLATFORM = os.environ.get("CACHEKIT_CORE_PLATFORM", "")


def library_file() -> str:
    """The name of the library, which _library.py looks for."""
    for system, tag, suffix in (("darwin", "macosx", "dylib"), ("win32", "win", "dll")):
        if PLATFORM.startswith(tag) or (not PLATFORM and sys.platform == system):
            return "libcachekit_core." + suffix
    return "libcachekit_core.so"


def version() -> str:
    header = (TOP / "include" / "cachekit.h").read_text(encoding="utf-8")
    found = re.search(r'^#define CACHEKIT_VERSION_STRING "(.+)"', header, re.MULTILINE)
    if found is None:
        raise SystemExit("cachekit-core: include/cachekit.h has no version")
    return found.group(1)


def built_library(scratch: Path) -> Path:
    """The folder with the library, which is built in scratch unless somebody has built it."""
    prebuilt = os.environ.get("CACHEKIT_CORE_LIBRARY")
    if prebuilt:
        return Path(prebuilt)
    if not sys.platform.startswith(("linux", "darwin")):
        raise SystemExit("cachekit-core: the library can be built on Linux and macOS only, this is " + sys.platform)
    go = os.environ.get("GO", "go")
    cc = os.environ.get("CC", "cc").split()[0]
    for what, program in (
        ("Go 1.26 or later (https://go.dev/dl)", go),
        ("a C compiler, such as gcc", cc),
        ("make", "make"),
    ):
        if shutil.which(program) is None:
            raise SystemExit(
                f'cachekit-core: where there is no wheel, it is built from source, which needs {what}: "{program}" is not installed'
            )
    # What an outer make says is not for this one.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    folder = scratch.resolve() / "library"
    try:
        subprocess.run(["make", "-C", str(TOP), f"BUILD={folder}", "all", "contents"], env=environment, check=True)
    except subprocess.CalledProcessError as error:
        raise SystemExit("cachekit-core: make could not build the library, see above") from error
    return folder


class BuildLibrary(build_py):
    """Puts the library beside the modules."""

    def run(self) -> None:
        super().run()
        folder = built_library(Path(self.get_finalized_command("build").build_temp))
        self.distribution.library_folder = folder
        package = HERE / "src" / "cachekit_core" if self.editable_mode else Path(self.build_lib) / "cachekit_core"
        package.mkdir(parents=True, exist_ok=True)
        file = library_file()
        shutil.copyfile(folder / file, package / file)
        (package / file).chmod(0o755)


class PlatformWheel(bdist_wheel):
    """One wheel for every Python of a platform."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", PLATFORM or super().get_tag()[2]

    def write_wheelfile(self, wheelfile_base: str, *arguments: object, **options: object) -> None:
        """The last step before the wheel is packed: adds the bill of materials (PEP 770) and licences."""
        super().write_wheelfile(wheelfile_base, *arguments, **options)
        folder = getattr(self.distribution, "library_folder", None)
        if folder is None:  # an editable wheel has no library in it
            return
        info = Path(wheelfile_base)
        (info / "sboms").mkdir(exist_ok=True)
        shutil.copy(folder / "contents" / "cachekit_core.cdx.json", info / "sboms")
        shutil.copytree(folder / "contents" / "licenses", info / "licenses" / "library", dirs_exist_ok=True)


class SourceDistribution(sdist):
    """Adds the source of the library, with the Go modules that it needs."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        subprocess.run([str(TOP / "packaging" / "source.sh"), os.path.join(base_dir, "source")], check=True)

    def make_archive(self, base_name: str, format: str, root_dir: str | None = None, base_dir: str | None = None, **_: object) -> str:
        """Equal sources give equal archives: times, owners and order of the files do not count."""
        tree = Path(root_dir or ".") / (base_dir or ".")
        epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0")) or 315532800  # 1980, where zip begins

        def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = epoch, 0, 0, "", ""
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            return entry

        name = base_name + ".tar.gz"
        with open(name, "wb") as file, gzip.GzipFile("", "wb", mtime=epoch, fileobj=file) as packed:
            with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for path in [tree, *sorted(tree.rglob("*"))]:
                    archive.add(path, arcname=str(path.relative_to(tree.parent)), recursive=False, filter=plain)
        return name


class PlatformDistribution(Distribution):
    library_folder: Path | None = None

    def has_ext_modules(self) -> bool:
        return True  # the library, where there is no accelerator too


def accelerators() -> list[Extension]:
    """The accelerator, which is written for CPython."""
    source = "src/cachekit_core/_fast.c"
    if platform.python_implementation() != "CPython":
        return []
    if PLATFORM.startswith(("win", "macosx")):  # other systems' wheels are built here too
        return []
    # A package without it works too, only slower; who builds a wheel for others wants it.
    optional = not PLATFORM
    return [
        Extension(
            "cachekit_core._fast",
            [source],
            include_dirs=[str(TOP / "include")],
            extra_compile_args=["-std=gnu11", "-O2", "-fvisibility=hidden"],
            # As the source has it: a free-threaded Python loads no such extension.
            py_limited_api=not sysconfig.get_config_var("Py_GIL_DISABLED"),
            optional=optional,
        )
    ]


setup(
    version=version(),
    distclass=PlatformDistribution,
    cmdclass={"build_py": BuildLibrary, "bdist_wheel": PlatformWheel, "sdist": SourceDistribution},
    ext_modules=accelerators(),
)
