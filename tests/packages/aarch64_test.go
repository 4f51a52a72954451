package packages

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// TestAarch64LibraryRuns loads the library of the wheel for aarch64 in an emulator.
func TestAarch64LibraryRuns(t *testing.T) {
	need.Programs(t, "aarch64-linux-gnu-gcc", "qemu-aarch64-static")
	_, library := only(t, unzip(t, wheel(t, "aarch64")), "cachekit_core/libcachekit_core.so")
	dir := t.TempDir()
	path := filepath.Join(dir, "libcachekit_core.so")
	if err := os.WriteFile(path, library, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, root, "aarch64-linux-gnu-gcc -std=gnu11 -Wall -Wextra -Werror -Iinclude tests/packages/testdata/load.c -ldl -o '"+dir+"/load'")
	if out := must(t, dir, "qemu-aarch64-static -L /usr/aarch64-linux-gnu ./load '"+path+"'"); out != "a value\n" {
		t.Errorf("it printed %q", out)
	}
}
