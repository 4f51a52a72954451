package need

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// Process runs the calling test once more, in a process of its own and with more
// variables in its environment, and returns what it printed and how it ended.
func Process(t *testing.T, environment ...string) (out []byte, err error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), environment...)
	out, err = cmd.CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("SKIPPED: this is an emulator that cannot start processes")
	}
	return out, err
}
