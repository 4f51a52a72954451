// Package build tests how the library is built: the same bytes wherever that is,
// for another target when it is asked for one, and one clear line where a tool
// is missing.
package build

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

const root = "../.."

// sh runs a command line in a folder. A build takes make's own variables from
// its command line, not from the make that runs this test.
func sh(dir, line string, env ...string) (string, error) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"MAKEFLAGS=", "MFLAGS=", "MAKELEVEL="}, env...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func must(t *testing.T, dir, line string, env ...string) {
	t.Helper()
	if out, err := sh(dir, line, env...); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// library returns the one library in a folder.
func library(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "libcachekit_core.so.*.*.*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("in %s: %v %v", dir, found, err)
	}
	return found[0]
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// What the working tree holds, committed or not, as a tarball would.
const copyTree = `git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for f; do [ -e "$f" ] && printf "%s\0" "$f"; done' - | tar cf - --null -T - | tar xf - -C "$1"`

func TestTheBytesDependOnTheSourcesAlone(t *testing.T) {
	need.Programs(t, "make", "git", "tar", "cc")
	tarball := filepath.Join(t.TempDir(), "from a tarball")
	clone := filepath.Join(t.TempDir(), "clone")
	for _, dir := range []string{tarball, clone} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		must(t, root, strings.Replace(copyTree, "$1", dir, 1))
	}
	must(t, clone, `git init -q && git add . && git -c user.name=a -c user.email=a@b commit -qm "A commit" && echo more > untracked.txt`)
	must(t, tarball, "make -s")
	must(t, clone, "make -s BUILD="+filepath.Join(clone, "elsewhere"))
	one, other := read(t, library(t, tarball+"/build")), read(t, library(t, clone+"/elsewhere"))
	if len(one) < 1<<20 || !bytes.Equal(one, other) {
		at := 0
		for at < min(len(one), len(other)) && one[at] == other[at] {
			at++
		}
		t.Errorf("%d and %d bytes, which differ from byte %d on", len(one), len(other), at)
	}
	for _, place := range []string{tarball, clone} {
		if bytes.Contains(one, []byte(place)) {
			t.Errorf("the library names the folder %s", place)
		}
	}
}

func TestAnotherTargetIsBuiltAnew(t *testing.T) {
	need.Programs(t, "make", "aarch64-linux-gnu-gcc", "cc")
	dir := t.TempDir()
	machine := func(flags string) elf.Machine {
		must(t, root, "make -s BUILD="+dir+" "+flags)
		file, err := elf.Open(library(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		return file.Machine
	}
	native := machine("")
	// As root, who may have no Go.
	must(t, root, "make install GO=/nowhere/go BUILD="+dir+" DESTDIR="+dir+"/installed")
	if got := machine("CC=aarch64-linux-gnu-gcc GOARCH=arm64"); got != elf.EM_AARCH64 {
		t.Errorf("a cross build is for %v", got)
	}
	if out, err := sh(root, "make install BUILD="+dir+" DESTDIR="+dir+"/installed"); err == nil || !strings.Contains(out, "run make first") {
		t.Errorf("make install after a cross build: %v %s", err, out)
	}
	if got := machine(""); got != native {
		t.Errorf("after a cross build the library is for %v, not %v", got, native)
	}
}

func TestFlagsHideNoFunction(t *testing.T) {
	need.Programs(t, "make", "cc", "nm")
	dir := t.TempDir()
	must(t, root, "make -s BUILD="+dir, "CGO_CFLAGS=-fvisibility=hidden")
	file, err := elf.Open(library(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	exported := 0
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF && strings.HasPrefix(s.Name, "cachekit_") {
			exported++
		}
	}
	if exported < 65 {
		t.Errorf("%d functions are exported", exported)
	}
}

// Go's entry is not called by the loader, and the library starts no thread.
func TestTheLoaderStartsNothing(t *testing.T) {
	need.Programs(t, "make", "cc")
	dir := t.TempDir()
	must(t, root, "make -s BUILD="+dir)
	file, err := elf.Open(library(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entry := file.Section("ck_go_init")
	if entry == nil || entry.Size != 8 {
		t.Fatal("Go's entry is not where the library looks for it")
	}
	begin, err := file.DynValue(elf.DT_INIT_ARRAY)
	if err != nil || len(begin) != 1 {
		t.Fatal(err)
	}
	size, err := file.DynValue(elf.DT_INIT_ARRAYSZ)
	if err != nil || len(size) != 1 {
		t.Fatal(err)
	}
	if entry.Addr >= begin[0] && entry.Addr < begin[0]+size[0] {
		t.Error("Go's entry is among those that the loader calls")
	}
}

// Each ends with one line that says what to do.
func TestWhatIsMissingIsSaid(t *testing.T) {
	need.Programs(t, "make", "cc")
	empty := t.TempDir()
	for _, c := range []struct{ name, line, want string }{
		{"no Go", "make GO=/nowhere/go", "install Go"},
		{"no compiler", "make CC=no-such-cc", "install gcc or clang"},
		{"no network", "make BUILD=" + empty + " GOTOOLCHAIN=local GOFLAGS=-modcacherw GOPROXY=off GOMODCACHE=" + empty + "/mod", "Go module proxy"},
	} {
		out, err := sh(root, c.line)
		if err == nil || !strings.Contains(out, c.want) || strings.Count(out, "\n") > 4 {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
	}
	if out, err := sh(root, "make help", "PATH=/usr/bin:/bin", "GOTOOLCHAIN=go1.0.0"); err != nil || !strings.Contains(out, "make test") {
		t.Errorf("make help: %v\n%s", err, out)
	}
}

// As a package is built: from files that cannot be written to, by someone whom
// git does not trust with them, without settings and caches in HOME.
func TestAReadOnlyTreeIsEnough(t *testing.T) {
	need.Programs(t, "make", "cc", "git", "tar")
	tree, out := filepath.Join(t.TempDir(), "tree"), t.TempDir()
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, root, strings.Replace(copyTree, "$1", tree, 1))
	must(t, tree, "git init -q && chmod -R a-w .")
	defer sh(tree, "chmod -R u+w .")
	cache, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	where := strings.Fields(string(cache))
	env := []string{"HOME=" + t.TempDir(), "GOENV=off", "GOFLAGS=", "GOCACHE=" + where[0], "GOMODCACHE=" + where[1]}
	if os.Getuid() == 0 { // who may write to everything
		must(t, tree, "chown -R 54321 .git")
	}
	must(t, tree, "make -s BUILD="+out, env...)
	library(t, out)
	if _, err := os.Stat(filepath.Join(tree, "build")); err == nil {
		t.Error("the tree has a folder build")
	}
}
