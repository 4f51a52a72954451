package lz4block

import (
	"github.com/pierrec/lz4/v4"
)

// copyStep is how much is copied at once: a copy by the runtime cannot be
// preempted, and whoever stops the world waits for it.
const copyStep = 256 << 10

// encodePortable is Encode by the library. dst is exactly Bound long.
func encodePortable(dst, src []byte) int {
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

// decodePortable is Decode in Go. The library's decoder is not used because
// its verdicts are its own (it takes a block that ends with a match, and
// refuses some last tokens), while its pure Go form is no faster.
func decodePortable(dst, src []byte) (int, error) {
	ip, op := 0, 0
	for ip < len(src) {
		token := int(src[ip])
		literals, match := token>>4, token&15
		// Far enough from both ends, short lengths are copied in fixed sizes,
		// too much rather than by a loop.
		if literals < 15 && len(src)-ip > 18 && len(dst)-op >= 16 {
			copy(dst[op:op+16], src[ip+1:ip+17])
			ip += 1 + literals
			op += literals
		} else {
			var ok bool
			if ip, op, ok = decodeLiterals(dst, src, ip, op); !ok {
				return 0, ErrMalformed
			}
			if ip == len(src) {
				return op, nil
			}
		}
		if match < 15 && len(src)-ip >= 2 && len(dst)-op >= 20 {
			offset := int(src[ip]) | int(src[ip+1])<<8
			if from := op - offset; offset >= 16 && from >= 0 {
				copy(dst[op:op+16], dst[from:from+16])
				copy(dst[op+16:op+20], dst[from+16:from+20])
				ip += 2
				op += match + 4
				continue
			}
		}
		var ok bool
		if ip, op, ok = decodeMatch(dst, src, match, ip, op); !ok {
			return 0, ErrMalformed
		}
	}
	return 0, ErrMalformed
}

// decodeLiterals decodes the token at ip, which must be inside src, and its
// literals. It reports where the next byte is to be read and written.
func decodeLiterals(dst, src []byte, ip, op int) (int, int, bool) {
	n, ip, ok := decodeLength(src, int(src[ip]>>4), ip+1, len(dst)-op)
	if !ok || n > len(src)-ip || n > len(dst)-op {
		return 0, 0, false
	}
	copyLiterals(dst[op:op+n], src[ip:ip+n])
	return ip + n, op + n, true
}

// decodeMatch decodes a match whose offset is at ip and whose length has the
// given nibble.
func decodeMatch(dst, src []byte, nibble, ip, op int) (int, int, bool) {
	if len(src)-ip < 2 {
		return 0, 0, false
	}
	offset := int(src[ip]) | int(src[ip+1])<<8
	n, ip, ok := decodeLength(src, nibble, ip+2, len(dst)-op)
	n += 4
	if !ok || offset == 0 || offset > op || n > len(dst)-op {
		return 0, 0, false
	}
	copyMatch(dst, op, offset, n)
	return ip, op + n, true
}

// decodeLength adds the extension bytes at ip to a nibble. It gives up where
// the length passes limit, before it could overflow.
func decodeLength(src []byte, nibble, ip, limit int) (n, next int, ok bool) {
	n = nibble
	for more := nibble == 15; more; ip++ {
		if ip >= len(src) || n > limit {
			return 0, 0, false
		}
		n += int(src[ip])
		more = src[ip] == 255
	}
	return n, ip, true
}

// copyLiterals is copy, in parts.
func copyLiterals(dst, src []byte) {
	for len(src) > copyStep {
		copyPart(dst, src[:copyStep])
		dst, src = dst[copyStep:], src[copyStep:]
	}
	copy(dst, src)
}

// copyMatch copies n bytes from offset bytes before op to op. If the match
// overlaps itself, what has been copied doubles what the next copy can take.
func copyMatch(dst []byte, op, offset, n int) {
	for n > 0 {
		c := copyPart(dst[op:op+n], dst[op-offset:op])
		op += c
		n -= c
		if offset < copyStep {
			offset += c
		}
	}
}

// copyPart is copy, in a function with a prologue: that is where a goroutine
// that does little else than copy can be preempted.
//
//go:noinline
func copyPart(dst, src []byte) int { return copy(dst, src) }
