package packages

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// consumer is a folder with the sources of programs that use the library, and the build
// system of testdata.
func consumer(t *testing.T, system string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "consumer")
	must(t, root, fmt.Sprintf("cp -R tests/packages/testdata/%s '%s' && cp examples/c/quickstart.c examples/cpp/quickstart.cpp '%s'", system, dir, dir))
	return dir
}

// ran runs the programs that a build system has built.
func ran(t *testing.T, dir string) {
	t.Helper()
	for _, program := range []string{"c_cachekit_core", "cpp_cachekit_core", "c_static", "cpp_static"} {
		out := must(t, dir, "./"+program)
		if !regexp.MustCompile(`^161 bytes, \d+ sealed, 161 opened\n`).MatchString(out) {
			t.Errorf("%s printed %q", program, out)
		}
		if needs, err := sh(dir, "ldd "+program); err != nil || strings.Contains(needs, "libcachekit_core") == strings.HasSuffix(program, "static") {
			t.Errorf("%s, %v: the loader finds\n%s", program, err, needs)
		}
	}
}

// installed installs the library and the archive into a folder with a space in its name.
func installed(t *testing.T) string {
	t.Helper()
	need.Programs(t, "make", "cc", "c++", "ldd")
	prefix, built := filepath.Join(t.TempDir(), "a prefix"), t.TempDir()
	must(t, root, "make -s all static BUILD="+built+" && make -s install BUILD="+built+" PREFIX='"+prefix+"'")
	return prefix
}

// top is the repository's folder.
func top(t *testing.T) string { return filepath.Dir(build(t)) }

func TestCMakeFindsAnInstallation(t *testing.T) {
	need.Programs(t, "cmake", "ninja")
	prefix, dir := installed(t), consumer(t, "cmake")
	configure := "cmake -G Ninja -S . -B 'a build' -DCMAKE_PREFIX_PATH='" + prefix + "'"
	must(t, dir, configure+" -DWANTED=0.1 && cmake --build 'a build'")
	ran(t, dir+"/a build")

	// What was installed may be moved.
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(prefix, moved); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "rm -rf 'a build' && "+strings.Replace(configure, prefix, moved, 1)+" && cmake --build 'a build'")
	ran(t, dir+"/a build")

	for _, other := range []string{"1", "0.999", "99.0"} {
		if out, err := sh(dir, "rm -rf other && "+strings.Replace(strings.Replace(configure, prefix, moved, 1), "a build", "other", 1)+" -DWANTED="+other); err == nil || !strings.Contains(out, "compatible with requested version") {
			t.Errorf("version %s is found: %v\n%s", other, err, out)
		}
	}
}

func TestCMakeFetchesTheSource(t *testing.T) {
	need.Programs(t, "cmake", "ninja", "make", "cc", "c++", "ldd")
	for _, generator := range []string{"Ninja", "Unix Makefiles"} {
		t.Run(generator, func(t *testing.T) {
			dir := consumer(t, "cmake")
			must(t, dir, "cmake -G '"+generator+"' -S . -B build -DSOURCE='"+top(t)+"' && cmake --build build --parallel 2")
			ran(t, dir+"/build")
			// Nothing is built again for nothing.
			before, after := stamp(t, dir), must(t, dir, "cmake --build build && "+stampLine)
			if !strings.HasSuffix(after, before) {
				t.Errorf("a second build made the library anew:\n%s%s", after, before)
			}
		})
	}
	dir := consumer(t, "cmake")
	if out, err := sh(dir, "cmake -S . -B 'a build' -DSOURCE='"+top(t)+"'"); err == nil || !strings.Contains(out, "a space in its name") {
		t.Errorf("a build in a folder with a space: %v\n%s", err, out)
	}
}

const stampLine = "stat -c '%y %s' build/_deps/cachekit_core-build/library/libcachekit_core.so.*.*.*"

func stamp(t *testing.T, dir string) string { return must(t, dir, stampLine) }

func TestCMakeInstalls(t *testing.T) {
	need.Programs(t, "cmake", "ninja", "make", "cc")
	dir := t.TempDir()
	must(t, root, "cmake -G Ninja -S . -B "+dir+"/build -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib && cmake --build "+dir+"/build")
	must(t, root, "cmake --install "+dir+"/build", "DESTDIR="+dir+"/system")
	for _, file := range []string{"include/cachekit.hpp", "lib/libcachekit_core.so.0", "lib/libcachekit_core.a", "lib/cmake/cachekit_core/cachekit_core-config.cmake"} {
		if _, err := os.Stat(filepath.Join(dir, "system/usr", file)); err != nil {
			t.Error(err)
		}
	}
}

