package document

import (
	"math/bits"

	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// Keys must not depend on the mode of the CPU's floating point unit, which
// belongs to the thread, and so to the program that the library is part of:
// where that is to flush denormal numbers to zero, as anything linked with
// -ffast-math asks for, 1e-310 == 0 holds. So nothing that can come from C computes
// with floats here; they are bits, and what is done to them is done with integers.

// Parts of a float64.
const (
	fractionBits = 52
	exponentBias = 1023
	exponentMax  = 1<<11 - 1 // of infinities and NaN
	signBit      = 1 << 63
)

// Float returns kind and number of the item that stands for the float64 with
// these bits: among arguments, one that is an integer becomes that integer.
func (p Profile) Float(f uint64) (msgpack.Kind, uint64, error) {
	if f>>fractionBits&exponentMax == exponentMax {
		return msgpack.Invalid, 0, ErrNotFinite
	}
	if p == Arguments {
		if kind, n, ok := integer(f); ok {
			return kind, n, nil
		}
	}
	return msgpack.Float64, f, nil
}

// integer returns the integer that a finite float64 is, if it is one from -2^63
// to 2^64-1. Both zeros are 0.
func integer(f uint64) (kind msgpack.Kind, n uint64, ok bool) {
	if f&^signBit == 0 {
		return msgpack.Uint, 0, true
	}
	exponent := int(f>>fractionBits&exponentMax) - exponentBias
	if exponent < 0 || exponent > 63 {
		return 0, 0, false
	}
	// The number without its sign is n * 2^shift.
	n = f&(1<<fractionBits-1) | 1<<fractionBits
	if shift := exponent - fractionBits; shift >= 0 {
		n <<= shift
	} else {
		if n<<(64+shift) != 0 {
			return 0, 0, false
		}
		n >>= -shift
	}
	if f&signBit == 0 {
		return msgpack.Uint, n, true
	}
	return msgpack.Int, -n, n <= 1<<63
}

// Widen returns the bits of the float64 that a float32 is.
func Widen(f uint32) uint64 {
	const fractionBits32, exponentBias32, exponentMax32 = 23, 127, 1<<8 - 1
	sign := uint64(f>>31) << 63
	exponent := uint64(f >> fractionBits32 & exponentMax32)
	fraction := uint64(f&(1<<fractionBits32-1)) << (fractionBits - fractionBits32)
	switch {
	case exponent == exponentMax32:
		if fraction != 0 {
			fraction |= 1 << (fractionBits - 1) // what the CPU does: a NaN that is quiet
		}
		return sign | exponentMax<<fractionBits | fraction
	case exponent != 0:
		return sign | (exponent+exponentBias-exponentBias32)<<fractionBits | fraction
	case fraction == 0:
		return sign
	}
	// A denormal number has a normal form here: its highest bit becomes the one
	// that is not written.
	shift := bits.LeadingZeros64(fraction) - (63 - fractionBits)
	return sign | uint64(exponentBias-exponentBias32+1-shift)<<fractionBits | fraction<<shift&(1<<fractionBits-1)
}

// Seconds returns the bits of float64(micros) / 1e6, of which both steps round to
// the nearest number, and to the even one of two.
func Seconds(micros int64) uint64 {
	if micros == 0 {
		return 0
	}
	var sign uint64
	n := uint64(micros)
	if micros < 0 {
		sign, n = signBit, -n
	}
	if extra := bits.Len64(n) - (fractionBits + 1); extra > 0 {
		n = roundEven(n, extra) << extra
	}
	// With dividend and divisor shifted all the way to the left, the quotient
	// below has 63 or 64 bits. A remainder, wherever it lies, sets the last one.
	const divisor, divisorShift = 1e6, 44
	shift := bits.LeadingZeros64(n)
	n <<= shift
	quotient, remainder := bits.Div64(n>>1, n<<63, divisor<<divisorShift)
	if remainder != 0 {
		quotient |= 1
	}
	extra := bits.Len64(quotient) - (fractionBits + 1)
	exponent := extra - 63 + divisorShift - shift + fractionBits + exponentBias
	// The bit that is not written adds 1 to the exponent; one that rounding
	// carries beyond it, another.
	return sign | (uint64(exponent-1)<<fractionBits + roundEven(quotient, extra))
}

// roundEven drops the last bits of n, one at least, and rounds to the nearest
// number, and to the even one of two.
func roundEven(n uint64, drop int) uint64 {
	half := uint64(1) << (drop - 1)
	return (n + half - 1 + n>>drop&1) >> drop
}
