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

	for _, program := range []string{"storage", "entries", "fork", "signals", "threads"} {
		built := filepath.Join(dir, program)
		must(t, root, "cc -std=c11 -D_GNU_SOURCE -Iinclude tests/c/"+program+".c '"+archive+"' -pthread -o "+built)
		must(t, dir, built)
	}

	// It starts at its first call, not when it is loaded, whichever linker made the program
	// and although the linker leaves out what nothing refers to.
	must(t, root, `printf '#include <cachekit.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    int status = 1;
    if (fork() == 0)
        _exit(cachekit_start());
    return wait(&status) < 0 || status != 0 || cachekit_start() != CACHEKIT_OK;
}
' > `+dir+`/forks.c`)
	for _, linker := range []string{"bfd", "gold", "lld"} {
		if _, err := sh(dir, "cc -fuse-ld="+linker+" -Wl,--version"); err != nil {
			continue // one of the three has linked the library, and all programs above
		}
		must(t, root, "cc -fuse-ld="+linker+" -Wl,--gc-sections -Iinclude "+dir+"/forks.c '"+archive+"' -pthread -o "+dir+"/forks && "+dir+"/forks")
	}
	if _, err := sh(dir, "musl-gcc --version"); err == nil {
		must(t, root, "make -s static CC=musl-gcc BUILD="+dir+"/musl")
		must(t, root, "musl-gcc -static -Iinclude "+dir+"/forks.c "+dir+"/musl/libcachekit_core.a -o "+dir+"/forks && "+dir+"/forks")
	} else {
		need.Without(t, "not on musl: musl-gcc is not installed")
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
