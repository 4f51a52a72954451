package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// pythonCommand runs Python with the package as it stands in this repository.
func pythonCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	source, err := filepath.Abs(root + "/bindings/python/src")
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(need.Program(t, "python3"), append([]string{"-W", "error"}, args...)...)
	cmd.Env = append(os.Environ(), "CACHEKIT_LIBRARY="+need.Library(t)+"/libcachekit_core.so",
		"PYTHONPATH="+source, "PYTHONDONTWRITEBYTECODE=1")
	return cmd
}

func TestQuickstartPython(t *testing.T) {
	out := run(t, pythonCommand(t, "examples/python/quickstart.py"))
	wantQuickstart(t, out)
	wantRefusal(t, out)
}

func TestReadmeProgramInPythonIsTheQuickstart(t *testing.T) {
	if blocks(t, "python")[0] != readFile(t, root+"/examples/python/quickstart.py") {
		t.Error("README's first Python block differs from examples/python/quickstart.py")
	}
}

// TestPythonFork proves README's advice: a child whose parent has loaded the
// library and not used it can; one whose parent has used it is told.
func TestPythonFork(t *testing.T) {
	out := run(t, pythonCommand(t, "-c", `
import os
import cachekit_core

def child():
    pid = os.fork()
    if pid == 0:
        try:
            cachekit_core.generate_key()
            print("works", flush=True)
        except cachekit_core.ForkedError as error:
            print(error, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)

cachekit_core.load()
child()
cachekit_core.generate_key()
child()
`))
	works, told, ok := strings.Cut(out, "\n")
	if !ok || works != "works" || !strings.Contains(told, "after the fork") {
		t.Errorf("it printed %q", out)
	}
}

// TestMissingLibraryInPython proves that the package says what to do where the library
// is not found, and that it looks for it at first use only.
func TestMissingLibraryInPython(t *testing.T) {
	nowhere := func(cmd *exec.Cmd) *exec.Cmd {
		cmd.Env = append(cmd.Env, "CACHEKIT_LIBRARY=/nonexistent/library.so")
		return cmd
	}
	code, text := fail(t, nowhere(pythonCommand(t, "examples/python/quickstart.py")))
	for _, want := range []string{"cannot load the C library", "/nonexistent/library.so", "CACHEKIT_LIBRARY"} {
		if code != 1 || !strings.Contains(text, want) {
			t.Errorf("exit code %d, no %q in %q", code, want, text)
		}
	}
	if out := run(t, nowhere(pythonCommand(t, "-c", "import cachekit_core; print('loaded')"))); out != "loaded\n" {
		t.Errorf("it printed %q", out)
	}
}
