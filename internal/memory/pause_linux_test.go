package memory

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cachekit-go/cachekit-core/internal/pausetest"
)

// TestClearHoldsUpNothing stops the world while Clear works.
func TestClearHoldsUpNothing(t *testing.T) {
	const size = 512 << 20
	if !pausetest.Alone(t) {
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

// TestMovingHoldsUpNothing stops the world while MoveUp works, on places that
// overlap.
func TestMovingHoldsUpNothing(t *testing.T) {
	const size = 512 << 20
	if !pausetest.Alone(t) {
		return
	}
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	pausetest.Check(t, func() { MoveUp(b, 1, size-1) })
	if err := unix.Munmap(b); err != nil {
		t.Error(err)
	}
}
