// Package packages tests what users of Python and Ruby install: it builds the
// packages, looks into them, installs them where nothing else is, and runs the
// programs of their READMEs. It also tests how build systems of C and C++ find the
// library, or build it.
package packages

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

const root = "../.."

// processors are those that packages are built for, and their names in Go.
var processors = map[string]string{"x86_64": "amd64", "aarch64": "arm64"}

// sh runs a command line in a folder, with more variables in its environment. A
// build takes make's own variables from its command line, not from the make that
// runs this test.
func sh(dir, line string, env ...string) (string, error) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"MAKEFLAGS=", "MFLAGS=", "MAKELEVEL="}, env...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func must(t *testing.T, dir, line string, env ...string) string {
	t.Helper()
	out, err := sh(dir, line, env...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// version is that of the header.
func version(t *testing.T) string {
	t.Helper()
	_, text, _ := strings.Cut(string(read(t, root+"/include/cachekit.h")), `#define CACHEKIT_VERSION_STRING "`)
	v, _, ok := strings.Cut(text, `"`)
	if !ok {
		t.Fatal("the header has no version")
	}
	return v
}

// tools is the virtual environment that builds packages.
func tools(t *testing.T) string {
	t.Helper()
	need.Programs(t, "make", "cc", "python3", "tar")
	dir := build(t) + "/packaging"
	if out, err := sh(root, "make -s '"+dir+"/complete'"); err != nil {
		need.Missing(t, "packages cannot be built: "+out[strings.LastIndexByte(strings.TrimSpace(out), '\n')+1:])
	}
	return dir
}

func build(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(root + "/build")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var built = map[string]*sync.Once{"wheel": {}, "gem": {}, "deb": {}}

// otherSystems are those whose packages are built too, by their names in make: the library in
// them, and what the names of a wheel and a gem say.
var otherSystems = map[string]struct{ library, wheel, gem string }{
	"windows":      {"windows/amd64/libcachekit_core.dll", "win_amd64", "x64-mingw-ucrt"},
	"macos-arm64":  {"macos/arm64/libcachekit_core.dylib", "macosx_13_0_arm64", "arm64-darwin"},
	"macos-x86_64": {"macos/x86_64/libcachekit_core.dylib", "macosx_13_0_x86_64", "x86_64-darwin"},
}

// other makes the wheel and the gem for another system.
func other(t *testing.T, system string) (wheel, gem string) {
	t.Helper()
	need.Programs(t, "ruby", "gem")
	tools(t)
	if system == "windows" {
		need.Programs(t, "x86_64-w64-mingw32-gcc")
	} else {
		macos(t, system)
	}
	must(t, root, "make -s wheel-"+system+" gem-"+system)
	names, name := otherSystems[system], "cachekit_core-"+version(t)+"-"
	return filepath.Join(build(t), "wheels", name+"py3-none-"+names.wheel+".whl"), filepath.Join(build(t), "gems", name+names.gem+".gem")
}

// packaged makes wheels or gems, once, and returns the path of one of its files.
func packaged(t *testing.T, what, file string) string {
	t.Helper()
	tools(t)
	if what == "gem" {
		need.Programs(t, "ruby", "gem")
	}
	built[what].Do(func() {
		if out, err := sh(root, "rm -rf build/"+what+"s && make "+what); err != nil {
			t.Errorf("make %s: %v\n%s", what, err, out)
		}
	})
	path := filepath.Join(build(t), what+"s", file)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func wheel(t *testing.T, processor string) string {
	return packaged(t, "wheel", "cachekit_core-"+version(t)+"-py3-none-manylinux_2_17_"+processor+".manylinux2014_"+processor+".whl")
}

func sdist(t *testing.T) string {
	return packaged(t, "wheel", "cachekit_core-"+version(t)+".tar.gz")
}

// gem returns the gem for a platform, or that with the source.
func gem(t *testing.T, platform string) string {
	name := "cachekit_core-" + version(t)
	if platform != "" {
		name += "-" + platform
	}
	return packaged(t, "gem", name+".gem")
}

// What the working tree holds, committed or not.
const copyTree = `git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for f; do [ -e "$f" ] && printf "%s\0" "$f"; done' - | tar cf - --null -T - | tar xf - -C "$1"`

// TestTwoBuildsAreEqual proves that packages depend on the sources alone, and not on
// the folder, the time or an earlier build.
func TestTwoBuildsAreEqual(t *testing.T) {
	need.Program(t, "git")
	files := map[string]string{
		"wheels": wheel(t, "x86_64"), "source": sdist(t),
		"gems": gem(t, "x86_64-linux-gnu"), "gem with the source": gem(t, ""),
	}
	dir := t.TempDir()
	must(t, root, strings.Replace(copyTree, "$1", dir, 1))
	must(t, dir, "umask 077 && make -s wheel gem WHEEL_ARCH=x86_64 tools='"+tools(t)+"'")
	for what, path := range files {
		folder := filepath.Base(filepath.Dir(path))
		one, other := read(t, path), read(t, filepath.Join(dir, "build", folder, filepath.Base(path)))
		if len(one) < 1<<19 || !bytes.Equal(one, other) {
			t.Errorf("%s: two builds of %d and %d bytes differ", what, len(one), len(other))
		}
	}
}
