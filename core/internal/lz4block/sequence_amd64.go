package lz4block

import "encoding/binary"

// appendSequence writes to dst[d:] the literals src[start:pos] and the longest
// match of pos with candidate. It returns the new d and the end of the match.
func appendSequence(dst, src []byte, d, start, pos, candidate int) (int, int) {
	// No match reaches into the last five bytes; at least the four bytes of
	// the hash are equal.
	end := pos + 4
	for limit := min(len(src)-5, pos+1<<20); end < limit; end++ {
		if limit-end >= 8 && binary.LittleEndian.Uint64(src[end:]) == binary.LittleEndian.Uint64(src[end-pos+candidate:]) {
			end += 7
		} else if src[end] != src[end-pos+candidate] {
			break
		}
	}
	token := d
	d = appendLiterals(dst, src[start:pos], d)
	binary.LittleEndian.PutUint16(dst[d:], uint16(pos-candidate))
	d += 2
	length := end - pos - 4
	dst[token] |= byte(min(length, 15))
	if length >= 15 {
		d = appendLength(dst, d, length-15)
	}
	return d, end
}

// appendLiterals writes a token, with a low nibble of 0, and literals.
func appendLiterals(dst, literals []byte, d int) int {
	n := len(literals)
	dst[d] = byte(min(n, 15) << 4)
	d++
	if n >= 15 {
		d = appendLength(dst, d, n-15)
	}
	copyLiterals(dst[d:], literals)
	return d + n
}

// appendLength writes the extension bytes of a length.
func appendLength(dst []byte, d, rest int) int {
	for ; rest >= 255; rest -= 255 {
		dst[d] = 255
		d++
	}
	dst[d] = byte(rest)
	return d + 1
}
