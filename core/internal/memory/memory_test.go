package memory

import (
	"bytes"
	"testing"
)

func TestClearReachesEachByteAndNoOther(t *testing.T) {
	const edge = 64
	for _, n := range []int{0, 1, 31, part - 1, part, part + 1, 3*part + 7} {
		b := bytes.Repeat([]byte{0xAA}, edge+n+edge)
		Clear(b[edge:][:n])
		want := bytes.Repeat([]byte{0xAA}, len(b))
		copy(want[edge:], make([]byte, n))
		if !bytes.Equal(b, want) {
			t.Errorf("%d bytes: wrong", n)
		}
	}
}
