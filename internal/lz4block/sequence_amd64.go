//go:build !purego

package lz4block

import (
	"encoding/binary"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

// appendSequence writes to dst[d:] the literals src[start:pos] and the longest
// match of pos with candidate, of which the first four bytes are known to be
// equal. It returns the new d and the end of the match.
func appendSequence(dst, src []byte, d, start, pos, candidate int) (int, int) {
	offset := pos - candidate
	end, limit := pos+4, len(src)-sizes.LastLiterals
	for end+8 <= limit && binary.LittleEndian.Uint64(src[end:]) == binary.LittleEndian.Uint64(src[end-offset:]) {
		end += 8
	}
	for end < limit && src[end] == src[end-offset] {
		end++
	}
	token := d
	d = appendLiterals(dst, src[start:pos], d)
	binary.LittleEndian.PutUint16(dst[d:], uint16(offset))
	d += 2
	length := end - pos - 4
	dst[token] |= byte(min(length, 15))
	if length >= 15 {
		d = appendLength(dst, d, length-15)
	}
	return d, end
}
