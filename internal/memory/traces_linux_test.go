//go:build !race

// The race detector keeps copies of its own.

package memory

import (
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

// leaveOnStack calls something when it has written to the stack.
//
//go:noinline
func leaveOnStack(p traces.Payload) byte {
	var secret [64]byte
	p.Fill(secret[:])
	return work() + secret[9]
}

//go:noinline
func work() byte {
	var room [700]byte
	traces.Payload(0).Fill(room[:16])
	return room[3]
}

// ClearStack clears what is left where the stack is, and HoldStack sees to it that
// this is where it was.
func TestStackIsHeldAndCleared(t *testing.T) {
	if !alone.Run(t) {
		return
	}
	for i, c := range []struct {
		name string
		f    func(traces.Payload)
		left bool
	}{
		{"neither", func(p traces.Payload) { leaveOnStack(p) }, true},
		{"held", func(p traces.Payload) { HoldStack(); leaveOnStack(p) }, true},
		{"cleared", func(p traces.Payload) { leaveOnStack(p); ClearStack() }, true}, // where it moved amid the call
		{"both", func(p traces.Payload) { HoldStack(); leaveOnStack(p); ClearStack() }, false},
	} {
		p := traces.Payload(i + 1) // stacks are used again, with what is on them
		if n := traces.OnStack(t, func() { c.f(p) }, p); n > 0 != c.left {
			t.Errorf("%s: %d words are left", c.name, n)
		}
	}
}
