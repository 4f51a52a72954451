package lz4block

// DecodeFrom is Decode for a block whose bytes come one at a time from next,
// which reports false at the block's end. It is for blocks that are not laid
// out as bytes in memory, and takes no memory of its own. It writes nothing beyond
// what it returns.
func DecodeFrom(dst []byte, next func() (byte, bool)) (int, error) {
	n := 0
	// length adds the bytes that extend a nibble of 15.
	length := func(nibble byte) (int, bool) {
		sum := int(nibble)
		for more := nibble == 15; more; {
			b, ok := next()
			sum += int(b)
			if !ok || sum > len(dst) {
				return 0, false
			}
			more = b == 255
		}
		return sum, true
	}
	for {
		token, ok := next()
		if !ok {
			return n, ErrMalformed
		}
		literals, ok := length(token >> 4)
		if !ok || literals > len(dst)-n {
			return n, ErrMalformed
		}
		for range literals {
			b, ok := next()
			if !ok {
				return n, ErrMalformed
			}
			dst[n] = b
			n++
		}
		// A block ends after the literals of a sequence, and nowhere else.
		low, ok := next()
		if !ok {
			return n, nil
		}
		high, ok := next()
		offset := int(low) | int(high)<<8
		match, ok2 := length(token & 15)
		if !ok || !ok2 || offset == 0 || offset > n || match+4 > len(dst)-n {
			return n, ErrMalformed
		}
		copyMatch(dst, n, offset, match+4)
		n += match + 4
	}
}
