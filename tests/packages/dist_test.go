package packages

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// What a quick run makes; the others are made by the same script.
const distPlatforms = "linux-x86_64 linux-musl-x86_64 windows-x86_64 macos-arm64"

var distOnce sync.Once

// published returns the folder with the archives.
func published(t *testing.T) string {
	t.Helper()
	need.Programs(t, "x86_64-w64-mingw32-gcc", "unzip", "sha256sum")
	macos(t, "macos-arm64") // or there is no linker for it
	distOnce.Do(func() {
		if out, err := sh(root, "rm -rf build/dist && make -s dist-archives DIST_PLATFORMS='"+distPlatforms+"'"); err != nil {
			t.Errorf("make dist: %v\n%s", err, out)
		}
	})
	return build(t) + "/dist"
}

func onAmd64(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("skipped: the archive is for amd64")
	}
}

// unpack unpacks an archive in a folder with a space in its name, and returns what is in it.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "some where")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(archive, ".zip") {
		must(t, dir, "unzip -q '"+archive+"'")
	} else {
		must(t, dir, "tar xf '"+archive+"'")
	}
	found, err := filepath.Glob(dir + "/*")
	if err != nil || len(found) != 1 {
		t.Fatalf("%s holds %v, %v", archive, found, err)
	}
	return found[0]
}

// TestArchivesHoldAll looks for what a user of each platform needs.
func TestArchivesHoldAll(t *testing.T) {
	dir := published(t)
	common := []string{"CHANGELOG.md", "LICENSE", "include/cachekit.h", "include/cachekit.hpp", "include/cachekit_ffi.h",
		"lib/cmake/cachekit_core/cachekit_core-config-version.cmake", "lib/cmake/cachekit_core/cachekit_core-config.cmake",
		"lib/pkgconfig/cachekit_core.pc", "share/cachekit_core/cachekit_core.cdx.json", "share/cachekit_core/licenses/std.txt",
		"share/cachekit/cachekit.cdx.json", "share/cachekit/licenses/github.com_spf13_cobra.txt", "share/cachekit/licenses/std.txt",
		"share/man/man1/cachekit.1", "share/man/man1/cachekit-inspect.1"}
	linux := []string{"bin/cachekit", "lib/libcachekit_core.a", "lib/libcachekit_core.so", "lib/libcachekit_core.so.0", "lib/libcachekit_core.so." + version(t)}
	own := map[string][]string{
		"linux-x86_64.tar.gz": linux, "linux-musl-x86_64.tar.gz": linux,
		"windows-x86_64.zip": {"bin/cachekit.exe", "bin/libcachekit_core.dll", "lib/libcachekit_core.def", "lib/libcachekit_core.dll.a"},
		"macos-arm64.tar.gz": {"bin/cachekit", "lib/libcachekit_core.0.dylib", "lib/libcachekit_core.dylib"},
	}
	sums := string(read(t, dir+"/SHA256SUMS"))
	for platform, files := range own {
		archive := dir + "/cachekit-core-" + version(t) + "-" + platform
		tree := unpack(t, archive)
		for _, file := range slices.Concat(common, files) {
			if info, err := os.Stat(filepath.Join(tree, file)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %s: %v", platform, file, err)
			}
		}
		sum := sha256.Sum256(read(t, archive))
		if !strings.Contains(sums, hex.EncodeToString(sum[:])+"  "+filepath.Base(archive)+"\n") {
			t.Errorf("%s has not the checksum of\n%s", platform, sums)
		}
		if pc := string(read(t, tree+"/lib/pkgconfig/cachekit_core.pc")); !strings.HasPrefix(pc, "prefix=${pcfiledir}/../..\n") || strings.Contains(pc, "@") {
			t.Errorf("%s: %s", platform, pc)
		}
	}
}

// TestLinuxArchiveIsUsed compiles programs with what was unpacked, and runs them.
func TestLinuxArchiveIsUsed(t *testing.T) {
	onAmd64(t)
	need.Programs(t, "pkg-config", "cmake", "ninja", "cc", "c++", "ldd")
	tree := unpack(t, published(t)+"/cachekit-core-"+version(t)+"-linux-x86_64.tar.gz")
	if out := must(t, tree, "bin/cachekit version"); !strings.HasPrefix(out, "cachekit "+version(t)+" ") {
		t.Errorf("the command says %s", out)
	}
	must(t, tree, "bin/cachekit store LICENSE | bin/cachekit retrieve | cmp - LICENSE")
	quickstart := top(t) + "/examples/c/quickstart.c"
	must(t, tree, `eval "cc '`+quickstart+`' $(pkg-config --cflags --libs cachekit_core) -o program"`, "PKG_CONFIG_PATH="+tree+"/lib/pkgconfig")
	if out := must(t, tree, "./program", "LD_LIBRARY_PATH="+tree+"/lib"); !strings.HasPrefix(out, "161 bytes, ") {
		t.Errorf("the program printed %s", out)
	}
	dir := consumer(t, "cmake")
	must(t, dir, "cmake -G Ninja -S . -B build -DCMAKE_PREFIX_PATH='"+tree+"' && cmake --build build")
	ran(t, dir+"/build")
}

