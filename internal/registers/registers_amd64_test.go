package registers

import (
	"slices"
	"testing"
)

func TestWhatNobodyClearsIsSeen(t *testing.T) {
	for _, n := range []int{16, 32} {
		left, ok := Left(n, func() {})
		if !ok {
			t.Skipf("SKIPPED: this CPU has no %d vector registers", n)
		}
		for i := range n {
			if i != 15 && !slices.Contains(left, i) {
				t.Errorf("register %d of %d held ones, and is said to be zero", i, n)
			}
		}
	}
}