func TestMesonFindsAnInstallation(t *testing.T) {
	need.Programs(t, "meson", "ninja", "pkg-config")
	prefix, dir := installed(t), consumer(t, "meson")
	must(t, dir, "meson setup 'a build' && ninja -C 'a build'", "PKG_CONFIG_PATH="+prefix+"/lib/pkgconfig")
	ran(t, dir+"/a build")
}

// TestMesonSubproject uses the wrap file of the documentation, without what it fetches.
func TestMesonSubproject(t *testing.T) {
	need.Programs(t, "meson", "ninja", "make", "cc", "c++", "ldd")
	dir := consumer(t, "meson")
	wrap := regexp.MustCompile("(?s)```ini\n(.*?)```").FindSubmatch(read(t, root+"/docs/linking.md"))
	if wrap == nil {
		t.Fatal("docs/linking.md has no wrap file")
	}
	must(t, dir, "mkdir subprojects && ln -s '"+top(t)+"' subprojects/cachekit-core")
	if err := os.WriteFile(dir+"/subprojects/cachekit-core.wrap", wrap[1], 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "meson setup build && ninja -C build", "PKG_CONFIG_PATH=", "PKG_CONFIG_LIBDIR=/nonexistent")
	ran(t, dir+"/build")
}

// TestConan makes the packages with the shared library and with the archive, of a source
// that needs no network, and has a program use them.
func TestConan(t *testing.T) {
	need.Programs(t, "make", "cc", "c++", "cmake")
	conan := need.Python(t, "requirements.txt") + " -m conans.conan"
	dir := t.TempDir()
	env := []string{"CONAN_HOME=" + dir + "/home"}
	must(t, root, conan+" profile detect", env...)
	must(t, root, "cp -R packaging/conan/test_package "+dir+"/program")
	for _, shared := range []string{"True", "False"} {
		must(t, root, conan+" export packaging/conan", env...)
		offline := append(env, "GOPROXY=off", "GOMODCACHE="+dir+"/modules", "GOFLAGS=-modcacherw", "GOTOOLCHAIN=local")
		reference := "cachekit_core/" + version(t)
		must(t, dir, conan+" install --no-remote --requires "+reference+" --build=missing -o '*:shared="+shared+"' -of "+dir+"/generated", offline...)
		out := must(t, dir, conan+" test program "+reference+" --no-remote -o '*:shared="+shared+"'", env...)
		if !strings.Contains(out, "\nopened\n") {
			t.Errorf("shared=%s: %s", shared, out)
		}
	}
}

// TestVcpkg runs the port's script with stand-ins for what vcpkg brings.
func TestVcpkg(t *testing.T) {
	need.Programs(t, "cmake", "make", "cc")
	var manifest struct{ Name, Version, License, Supports string }
	if err := json.Unmarshal(read(t, root+"/packaging/vcpkg/vcpkg.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Name != "cachekit-core" || manifest.Version != version(t) || manifest.License != "MIT" || manifest.Supports == "" {
		t.Errorf("vcpkg.json says %+v, the header %s", manifest, version(t))
	}
	arch := strings.TrimSpace(must(t, root, "go env GOARCH"))
	if arch == "amd64" {
		arch = "x64"
	}
	for linkage, library := range map[string]string{"static": "libcachekit_core.a", "dynamic": "libcachekit_core.so.0"} {
		dir := t.TempDir()
		must(t, root, fmt.Sprintf("cmake -DPORT='%s/packaging/vcpkg/portfile.cmake' -DSOURCE='%[1]s' -DVERSION=%s -DPORT_NAME=cachekit-core "+
			"-DCURRENT_BUILDTREES_DIR=%s/trees -DCURRENT_PACKAGES_DIR=%[3]s/package -DTARGET_TRIPLET=%s-linux -DVCPKG_TARGET_ARCHITECTURE=%[4]s "+
			"-DVCPKG_LIBRARY_LINKAGE=%s -P tests/packages/testdata/vcpkg.cmake", top(t), version(t), dir, arch, linkage))
		names := must(t, dir+"/package/lib", "ls")
		if !strings.Contains(names, library+"\n") || (linkage == "static") == strings.Contains(names, ".so") || (linkage == "dynamic") == strings.Contains(names, ".a\n") {
			t.Errorf("%s: the port installs %q", linkage, names)
		}
		for _, file := range []string{"include/cachekit.hpp", "share/cachekit-core/copyright", "lib/cmake/cachekit_core/cachekit_core-config.cmake"} {
			if _, err := os.Stat(filepath.Join(dir, "package", file)); err != nil {
				t.Error(err)
			}
		}
	}
}
