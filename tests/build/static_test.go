package build

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// TestTheStaticArchive proves that the archive gives a program the functions of the header
// and no other name, and that programs are linked with it and pass their tests.
func TestTheStaticArchive(t *testing.T) {
	need.Programs(t, "make", "cc", "nm")
	dir := t.TempDir()
	must(t, root, "make -s static BUILD="+dir)
	archive := filepath.Join(dir, "libcachekit_core.a")
	declared, err := sh(root, "packaging/names.sh include/cachekit.h")
	if err != nil || strings.Count(declared, "\n") < 40 {
		t.Fatalf("%v %q", err, declared)
	}
	names, err := sh(root, "nm -g --defined-only '"+archive+"' | awk 'NF == 3 { print $3 }' | sort")
	if err != nil || names != declared {
		t.Errorf("%v: the archive has the names\n%sand the header\n%s", err, names, declared)
	}

	for _, program := range []string{"storage", "keyring", "entries"} {
		built := filepath.Join(dir, program)
		must(t, root, "cc -std=c11 -D_GNU_SOURCE -Iinclude tests/c/"+program+".c '"+archive+"' -pthread -o "+built)
		must(t, dir, built)
	}

	// A program may have names that Go has: here one of cgo's, and one of the library's own
	// that the header does not declare.
	source := filepath.Join(dir, "names.c")
	must(t, root, `printf '#include <cachekit.h>
void x_cgo_init(void) {}
int ck_canary;
int main(void) { return cachekit_start() != CACHEKIT_OK; }
' > `+source)
	must(t, root, "cc -Iinclude "+source+" '"+archive+"' -pthread -o "+dir+"/names && "+dir+"/names")
}
