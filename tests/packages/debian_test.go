package packages

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// The packages that make deb makes.
var debianNames = []string{"libcachekit-core0", "libcachekit-core-dev", "cachekit"}

// debian makes the packages, once, and returns their folder and the end of their names.
func debian(t *testing.T) (dir, suffix string) {
	t.Helper()
	need.Programs(t, "make", "cc", "dpkg-buildpackage", "dh", "xz")
	built["deb"].Do(func() {
		if out, err := sh(root, "make deb"); err != nil {
			t.Errorf("make deb: %v\n%s", err, out)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	full := strings.TrimSpace(must(t, root, "dpkg-parsechangelog -l packaging/debian/changelog -S Version"))
	if upstream, _, _ := strings.Cut(full, "-"); upstream != version(t) {
		t.Fatalf("packaging/debian/changelog has %s, the header %s", full, version(t))
	}
	return build(t) + "/deb", "_" + full + "_" + strings.TrimSpace(must(t, root, "dpkg --print-architecture"))
}

// debianTree unpacks the packages into one folder.
func debianTree(t *testing.T) string {
	t.Helper()
	dir, suffix := debian(t)
	tree := t.TempDir()
	for _, name := range debianNames {
		must(t, tree, "dpkg-deb -x '"+dir+"/"+name+suffix+".deb' .")
	}
	return tree
}

func TestDebianPackagesHold(t *testing.T) {
	dir, suffix := debian(t)
	triplet := strings.TrimSpace(must(t, root, "dpkg-architecture -q DEB_HOST_MULTIARCH"))
	for name, files := range map[string][]string{
		"libcachekit-core0": {"usr/lib/T/libcachekit_core.so.0", "usr/lib/T/libcachekit_core.so." + version(t)},
		"libcachekit-core-dev": {
			"usr/include/cachekit.h", "usr/include/cachekit.hpp", "usr/include/cachekit_ffi.h", "usr/lib/T/libcachekit_core.a",
			"usr/lib/T/libcachekit_core.so", "usr/lib/T/pkgconfig/cachekit_core.pc", "usr/lib/T/cmake/cachekit_core/cachekit_core-config.cmake",
			"usr/lib/T/cmake/cachekit_core/cachekit_core-config-version.cmake",
		},
		"cachekit": {
			"usr/bin/cachekit", "usr/share/bash-completion/completions/cachekit", "usr/share/fish/vendor_completions.d/cachekit.fish",
			"usr/share/zsh/vendor-completions/_cachekit",
		},
	} {
		want := strings.ReplaceAll(strings.Join(files, "\n"), "/T/", "/"+triplet+"/")
		deb := filepath.Join(dir, name+suffix+".deb")
		// All but documentation.
		got := must(t, root, "dpkg-deb --fsys-tarfile '"+deb+"' | tar t | grep -v -e '/$' -e /share/doc/ -e /share/man/ | sed 's/^..//' | LC_ALL=C sort")
		if strings.TrimSpace(got) != must(t, root, "printf '%s' '"+want+"' | LC_ALL=C sort | head -c -1") {
			t.Errorf("%s has\n%swant\n%s", name, got, want)
		}
		if pages := strings.Count(must(t, root, "dpkg-deb --contents '"+deb+"'"), "/man1/cachekit"); (pages > 20) != (name == "cachekit") {
			t.Errorf("%s has %d manual pages", name, pages)
		}
	}
	control := func(file string) string {
		return must(t, root, "dpkg-deb --info '"+dir+"/libcachekit-core0"+suffix+".deb' "+file)
	}
	if symbols := control("symbols"); strings.TrimSpace(symbols) != strings.TrimSpace(string(read(t, root+"/packaging/debian/libcachekit-core0.symbols"))) {
		t.Errorf("the symbols are\n%s", symbols)
	}
	if triggers := control("triggers"); !strings.Contains(triggers, "activate-noawait ldconfig") {
		t.Errorf("the loader is not told of the library: %q", triggers)
	}
	if depends := control("control"); !regexp.MustCompile(`(?m)^Depends: libc6 \(>= 2\.\d+\)$`).MatchString(depends) {
		t.Errorf("the library needs more than the C library:\n%s", depends)
	}
}

func TestDebianPackagesPassLintian(t *testing.T) {
	need.Program(t, "lintian")
	dir, suffix := debian(t)
	out, err := sh(dir, "lintian --profile debian --allow-root --fail-on error,warning cachekit-core"+suffix+".changes")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestDebianCopyrightNamesTheModules proves that the licences of all modules in the source
// package are stated.
func TestDebianCopyrightNamesTheModules(t *testing.T) {
	dir, _ := debian(t)
	text := string(read(t, root+"/packaging/debian/copyright"))
	modules := regexp.MustCompile(`(?m)^# (\S+) v`).FindAllStringSubmatch(
		must(t, dir, "tar -xJOf cachekit-core_"+version(t)+".orig.tar.xz --wildcards '*/vendor/modules.txt'"), -1)
	if len(modules) < 20 {
		t.Errorf("there are %d modules", len(modules))
	}
	for _, m := range modules {
		path := regexp.MustCompile(`/v\d+$`).ReplaceAllString(m[1], "")
		if strings.HasPrefix(path, "golang.org/x/") {
			path = "golang.org/x"
		}
		if path != "github.com/cachekit-go/cachekit-core" && !strings.Contains(text, "\nFiles: *vendor/"+path+"/*\n") {
			t.Errorf("packaging/debian/copyright does not say what %s may be used for", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^Copyright: (?:.*\n )*.*\nLicense: (.*)$`).FindAllStringSubmatch(text, -1) {
		for _, licence := range strings.Split(m[1], " or ") {
			if !strings.Contains(text, "\n\nLicense: "+licence+"\n ") {
				t.Errorf("packaging/debian/copyright lacks the text of %s", licence)
			}
		}
	}
}

// TestTwoDebianBuildsAreEqual makes the source package in another folder and builds it in a
// third one, without a way to fetch Go modules.
func TestTwoDebianBuildsAreEqual(t *testing.T) {
	need.Program(t, "git")
	dir, suffix := debian(t)
	copied := t.TempDir()
	must(t, root, strings.Replace(copyTree, "$1", copied, 1))
	must(t, copied, "umask 077 && make -s deb-source")
	source := copied + "/build/deb/cachekit-core_" + version(t)
	full, _, _ := strings.Cut(suffix[1:], "_")
	p := newPlace(t)
	p.must(t, fmt.Sprintf("sh -c 'umask 077 && dpkg-source -x %s-%s.dsc tree && cd tree && GO=%s dpkg-buildpackage -us -uc -d -b'",
		source, strings.TrimPrefix(full, version(t)+"-"), chosenGo(t)), goCache(t))
	files, err := filepath.Glob(dir + "/*[cbz]")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		other := filepath.Join(copied, "build/deb", filepath.Base(file))
		if strings.HasSuffix(file, ".deb") {
			other = filepath.Join(p.dir, "work", filepath.Base(file))
		}
		seen++
		if _, err := sh(root, "cmp '"+file+"' '"+other+"'"); err != nil {
			t.Errorf("two builds of %s differ", filepath.Base(file))
		}
	}
	if seen != 6 {
		t.Errorf("%d files were compared: %v", seen, files)
	}
}

// chosenGo is the path of the Go that make builds with.
func chosenGo(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "path")
	makefile := "include Makefile\nchosen:\n\t@echo \"$$($(GO) env GOROOT)/bin/go\" >'" + name + "'\n"
	if err := os.WriteFile(name+".mk", []byte(makefile), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, root, "make -s -f '"+name+".mk' chosen")
	return strings.TrimSpace(string(read(t, name)))
}

// TestDebianPackagesAreInstalled installs the packages where the least of Debian is, uses and
// removes them. That root is kept for the next time.
func TestDebianPackagesAreInstalled(t *testing.T) {
	need.Program(t, "mmdebstrap")
	dir, _ := debian(t)
	least := build(t) + "/debian-root.tar"
	if _, err := os.Stat(least); err != nil {
		out, err := sh(root, ". /etc/os-release && mmdebstrap --format=tar --variant=minbase --include=gcc,libc6-dev,pkg-config,man-db \"$VERSION_CODENAME\" '"+least+".new'")
		if err != nil {
			need.Missing(t, "mmdebstrap makes no root here: "+out)
		}
		if err := os.Rename(least+".new", least); err != nil {
			t.Fatal(err)
		}
	}
	packages := filepath.Join(t.TempDir(), "packages")
	must(t, root, "mkdir '"+packages+"' && cp -R '"+dir+"'/*.deb packaging/debian/tests tests/packages/testdata/debian.sh '"+packages+"'")
	// Devices are those that it brings, which need no root.
	out, err := sh(root, "mmdebstrap --variant=custom --skip=update,cleanup --setup-hook='tar -xf \""+least+"\" --exclude=\"./dev/*\" -C \"$1\"' "+
		"--customize-hook='copy-in \""+packages+"\" /' --customize-hook='chroot \"$1\" /packages/debian.sh' '' /dev/null")
	if err != nil || !strings.Contains(out, "\nall is well\n") || strings.Count(out, "\n161 bytes, ") != 2 || !strings.Contains(out, "\ncachekit version "+version(t)+"\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestDebianPackagesForArm64 builds them by a cross compiler, and runs what is in them in an
// emulator.
func TestDebianPackagesForArm64(t *testing.T) {
	need.Programs(t, "aarch64-linux-gnu-gcc", "qemu-aarch64-static")
	if native := strings.TrimSpace(must(t, root, "dpkg --print-architecture")); native != "amd64" {
		t.Skip("skipped: they are built on amd64")
	}
	native, suffix := debian(t)
	must(t, root, "make deb DEB_ARCH=arm64")
	dir := build(t) + "/deb-arm64"
	must(t, root, "cmp '"+native+"'/*.orig.tar.xz '"+dir+"'/*.orig.tar.xz")
	tree := t.TempDir()
	for _, name := range debianNames {
		deb := dir + "/" + name + strings.Replace(suffix, "_amd64", "_arm64", 1) + ".deb"
		must(t, tree, "dpkg-deb -x '"+deb+"' .")
		if depends := must(t, root, "dpkg-deb -f '"+deb+"' Depends"); strings.Contains(depends, ":arm64") {
			t.Errorf("%s depends on %s", name, depends)
		}
	}
	out := must(t, tree, "aarch64-linux-gnu-gcc -Iusr/include usr/share/doc/libcachekit-core-dev/examples/c/quickstart.c -Lusr/lib/aarch64-linux-gnu -lcachekit_core -o try && "+
		"qemu-aarch64-static -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=usr/lib/aarch64-linux-gnu ./try && qemu-aarch64-static usr/bin/cachekit --version")
	if !strings.HasPrefix(out, "161 bytes, ") || !strings.HasSuffix(out, "\ncachekit version "+version(t)+"\n") {
		t.Errorf("they printed %q", out)
	}
	// The manual pages and completions come from a command for this machine.
	must(t, root, "mkdir '"+tree+"/native' && dpkg-deb -x '"+native+"/cachekit"+suffix+".deb' '"+tree+"/native' && diff -r '"+tree+"/native/usr/share/man' '"+tree+"/usr/share/man' && "+
		"diff -r '"+tree+"/native/usr/share/zsh' '"+tree+"/usr/share/zsh'")
}

func TestCMakeFindsTheDebianPackages(t *testing.T) {
	need.Programs(t, "cmake", "ninja", "c++", "ldd")
	tree, dir := debianTree(t), consumer(t, "cmake")
	must(t, dir, "cmake -G Ninja -S . -B build -DCMAKE_PREFIX_PATH='"+tree+"/usr' -DWANTED="+version(t)+" && cmake --build build")
	ran(t, dir+"/build")
}
