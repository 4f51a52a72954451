// Package memory clears in parts. The runtime's routine is assembly, which
// cannot be preempted: over hundreds of MiB in one call it would hold up the
// garbage collector's stop-the-world for tens of milliseconds, and with it
// every other thread.
package memory

// part takes some 50 us.
const part = 1 << 20

// Clear sets all of b to zero.
func Clear(b []byte) {
	for len(b) > part {
		clearPart(b[:part])
		b = b[part:]
	}
	clear(b)
}

// clearPart is clear, in a function with a prologue: that is where Clear can be
// preempted. The signal that preempts a goroutine elsewhere has no effect in the
// runtime's routine, which is where Clear almost always is.
//
//go:noinline
func clearPart(b []byte) { clear(b) }
