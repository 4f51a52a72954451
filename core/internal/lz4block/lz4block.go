// Package lz4block encodes and decodes single raw LZ4 blocks, as described by
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md.
//
// It is the one place that knows which codec does the work; everything above
// it sees three functions on plain slices.
package lz4block

import (
	"errors"

	"github.com/pierrec/lz4/v4"
)

// ErrMalformed reports a block that is not valid LZ4 or that would decode to
// more bytes than the destination holds.
var ErrMalformed = errors.New("lz4block: malformed block")

// Bound is the largest size that a block of n uncompressed bytes can take,
// LZ4_COMPRESSBOUND of lz4.h. n must not be negative.
func Bound(n int) int { return n + n/255 + 16 }

// Encode compresses src into dst and returns the size of the block. dst must
// hold at least Bound(len(src)) bytes and must not overlap src. It cannot
// fail; the empty input is the one-byte block 00.
func Encode(dst, src []byte) int {
	if len(dst) < Bound(len(src)) {
		panic("lz4block: destination shorter than Bound")
	}
	if len(src) == 0 {
		dst[0] = 0
		return 1
	}
	n, err := lz4.CompressBlock(src, dst, nil)
	if err != nil || n == 0 {
		panic("lz4block: encoder refused a destination of Bound bytes")
	}
	return n
}

// Decode decompresses the block src into dst and returns how many bytes it
// wrote, at most len(dst). On ErrMalformed the content of dst is undefined.
// dst must not overlap src.
func Decode(dst, src []byte) (int, error) {
	n, err := lz4.UncompressBlock(src, dst)
	if err != nil {
		return 0, ErrMalformed
	}
	return n, nil
}

// InPlaceMargin is how many bytes a buffer needs beyond the size of the
// decoded data so that a block of n bytes at its end can be decoded to its
// start.
func InPlaceMargin(n int) int { return n/255 + 96 }

// Path names the codec that does the work.
func Path() string { return "portable" }
