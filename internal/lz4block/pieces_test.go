package lz4block

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

// TestPieces: blocks of several pieces come out as one, whatever is on both sides
// of the places where they meet.
func TestPieces(t *testing.T) {
	random := func(n int) []byte { return generate("random", 1, n) }
	text := func(n int) []byte { return generate("json", 2, n) }
	zeros := func(n int) []byte { return make([]byte, n) }
	var inputs [][]byte
	for _, n := range []int{sizes.PieceSize + 1, sizes.PieceSize + 13, sizes.PieceSize + 300, 2 * sizes.PieceSize, 2*sizes.PieceSize + 5, 3*sizes.PieceSize - 1} {
		inputs = append(inputs, random(n), text(n), zeros(n))
	}
	// A piece without any match, at each place among others; literals of all
	// lengths of which the count takes another byte.
	for _, kinds := range [][]func(int) []byte{{random, text}, {text, random}, {random, random, text}, {text, random, text},
		{zeros, random, zeros, random}, {random, zeros, text, random, random}} {
		var data []byte
		for _, kind := range kinds {
			data = append(data, kind(sizes.PieceSize)...)
		}
		inputs = append(inputs, data)
	}
	for k := range 40 {
		inputs = append(inputs, slices.Concat(text(sizes.PieceSize-k*k/4), random(k*k/2), text(3000)))
	}
	for i, data := range inputs {
		room := bytes.Repeat([]byte{0xa5}, Bound(len(data))+64)
		block := room[:encodePortable(room[:Bound(len(data))], data)]
		if !bytes.Equal(room[Bound(len(data)):], bytes.Repeat([]byte{0xa5}, 64)) {
			t.Fatalf("input %d: written beyond the bound", i)
		}
		again := make([]byte, Bound(len(data)))
		if again = again[:encodePortable(again, data)]; !bytes.Equal(again, block) {
			t.Fatalf("input %d: two blocks of the same data", i)
		}
		eachPath(t, func(path string) {
			out := make([]byte, len(data))
			if n, err := Decode(out, block); err != nil || !bytes.Equal(out[:n], data) {
				t.Errorf("input %d, %s: %v", i, path, err)
			}
		})
		if err := endsByTheRules(block, len(data)); err != nil {
			t.Errorf("input %d: %v", i, err)
		}
	}
}

// endsByTheRules checks what the format demands of the end of a block: the last
// five bytes are literals, and no match starts in the last twelve. These two
// numbers are the format's own, and not taken from the list that the encoder has.
func endsByTheRules(block []byte, size int) error {
	at, literals := lastSequence(block)
	if at == 0 {
		return nil
	}
	if literals < 5 {
		return fmt.Errorf("%d literals at the end", literals)
	}
	// The length of the last match says where that began.
	for i := 0; ; {
		n, from := literalsOf(block, i)
		next, match := from+n+2, int(block[i]&15)
		if match == 15 {
			match, next, _ = extendLength(block, next, size)
		}
		if next == at {
			if started := size - literals - match - 4; started > size-12 {
				return fmt.Errorf("a match starts at %d of %d", started, size)
			}
			return nil
		}
		i = next
	}
}
