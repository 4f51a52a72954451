package examples

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// TestInstall installs into an empty folder, builds the quickstart with what
// pkg-config says, and removes everything again.
func TestInstall(t *testing.T) {
	need.Library(t)
	need.Program(t, "make")
	dest := t.TempDir()
	where := []string{"DESTDIR=" + dest, "PREFIX=/usr"}
	run(t, command("make", append(where, "install")...))
	for _, file := range []string{
		"/usr/include/cachekit.h", "/usr/include/cachekit.hpp", "/usr/include/cachekit_ffi.h", "/usr/lib/pkgconfig/cachekit_core.pc",
		"/usr/lib/libcachekit_core.so", "/usr/lib/libcachekit_core.so.0",
		"/usr/lib/cmake/cachekit_core/cachekit_core-config.cmake", "/usr/lib/cmake/cachekit_core/cachekit_core-config-version.cmake",
	} {
		if _, err := os.Stat(dest + file); err != nil {
			t.Errorf("not installed: %v", err)
		}
	}
	want := 9
	if _, err := os.Stat(root + "/build/libcachekit_core.a"); err == nil {
		want++ // make static has been called
	}
	if left := files(t, dest); len(left) != want {
		t.Errorf("installed %q, want %d files", left, want)
	}

	t.Run("pkg-config", func(t *testing.T) {
		need.Program(t, "pkg-config")
		needCompiler(t)
		line := regexp.MustCompile(`(?m)^cc .*pkg-config.*$`).FindString(readFile(t, root+"/README.md"))
		if line == "" {
			t.Fatal("README has no line with cc and pkg-config")
		}
		program := filepath.Join(t.TempDir(), "try")
		cmd := command("sh", "-c", strings.Replace(line, "build/try", program, 1))
		// The folder stands for the root of a system: its paths count as the
		// system's own, which pkg-config would leave out.
		cmd.Env = append(os.Environ(), "PKG_CONFIG_SYSROOT_DIR="+dest, "PKG_CONFIG_LIBDIR="+dest+"/usr/lib/pkgconfig",
			"PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1", "PKG_CONFIG_ALLOW_SYSTEM_LIBS=1")
		run(t, cmd)
		try := exec.Command(program)
		try.Env = append(os.Environ(), "LD_LIBRARY_PATH="+dest+"/usr/lib")
		wantQuickstart(t, run(t, try))
	})

	run(t, command("make", append(where, "uninstall")...))
	if left := files(t, dest); len(left) > 0 {
		t.Errorf("uninstall left %q", left)
	}
}

// files lists everything below dir that is not a directory.
func files(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
