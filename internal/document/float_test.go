package document

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// plainFloat is Profile.Float with the arithmetic of the CPU, which is right as
// long as its mode is the usual one.
func plainFloat(p Profile, f float64) (msgpack.Kind, uint64, error) {
	switch {
	case math.IsNaN(f), math.IsInf(f, 0):
		return msgpack.Invalid, 0, ErrNotFinite
	case p != Arguments, f != math.Trunc(f), f < -1<<63, f >= 1<<64:
		return msgpack.Float64, math.Float64bits(f), nil
	case f < 0:
		return msgpack.Int, uint64(int64(f)), nil
	}
	return msgpack.Uint, uint64(f), nil
}

func TestFloatIsThatOfPlainArithmetic(t *testing.T) {
	check := func(f uint64) {
		t.Helper()
		for _, p := range []Profile{Values, Arguments} {
			kind, n, err := p.Float(f)
			wantKind, wantN, wantErr := plainFloat(p, math.Float64frombits(f))
			if kind != wantKind || n != wantN || !errors.Is(err, wantErr) {
				t.Fatalf("%#x (%g), profile %d: %v %#x %v, want %v %#x %v", f, math.Float64frombits(f), p,
					kind, n, err, wantKind, wantN, wantErr)
			}
		}
	}
	for _, f := range []float64{0, 0.5, 1, 1.5, 2, 1e-310, math.SmallestNonzeroFloat64, 0x1p-1022, 1 << 52, 1<<52 + 0.5,
		1 << 53, 1<<53 + 2, 1 << 62, 1 << 63, 1<<63 + 2048, 1<<63 - 1024, 1 << 64, 1<<64 - 2048, math.MaxFloat64, math.Inf(1), math.NaN()} {
		for _, near := range []uint64{math.Float64bits(f) - 1, math.Float64bits(f), math.Float64bits(f) + 1} {
			check(near)
			check(near ^ signBit)
		}
	}
	rng := rand.New(rand.NewPCG(1, 310))
	for range 1_000_000 {
		f := rng.Uint64()
		check(f)
		// The same with an exponent near that of integers and a few bits of fraction.
		exponent := uint64(exponentBias - 2 + rng.IntN(70))
		check(f&signBit | exponent<<fractionBits | f&(1<<fractionBits-1)>>rng.IntN(52)<<rng.IntN(52)&(1<<fractionBits-1))
	}
}

func TestWidenIsThatOfPlainArithmetic(t *testing.T) {
	step := uint32(7) // odd: all exponents, and all kinds of fractions
	if testing.Short() {
		step = 251
	}
	for f := uint32(0); ; f += step {
		if got, want := Widen(f), math.Float64bits(float64(math.Float32frombits(f))); got != want {
			t.Fatalf("%#x: %#x, want %#x", f, got, want)
		}
		if f > math.MaxUint32-step {
			return
		}
	}
}

func TestSecondsIsThatOfPlainArithmetic(t *testing.T) {
	check := func(micros int64) {
		t.Helper()
		if got, want := Seconds(micros), math.Float64bits(float64(micros)/1e6); got != want {
			t.Fatalf("%d: %#x, want %#x", micros, got, want)
		}
	}
	for bit := range 64 {
		for d := int64(-3); d <= 3; d++ {
			check(1<<bit + d)
			check(-1<<bit + d)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1970))
	for range 2_000_000 {
		micros := int64(rng.Uint64()) >> rng.IntN(64)
		check(micros)
		check(micros / 1e6 * 1e6)
		check(micros | 1<<10 - 1)
	}
}

// The smallest numbers are not zero, whatever the mode of the CPU.
func TestDenormalsAreNoZero(t *testing.T) {
	zero, err := keyOf([]byte("\x91\x00"))
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string]string{
		"1e-310":                  "\x91\xcb\x00\x00\x12\x68\x8b\x70\xe6\x2b",
		"the smallest float64":    "\x91\xcb\x00\x00\x00\x00\x00\x00\x00\x01",
		"the smallest float32":    "\x91\xca\x00\x00\x00\x01",
		"a negative one, float32": "\x91\xca\x80\x40\x00\x00",
	} {
		if key, err := keyOf([]byte(args)); err != nil || key == zero {
			t.Errorf("%s: the key of 0, %v", name, err)
		}
	}
	for name, args := range map[string]string{"0.0": "\x91\xca\x00\x00\x00\x00", "-0.0": "\x91\xcb\x80\x00\x00\x00\x00\x00\x00\x00"} {
		if key, err := keyOf([]byte(args)); err != nil || key != zero {
			t.Errorf("%s: not the key of 0, %v", name, err)
		}
	}
}
