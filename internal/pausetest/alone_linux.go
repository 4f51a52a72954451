package pausetest

import (
	"math"
	"runtime"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/alone"
)

// Alone is alone.Run for tests that take long. What can be preempted in such a
// process can be so anywhere; whether a signal meets the few instructions of Go
// between two calls of assembly is a matter of the CPU, and of luck.
func Alone(t *testing.T, settings ...string) bool {
	t.Helper()
	if !alone.Already() && (testing.Short() || runtime.GOMAXPROCS(0) < 2 || math.MaxInt == math.MaxInt32) {
		t.Skip("SKIPPED: takes two CPUs, some seconds, up to 2 GiB of memory and more addresses than 32 bits give")
	}
	return alone.Run(t, settings...)
}
