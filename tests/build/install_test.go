package build

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// quickstart builds examples/c/quickstart.c with what pkg-config says of an installation,
// and runs it. The flags are read again by the shell, since a space in them is escaped.
const quickstart = `eval "cc examples/c/quickstart.c $(pkg-config --cflags --libs cachekit_core) -Wl,-rpath,'$(pkg-config --variable=libdir cachekit_core)' -o '$OUT/try'" && "$OUT/try"`

func TestAPrefixWithASpace(t *testing.T) {
	need.Programs(t, "make", "cc", "pkg-config")
	need.Library(t)
	dir := t.TempDir()
	prefix := filepath.Join(dir, "a  b & c|d")
	must(t, root, "make install PREFIX='"+prefix+"'")
	must(t, root, quickstart, "PKG_CONFIG_PATH="+prefix+"/lib/pkgconfig", "OUT="+dir)
	if out, err := sh(root, "pkg-config --static --libs cachekit_core", "PKG_CONFIG_PATH="+prefix+"/lib/pkgconfig"); err != nil || !strings.Contains(out, "-pthread") {
		t.Errorf("%v: a static program is linked with %q", err, out)
	}

	// What was installed may be moved.
	moved := filepath.Join(dir, "moved")
	if err := os.Rename(prefix, moved); err != nil {
		t.Fatal(err)
	}
	out, err := sh(root, "pkg-config --define-variable=prefix="+moved+" --variable=libdir cachekit_core", "PKG_CONFIG_PATH="+moved+"/lib/pkgconfig")
	if err != nil || out != moved+"/lib\n" {
		t.Errorf("%v: the moved library is at %q", err, out)
	}
	must(t, root, "make uninstall PREFIX="+moved)
	if left, _ := sh(moved, "find . -type f -o -type l"); left != "" {
		t.Errorf("uninstall left %q", left)
	}
}

// TestAnEmptyPrefix proves that it stays one: for folders at the root.
func TestAnEmptyPrefix(t *testing.T) {
	need.Programs(t, "make")
	need.Library(t)
	dir := t.TempDir()
	must(t, root, "make install PREFIX= DESTDIR="+dir)
	for _, file := range []string{"lib/libcachekit_core.so", "include/cachekit.h"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
}

// TestARelativePrefix proves that the files name absolute folders, however the prefix was
// given.
func TestARelativePrefix(t *testing.T) {
	need.Programs(t, "make")
	need.Library(t)
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	relative, err := os.MkdirTemp(root+"/build", "prefix-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(relative)
	prefix := "build/" + filepath.Base(relative)
	must(t, root, "make install PREFIX="+prefix+" INCLUDEDIR="+prefix+"/headers")
	pc := string(read(t, relative+"/lib/pkgconfig/cachekit_core.pc"))
	want := fmt.Sprintf("prefix=%s/%s\nlibdir=${prefix}/lib\nincludedir=${prefix}/headers\n", top, prefix)
	if !strings.HasPrefix(pc, want) {
		t.Errorf("the file for pkg-config begins %q, want %q", pc[:min(len(pc), len(want))], want)
	}
	if config := string(read(t, relative+"/lib/cmake/cachekit_core/cachekit_core-config.cmake")); !strings.Contains(config, `"`+top+"/"+prefix+`/headers"`) {
		t.Error("the file for CMake does not name the headers")
	}
}

// TestTheLoaderIsTold proves that the list of the system's libraries is made anew by
// install and by uninstall, but not for a folder that stands for another system.
func TestTheLoaderIsTold(t *testing.T) {
	need.Programs(t, "make")
	need.Library(t)
	dir := t.TempDir()
	must(t, dir, `mkdir bin && printf '#!/bin/sh\necho told >> "$TOLD"\n' > bin/ldconfig && chmod +x bin/ldconfig`)
	env := []string{"PATH=" + dir + "/bin:" + os.Getenv("PATH"), "TOLD=" + dir + "/told"}
	for i, target := range []string{"install", "uninstall"} {
		must(t, root, "make "+target+" PREFIX=/usr DESTDIR="+dir+"/system", env...)
		must(t, root, "make "+target+" PREFIX="+dir+"/here", env...)
		if told := strings.Count(string(read(t, dir+"/told")), "told"); told != i+1 {
			t.Errorf("after %s the loader was told %d times", target, told)
		}
	}
}
