package memory

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cachekit-go/cachekit-core/core/internal/pausetest"
)

// TestClearHoldsUpNothing stops the world while Clear works, in a process in
// which the runtime cannot preempt by signal. In the runtime's routine signals
// have no effect; whether one meets the few instructions between two calls of
// it is a matter of the CPU, and of luck.
func TestClearHoldsUpNothing(t *testing.T) {
	const size, setting = 512 << 20, "asyncpreemptoff=1"
	if testing.Short() || runtime.GOMAXPROCS(0) < 2 {
		t.Skip("SKIPPED: takes two CPUs and memory of 512 MiB")
	}
	if !strings.Contains(os.Getenv("GODEBUG"), setting) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestClearHoldsUpNothing$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG="+setting)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	pausetest.Check(t, func() {
		b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			t.Error(err)
			return
		}
		Clear(b)
		if err := unix.Munmap(b); err != nil {
			t.Error(err)
		}
	})
}
