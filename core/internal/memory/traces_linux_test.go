//go:build !race

// The race detector keeps copies of its own.

package memory

import (
	"testing"

	"github.com/cachekit-go/cachekit-core/core/internal/alone"
	"github.com/cachekit-go/cachekit-core/core/internal/traces"
)

const payload = traces.Payload(1)

// leaveOnStack calls something when it has written to the stack.
//
//go:noinline
func leaveOnStack() byte {
	var secret [64]byte
	payload.Fill(secret[:])
	return work() + secret[9]
}

//go:noinline
func work() byte {
	var room [700]byte
	payload.Fill(room[:16])
	clear(room[:16])
	return room[3]
}

// ClearStack clears what is left where the stack is, and HoldStack sees to it that
// this is where it was.
func TestStackIsHeldAndCleared(t *testing.T) {
	if !alone.Run(t) {
		return
	}
	for name, c := range map[string]struct {
		f    func()
		left bool
	}{
		"neither": {func() { leaveOnStack() }, true},
		"held":    {func() { HoldStack(); leaveOnStack() }, true},
		"cleared": {func() { leaveOnStack(); ClearStack() }, true}, // where it moved amid the call
		"both":    {func() { HoldStack(); leaveOnStack(); ClearStack() }, false},
	} {
		if n := traces.OnStack(t, c.f, payload); n > 0 != c.left {
			t.Errorf("%s: %d words are left", name, n)
		}
	}
}
