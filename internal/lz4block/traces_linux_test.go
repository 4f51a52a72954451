//go:build !race

// The race detector keeps copies of its own.

package lz4block

import (
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/limits"
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

// Levels keep tables for the next call. In these there is nothing of the payload, nor
// anything that comes from it but positions.
func TestNothingIsLeftOfLevels(t *testing.T) {
	if !alone.Run(t, "", "CACHEKIT_LZ4=portable") {
		return
	}
	const n = 200_000
	memory := traces.Pages(t, n+Bound(n))
	src, dst := memory[:n], memory[n:]
	payload := traces.Payload(2)
	for level := limits.MinLevel + 1; level <= limits.MaxLevel; level++ {
		payload.Fill(src)
		copy(src[n/2:], src[:n/4]) // so that there are matches
		EncodeLevel(dst, src, level)
		if traces.Left(t, payload) < n/8 {
			t.Fatal("the payload is in memory, and was not found there")
		}
		clear(memory)
		if left := traces.Left(t, payload); left > 0 {
			t.Errorf("level %d: %d words are left", level, left)
		}
		tables := searchTables.Get().(*tables)
		for _, rows := range [][]row{tables.words.rows[:], tables.longs.rows[:]} {
			for _, r := range rows {
				if r != (row{}) {
					t.Fatalf("level %d: tags are left", level)
				}
			}
		}
		searchTables.Put(tables)
	}
}