// TestMuslArchiveIsUsed links a program with either form of the library.
func TestMuslArchiveIsUsed(t *testing.T) {
	onAmd64(t)
	need.Program(t, "musl-gcc")
	tree := unpack(t, published(t)+"/cachekit-core-"+version(t)+"-linux-musl-x86_64.tar.gz")
	quickstart := top(t) + "/examples/c/quickstart.c"
	for _, link := range []string{"-Llib -lcachekit_core", "-static lib/libcachekit_core.a"} {
		must(t, tree, "musl-gcc '"+quickstart+"' -Iinclude "+link+" -o program")
		if out := must(t, tree, "./program", "LD_LIBRARY_PATH=lib"); !strings.HasPrefix(out, "161 bytes, ") {
			t.Errorf("with %s the program printed %s", link, out)
		}
	}
}

// TestArchiveAsTheReadmeSays types what the README prints.
func TestArchiveAsTheReadmeSays(t *testing.T) {
	onAmd64(t)
	need.Programs(t, "pkg-config", "cc")
	published(t)
	_, section, _ := strings.Cut(string(read(t, root+"/README.md")), "\n### Archives\n")
	_, section, _ = strings.Cut(section, "\n```sh\n")
	lines, _, _ := strings.Cut(section, "\n```\n")
	first, rest, _ := strings.Cut(lines, "\n")
	if first != "make dist-archives DIST_PLATFORMS=linux-x86_64" { // which published has done
		t.Fatalf("the section begins with %q", first)
	}
	if out := must(t, root, rest); !strings.HasPrefix(out, "161 bytes, ") {
		t.Errorf("the program printed %s", out)
	}
}

// TestWindowsArchiveIsUsed links a program with the import library, by CMake too. Wine runs
// such programs in make test-windows.
func TestWindowsArchiveIsUsed(t *testing.T) {
	need.Programs(t, "cmake", "ninja")
	tree := unpack(t, published(t)+"/cachekit-core-"+version(t)+"-windows-x86_64.zip")
	dir := t.TempDir()
	must(t, root, "cp examples/c/quickstart.c '"+dir+"'")
	must(t, dir, "x86_64-w64-mingw32-gcc quickstart.c -I'"+tree+"/include' -L'"+tree+"/lib' -lcachekit_core -o one.exe")
	const project = `cmake_minimum_required(VERSION 3.16)
project(two C)
find_package(cachekit_core 0.1 REQUIRED)
add_executable(two quickstart.c)
target_link_libraries(two PRIVATE cachekit_core::cachekit_core)
`
	if err := os.WriteFile(dir+"/CMakeLists.txt", []byte(project), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "cmake -G Ninja -S . -B build -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_C_COMPILER=x86_64-w64-mingw32-gcc"+
		" -DCMAKE_PREFIX_PATH='"+tree+"' && cmake --build build")
	for _, program := range []string{"one.exe", "build/two.exe"} {
		if needs := must(t, dir, "x86_64-w64-mingw32-objdump -p "+program); !strings.Contains(needs, "DLL Name: libcachekit_core.dll") {
			t.Errorf("%s does not need the DLL", program)
		}
	}
}

// TestSourceArchiveBuildsOffline unpacks the source where nothing can be fetched.
func TestSourceArchiveBuildsOffline(t *testing.T) {
	tree := unpack(t, published(t)+"/cachekit-core-"+version(t)+".tar.gz")
	// make cannot have targets in a folder with a space.
	dir := filepath.Join(t.TempDir(), "source")
	if err := os.Rename(tree, dir); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "make -s all static cachekit example && make -s install PREFIX=$PWD/installed", "GOFLAGS=-mod=vendor", "GOPROXY=off", "GOMODCACHE="+t.TempDir(), "GOTOOLCHAIN=local")
	quickstart := top(t) + "/examples/c/quickstart.c"
	must(t, dir, "cc '"+quickstart+"' $(pkg-config --cflags --libs cachekit_core) -o program", "PKG_CONFIG_PATH="+dir+"/installed/lib/pkgconfig")
	if out := must(t, dir, "./program", "LD_LIBRARY_PATH="+dir+"/installed/lib"); !strings.HasPrefix(out, "161 bytes, ") {
		t.Errorf("the program printed %s", out)
	}
}

// TestArchivesForNoPlatform names those that there are.
func TestArchivesForNoPlatform(t *testing.T) {
	tools(t)
	out, err := sh(root, "make -s dist-archives DIST_PLATFORMS=linux-arm64")
	if err == nil || !strings.Contains(out, "make: there is no platform linux-arm64, but linux-x86_64 linux-aarch64 ") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestTwoArchivesAreEqual builds two of them once more in another folder.
func TestTwoArchivesAreEqual(t *testing.T) {
	need.Program(t, "git")
	one := published(t)
	dir := t.TempDir()
	must(t, root, strings.Replace(copyTree, "$1", dir, 1))
	must(t, dir, "umask 077 && make -s dist-archives DIST_PLATFORMS='linux-x86_64 windows-x86_64' tools='"+tools(t)+"'")
	sums := string(read(t, dir+"/build/dist/SHA256SUMS"))
	if strings.Count(sums, "\n") != 3 || !regexp.MustCompile(`(?m)windows-x86_64\.zip$`).MatchString(sums) {
		t.Fatalf("sums of\n%s", sums)
	}
	for _, line := range strings.Split(strings.TrimSpace(sums), "\n") {
		_, name, _ := strings.Cut(line, "  ")
		if !bytes.Equal(read(t, filepath.Join(one, name)), read(t, filepath.Join(dir, "build/dist", name))) {
			t.Errorf("two builds of %s differ", name)
		}
	}
}
