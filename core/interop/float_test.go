package interop

import (
	"math"
	"testing"
)

// The smallest numbers of a type of their own are no zeros, whatever the mode of the
// CPU, and those of float32 are float64 of the same value.
func TestDenormalsAreNoZero(t *testing.T) {
	const smallest32 = "\xcb\x36\xa0\x00\x00\x00\x00\x00\x00" // 2^-149
	type named float32
	for _, v := range []any{math.Float32frombits(1), named(math.Float32frombits(1)), float64(math.Float32frombits(1))} {
		if got, err := Value(v); err != nil || string(got) != smallest32 {
			t.Errorf("%T: % x, %v, want % x", v, got, err, smallest32)
		}
		key, err1 := Key("t", "op", v)
		want, err2 := KeyFromMsgpack("t", "op", []byte("\x91"+smallest32))
		if key != want || err1 != nil || err2 != nil {
			t.Errorf("%T, as an argument: %q, %v and %q, %v", v, key, err1, want, err2)
		}
	}
	zero, err := Key("t", "op", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{math.SmallestNonzeroFloat64, math.Float32frombits(1), 1e-310} {
		if key, err := Key("t", "op", v); err != nil || key == zero {
			t.Errorf("%T %g: the key of 0, %v", v, v, err)
		}
	}
}
