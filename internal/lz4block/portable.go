package lz4block

import (
	"encoding/binary"
	"math"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
	"github.com/cachekit-go/cachekit-core/internal/preempt"
)

// decodePortable is Decode in Go. The library's decoder is not used because
// it accepts a block that ends with a match.
func decodePortable(dst, src []byte) (int, error) {
	if len(dst) > sizes.PortableStep {
		return decodePortableLarge(dst, src)
	}
	ip, op, ok := 0, 0, true
	for ip < len(src) {
		token := int(src[ip])
		// Far enough from both ends, short lengths are copied in fixed sizes,
		// too much rather than byte by byte.
		if literals := token >> 4; literals < 15 && len(src)-ip >= 18 && len(dst)-op >= 16 {
			copy(dst[op:op+16], src[ip+1:ip+17])
			ip += literals + 1
			op += literals
		} else {
			if ip, op, ok = decodeLiterals(dst, src, ip, op); !ok {
				return reached(dst, op)
			}
			if ip == len(src) {
				return op, nil
			}
		}
		if match := token & 15; match < 15 && len(src)-ip >= 2 && len(dst)-op >= 20 {
			offset := int(src[ip]) | int(src[ip+1])<<8
			if from := op - offset; offset >= 16 && from >= 0 {
				copy(dst[op:op+16], dst[from:from+16])
				copy(dst[op+16:op+20], dst[from+16:from+20])
				ip += 2
				op += match + 4
				continue
			}
		}
		if ip, op, ok = decodeMatch(dst, src, token&15, ip, op); !ok {
			return reached(dst, op)
		}
	}
	return reached(dst, op)
}

// decodePortableLarge is the same with points where the goroutine can be
// preempted. For little data they would cost up to a fifth of the time.
func decodePortableLarge(dst, src []byte) (int, error) {
	ip, op, ok := 0, 0, true
	// Only what lies in near is written without a call, and so without such a point.
	near := dst[:min(len(dst), sizes.PortableStep)]
	for ip < len(src) {
		token := int(src[ip])
		if literals := token >> 4; literals < 15 && len(src)-ip >= 18 && len(near)-op >= 16 {
			copy(near[op:op+16], src[ip+1:ip+17])
			ip += literals + 1
			op += literals
		} else {
			if len(near)-op < 16 && len(near) < len(dst) {
				preempt.Point()
				near = dst[:min(len(dst), op+sizes.PortableStep)]
			}
			if ip, op, ok = decodeLiterals(dst, src, ip, op); !ok {
				return reached(dst, op)
			}
			if ip == len(src) {
				return op, nil
			}
		}
		if match := token & 15; match < 15 && len(src)-ip >= 2 && len(near)-op >= 20 {
			offset := int(src[ip]) | int(src[ip+1])<<8
			if from := op - offset; offset >= 16 && from >= 0 {
				copy(near[op:op+16], near[from:from+16])
				copy(near[op+16:op+20], near[from+16:from+20])
				ip += 2
				op += match + 4
				continue
			}
		}
		if ip, op, ok = decodeMatch(dst, src, token&15, ip, op); !ok {
			return reached(dst, op)
		}
	}
	return reached(dst, op)
}

// reached is what Decode returns for a malformed block that was decoded up to op.
func reached(dst []byte, op int) (int, error) { return min(op+DecodeSlack, len(dst)), ErrMalformed }

// decodeLiterals decodes the token at ip, which must be inside src, and its
// literals. It reports where the next byte is to be read and written, or false
// with nothing written.
func decodeLiterals(dst, src []byte, ip, op int) (int, int, bool) {
	n, ok := int(src[ip]>>4), true
	ip++
	if n == 15 {
		n, ip, ok = extendLength(src, ip, len(dst)-op)
	}
	if !ok || n > len(src)-ip || n > len(dst)-op {
		return ip, op, false
	}
	if n <= sizes.CopyStep {
		copy(dst[op:op+n], src[ip:ip+n])
	} else {
		copyLiterals(dst[op:op+n], src[ip:ip+n])
	}
	return ip + n, op + n, true
}

// decodeMatch decodes a match whose offset is at ip and whose length has the
// given nibble. It reports what decodeLiterals does.
func decodeMatch(dst, src []byte, nibble, ip, op int) (int, int, bool) {
	if len(src)-ip < 2 {
		return ip, op, false
	}
	offset := int(src[ip]) | int(src[ip+1])<<8
	n, ok := nibble, true
	ip += 2
	if n == 15 {
		n, ip, ok = extendLength(src, ip, len(dst)-op)
	}
	n += 4
	if !ok || offset == 0 || offset > op || n > len(dst)-op {
		return ip, op, false
	}
	if n <= offset {
		copy(dst[op:op+n], dst[op-offset:])
	} else {
		copyMatch(dst, op, offset, n)
	}
	return ip, op + n, true
}

// extendLength adds the extension bytes at ip to 15. It gives up where the
// length passes limit, before it could overflow.
func extendLength(src []byte, ip, limit int) (n, next int, ok bool) {
	n = 15
	for ip+8 <= len(src) && n <= limit && binary.LittleEndian.Uint64(src[ip:]) == math.MaxUint64 {
		n += 8 * 255
		ip += 8
	}
	for ip < len(src) && n <= limit {
		b := src[ip]
		ip++
		n += int(b)
		if b != 255 {
			return n, ip, true
		}
	}
	return 0, 0, false
}

// copyLiterals is copy, in parts.
func copyLiterals(dst, src []byte) {
	for len(src) > sizes.CopyStep {
		copyPart(dst, src[:sizes.CopyStep])
		dst, src = dst[sizes.CopyStep:], src[sizes.CopyStep:]
	}
	copy(dst, src)
}

// copyMatch copies n bytes from offset bytes before op to op. If the match
// overlaps itself, what has been copied doubles what the next copy can take, up
// to what the first-level cache holds.
func copyMatch(dst []byte, op, offset, n int) {
	for n > 0 {
		c := copyPart(dst[op:op+n], dst[op-offset:op])
		op += c
		n -= c
		if offset < sizes.RepeatStep {
			offset += c
		}
	}
}

// copyPart is copy, in a function with a prologue: that is where a goroutine
// that does little else than copy can be preempted.
//
//go:noinline
func copyPart(dst, src []byte) int { return copy(dst, src) }
