package lz4block

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

// appendLength writes the extension bytes of a length, of which rest is left.
func appendLength(dst []byte, d, rest int) int {
	for ; rest >= 255; rest -= 255 {
		dst[d] = 255
		d++
	}
	dst[d] = byte(rest)
	return d + 1
}
