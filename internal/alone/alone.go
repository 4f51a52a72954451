// Package alone runs a test in processes of its own, where the runtime does not
// preempt by signal: as in the C library, whose host gets no signals from it.
package alone

import (
	"os"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

const mode = "asyncpreemptoff=1"

// Already reports whether this is such a process.
func Already() bool { return strings.Contains(os.Getenv("GODEBUG"), mode) }

// Run reports whether the calling test is to do its work. If not, it was run in
// processes of its own, one for each setting ("CACHEKIT_LZ4=portable", or several with
// spaces; no setting: one process), and failed or passed as these did.
func Run(t *testing.T, settings ...string) bool {
	t.Helper()
	if Already() {
		return true
	}
	if len(settings) == 0 {
		settings = []string{""}
	}
	for _, setting := range settings {
		out, err := need.Process(t, append(strings.Fields(setting), "GODEBUG="+mode)...)
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
			t.Errorf("%s %v\n%s", setting, err, out)
		}
	}
	return false
}
