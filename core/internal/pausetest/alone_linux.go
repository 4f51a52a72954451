package pausetest

import (
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// Alone reports whether the calling test is to do its work. If not, it was run in
// processes of its own, one for each setting ("CACHEKIT_LZ4=portable"; no setting:
// one process), and failed or passed as these did.
//
// In such a process the runtime cannot preempt by signal, as in the C library,
// whose host gets no signals from it. What can be preempted there can be so
// anywhere; whether a signal meets the few instructions of Go between two calls
// of assembly is a matter of the CPU, and of luck.
func Alone(t *testing.T, settings ...string) bool {
	t.Helper()
	const mode = "asyncpreemptoff=1"
	if strings.Contains(os.Getenv("GODEBUG"), mode) {
		return true
	}
	if testing.Short() || runtime.GOMAXPROCS(0) < 2 || math.MaxInt == math.MaxInt32 {
		t.Skip("SKIPPED: takes two CPUs, some seconds, up to 2 GiB of memory and more addresses than 32 bits give")
	}
	if len(settings) == 0 {
		settings = []string{""}
	}
	for _, setting := range settings {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG="+mode)
		if setting != "" {
			cmd.Env = append(cmd.Env, setting)
		}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
			t.Errorf("%s %v\n%s", setting, err, out)
		}
	}
	return false
}
