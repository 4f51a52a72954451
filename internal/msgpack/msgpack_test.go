package msgpack

import (
	"bytes"
	"math"
	"testing"
)

func TestAppendTakesTheShortestForm(t *testing.T) {
	minus := func(n int64) uint64 { return uint64(-n) }
	for _, c := range []struct {
		kind Kind
		n    uint64
		want string
	}{
		{Nil, 0, "\xc0"}, {False, 0, "\xc2"}, {True, 0, "\xc3"},
		{Uint, 0, "\x00"}, {Uint, 0x7f, "\x7f"}, {Uint, 0x80, "\xcc\x80"}, {Uint, 0xff, "\xcc\xff"},
		{Uint, 0x100, "\xcd\x01\x00"}, {Uint, 0xffff, "\xcd\xff\xff"}, {Uint, 0x10000, "\xce\x00\x01\x00\x00"},
		{Uint, math.MaxUint32, "\xce\xff\xff\xff\xff"}, {Uint, 1 << 32, "\xcf\x00\x00\x00\x01\x00\x00\x00\x00"},
		{Uint, math.MaxUint64, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"},
		{Int, minus(1), "\xff"}, {Int, minus(32), "\xe0"}, {Int, minus(33), "\xd0\xdf"}, {Int, minus(128), "\xd0\x80"},
		{Int, minus(129), "\xd1\xff\x7f"}, {Int, minus(1 << 15), "\xd1\x80\x00"}, {Int, minus(1<<15 + 1), "\xd2\xff\xff\x7f\xff"},
		{Int, minus(1 << 31), "\xd2\x80\x00\x00\x00"}, {Int, minus(1<<31 + 1), "\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"},
		{Int, 1 << 63, "\xd3\x80\x00\x00\x00\x00\x00\x00\x00"},
		{Float32, uint64(math.Float32bits(1.5)), "\xca\x3f\xc0\x00\x00"},
		{Float64, math.Float64bits(2), "\xcb\x40\x00\x00\x00\x00\x00\x00\x00"},
		{String, 0, "\xa0"}, {String, 31, "\xbf"}, {String, 32, "\xd9\x20"}, {String, 0xff, "\xd9\xff"},
		{String, 0x100, "\xda\x01\x00"}, {String, 0x10000, "\xdb\x00\x01\x00\x00"},
		{Bin, 0, "\xc4\x00"}, {Bin, 0xff, "\xc4\xff"}, {Bin, 0x100, "\xc5\x01\x00"}, {Bin, 0x10000, "\xc6\x00\x01\x00\x00"},
		{Array, 15, "\x9f"}, {Array, 16, "\xdc\x00\x10"}, {Array, 0xffff, "\xdc\xff\xff"}, {Array, 0x10000, "\xdd\x00\x01\x00\x00"},
		{Map, 15, "\x8f"}, {Map, 16, "\xde\x00\x10"}, {Map, 0xffff, "\xde\xff\xff"}, {Map, 0x10000, "\xdf\x00\x01\x00\x00"},
	} {
		got := Append([]byte("before"), c.kind, c.n)
		if string(got) != "before"+c.want {
			t.Errorf("kind %d, %#x: % x, want % x", c.kind, c.n, got[6:], c.want)
		}
		if size := Size(c.kind, c.n); size != len(c.want) {
			t.Errorf("kind %d, %#x: Size is %d, want %d", c.kind, c.n, size, len(c.want))
		}
		if h := Next([]byte(c.want)); h != (Header{Kind: c.kind, N: c.n, Size: len(c.want)}) {
			t.Errorf("% x reads as %+v", c.want, h)
		}
	}
}

func TestNextReadsEveryForm(t *testing.T) {
	minus := func(n int64) uint64 { return uint64(-n) }
	for in, want := range map[string]Header{
		"\xcc\x01":                             {Uint, 0, 2, 1},
		"\xcf\x00\x00\x00\x00\x00\x00\x00\x01": {Uint, 0, 9, 1},
		"\xd0\x7f":                             {Uint, 0, 2, 127}, // signed forms of what is not negative
		"\xd1\x00\x01":                         {Uint, 0, 3, 1},
		"\xd3\x00\x00\x00\x00\x00\x00\x00\x00": {Uint, 0, 9, 0},
		"\xd1\xff\xff":                         {Int, 0, 3, minus(1)},
		"\xd2\xff\xff\xff\xff":                 {Int, 0, 5, minus(1)},
		"\xd9\x03":                             {String, 0, 2, 3},
		"\xdb\x00\x00\x00\x03":                 {String, 0, 5, 3},
		"\xc6\x00\x00\x00\x03":                 {Bin, 0, 5, 3},
		"\xdd\xff\xff\xff\xff":                 {Array, 0, 5, math.MaxUint32},
		"\xdf\xff\xff\xff\xff":                 {Map, 0, 5, math.MaxUint32},
		"\xd4\x05":                             {Ext, 5, 2, 1},
		"\xd8\xff":                             {Ext, -1, 2, 16},
		"\xc7\x00\x05":                         {Ext, 5, 3, 0},
		"\xc8\x01\x00\x05":                     {Ext, 5, 4, 256},
		"\xc9\x00\x00\x00\x01\x05":             {Ext, 5, 6, 1},
	} {
		if got := Next([]byte(in)); got != want {
			t.Errorf("% x reads as %+v, want %+v", in, got, want)
		}
	}
}

// Every first byte with every number of bytes after it: a header is whole or
// Invalid, takes no more than there is, and never depends on what follows.
func TestNextNeedsTheWholeHeader(t *testing.T) {
	for c := range 256 {
		long := append([]byte{byte(c)}, bytes.Repeat([]byte{0x81}, 16)...)
		whole := Next(long)
		if (whole.Kind == Invalid) != (c == 0xc1) {
			t.Errorf("%02x with bytes enough: kind %d", c, whole.Kind)
		}
		for n := range len(long) {
			got := Next(long[:n])
			switch {
			case n < max(whole.Size, 1):
				if got != (Header{}) {
					t.Errorf("%02x with %d bytes: %+v, want Invalid", c, n, got)
				}
			case got != whole:
				t.Errorf("%02x with %d bytes: %+v, want %+v", c, n, got, whole)
			}
		}
	}
}

func TestFixedSizeIsThatOfTheWholeItem(t *testing.T) {
	for c := range 256 {
		h := Next(append([]byte{byte(c)}, make([]byte, 16)...))
		want := h.Size
		switch h.Kind {
		case Invalid, Bin, Array, Map:
			want = 0
		case String, Ext:
			want += int(h.N)
			if h.N == 0 && c != 0xa0 { // the length stands in the zeros that follow
				want = 0
			}
		}
		if got := FixedSize(byte(c)); got != want {
			t.Errorf("%02x: %d, want %d", c, got, want)
		}
	}
}
