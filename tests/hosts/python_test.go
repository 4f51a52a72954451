package hosts

import (
	"os/exec"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

func TestGunicorn(t *testing.T) {
	gunicorn := need.Program(t, "gunicorn")
	s := startServer(t, gunicorn, func(address string) []string {
		return []string{"--preload", "--workers", "2", "--bind", address, "app:application"}
	})
	s.wantWorkers(t)
}

// TestPool proves that children forked before the first use can use the library,
// each with nonces of its own, and so can their parent afterwards; children
// forked after that are told.
func TestPool(t *testing.T) {
	wantOutput(t, `threads after the load: 1
round trips: 50
instances: 50
the parent, after its children: 0
children after the parent: [18]
the parent, after all: 0
`, need.Program(t, "python3"), "pool.py")
}

func TestSettingFromPython(t *testing.T) {
	wantSetting(t, "aes=stdlib", need.Program(t, "python3"), "setting.py")
}

// TestProfilerInPython needs handlers on the alternate stack, which Python asks
// for since 3.10: before that, they write over Go's small stacks.
func TestProfilerInPython(t *testing.T) {
	python := need.Program(t, "python3")
	if exec.Command(python, "-c", "import sys; sys.exit(sys.version_info < (3, 10))").Run() != nil {
		need.Missing(t, "Python is older than 3.10")
	}
	wantOutput(t, "installed after the load\ninstalled after the first use\n", python, "profiler.py")
}
