package lz4block

import (
	"math"
	"sync"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/pierrec/lz4/v4"
)

// encodePortable is Encode by the library. dst is exactly Bound long.
func encodePortable(dst, src []byte) int {
	switch n := len(src); {
	case n == 0:
		dst[0] = 0
		return 1
	case n <= sizes.PieceSize:
		return encodePiece(dst, src)
	}
	return encodePieces(dst, src)
}

func encodePiece(dst, src []byte) int {
	// The library keeps pieces of src on the stack, which may move meanwhile.
	memory.HoldStack()
	defer memory.ClearStack()
	n, err := lz4.CompressBlock(src, dst, nil)
	if err != nil || n == 0 {
		panic("lz4block: encoder refused a destination of Bound bytes")
	}
	return n
}

// pieces are for blocks of one piece.
var pieces = sync.Pool{New: func() any {
	block := make([]byte, Bound(sizes.PieceSize))
	return &block
}}

// encodePieces makes one block of those of pieces. A block is a row of sequences,
// each of them literals and a match, and then literals: those at the end
// of a piece become the first ones of the next. What is written before a sequence
// is never more than the input before it and 1/255 of that, as each match is
// longer than what it takes; so the bound holds for the whole as for each piece.
func encodePieces(dst, src []byte) int {
	pooled := pieces.Get().(*[]byte)
	block := *pooled
	d, start := 0, 0 // start: of the literals that are not written yet
	used := 0
	for at := 0; at < len(src); at += sizes.PieceSize {
		piece := src[at:min(at+sizes.PieceSize, len(src))]
		n := encodePiece(block[:Bound(len(piece))], piece)
		used = max(used, n)
		last, literals := lastSequence(block[:n])
		if last == 0 {
			continue // no match in this piece
		}
		first, from := literalsOf(block[:n], 0)
		token := d
		d = appendLiterals(dst, src[start:at+first], d)
		dst[token] |= block[0] & 15
		d += copy(dst[d:], block[from+first:last])
		start = at + len(piece) - literals
	}
	clear(block[:min(used+Slack, len(block))])
	pieces.Put(pooled)
	return appendLiterals(dst, src[start:], d)
}

// lastSequence returns where in a block that is well-formed the last sequence
// starts, and how many literals it has.
//
//go:noinline
func lastSequence(block []byte) (at, literals int) {
	for i := 0; ; {
		at = i
		n, from := literalsOf(block, i)
		if i = from + n; i == len(block) {
			return at, n
		}
		i += 2 // the offset
		if block[at]&15 == 15 {
			_, i, _ = extendLength(block, i, math.MaxInt/2)
		}
	}
}

// literalsOf returns how many literals the sequence at i has, and where they
// start.
func literalsOf(block []byte, i int) (n, from int) {
	n = int(block[i] >> 4)
	if n < 15 {
		return n, i + 1
	}
	n, from, _ = extendLength(block, i+1, math.MaxInt/2)
	return n, from
}
