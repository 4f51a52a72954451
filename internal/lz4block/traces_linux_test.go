//go:build !race

// The race detector keeps copies of its own.

package lz4block

import (
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

// A long input is encoded by way of a buffer, which is used again.
func TestNothingIsLeftOfPieces(t *testing.T) {
	if !alone.Run(t) {
		return
	}
	const n = 2*sizes.PieceSize + 1000
	memory := traces.Pages(t, n+Bound(n))
	src, dst := memory[:n], memory[n:]
	payload := traces.Payload(1)
	for _, size := range []int{2 * sizes.PieceSize, n} {
		payload.Fill(src)
		encodePortable(dst[:Bound(size)], src[:size])
		if traces.Left(t, payload) < 2*size/8-2 {
			t.Fatal("the payload is in memory, and was not found there")
		}
		clear(memory)
		if left := traces.Left(t, payload); left > 0 {
			t.Errorf("%d bytes: %d words are left", size, left)
		}
	}
}
