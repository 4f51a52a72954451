package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// tooMuch is zero pages that nothing touches.
var tooMuch = make([]byte, limits.MaxPayloadSize+1)

// Encode asks for Bound bytes once, and for none if there is nothing to write. Longer
// memory is left alone beyond the bound.
func TestEncodeTakesItsBound(t *testing.T) {
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 64, 1000, 70000} {
			for _, format := range []string{"", limits.DefaultFormat, strings.Repeat("long", 100)} {
				name := fmt.Sprintf("%s of %d as %.8q", kind.name, n, format)
				data := kind.make(n)
				bound := Bound(n, len(format))
				k := taker{room: filled(bound + 100)}
				to := memory.From(k.alloc)
				got, err := Encode(&to, data, format)
				if err != nil || !bytes.Equal(got, written(t, data, format)) || &got[0] != &k.room[0] {
					t.Errorf("%s: %d bytes, %v, or elsewhere", name, len(got), err)
				}
				if !slices.Equal(k.asked, []int{bound}) {
					t.Errorf("%s: asked for %v, not %d", name, k.asked, bound)
				}
				if !bytes.Equal(k.room[bound:], filled(100)) {
					t.Errorf("%s: wrote beyond the bound", name)
				}
				none := taker{none: true}
				to = memory.From(none.alloc)
				if got, err := Encode(&to, data, format); got != nil || err != codes.OutOfMemory || len(none.asked) != 1 {
					t.Errorf("%s without memory: %d bytes, %v", name, len(got), err)
				}
			}
		}
	}
	for name, c := range map[string]struct {
		data   []byte
		format string
		want   error
	}{
		"too much data":                      {tooMuch, "", codes.InputTooLarge},
		"too much data, not UTF-8":           {tooMuch, "\xff", codes.InputTooLarge},
		"a format too long":                  {nil, strings.Repeat("f", limits.MaxFormatSize+1), codes.InputTooLarge},
		"a format too long, not UTF-8":       {nil, strings.Repeat("\xff", limits.MaxFormatSize+1), codes.InputTooLarge},
		"a format that is not UTF-8":         {nil, "msgpack\xff", codes.InvalidInput},
		"the longest format, not UTF-8":      {nil, strings.Repeat("f", limits.MaxFormatSize-1) + "\xff", codes.InvalidInput},
		"a format cut amid one of its runes": {nil, "é"[:1], codes.InvalidInput},
	} {
		// Wrong arguments are no miss, which these very values are not either.
		var k taker
		to := memory.From(k.alloc)
		if got, err := Encode(&to, c.data, c.format); got != nil || !errors.Is(err, c.want) || len(k.asked) > 0 {
			t.Errorf("%s: %d bytes, %v, want %v; asked for %v", name, len(got), err, c.want, k.asked)
		}
		if n, err := EncodeTight(nil, k.alloc, c.data, c.format); n != 0 || !errors.Is(err, c.want) || len(k.asked) > 0 {
			t.Errorf("%s, EncodeTight: %d, %v, want %v; asked for %v", name, n, err, c.want, k.asked)
		}
		if err := CheckFormat(c.format); len(c.data) == 0 && !errors.Is(err, c.want) {
			t.Errorf("%s: CheckFormat says %v, want %v", name, err, c.want)
		}
	}
	if err := CheckFormat(strings.Repeat("f", limits.MaxFormatSize)); err != nil {
		t.Errorf("the longest format: %v", err)
	}
}

// At every size around that of the envelope: where it fits, it is written, and
// nothing behind it; where it does not, nothing is written and the size is told.
func TestEncodeTight(t *testing.T) {
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 20, 254, 5000} {
			data := kind.make(n)
			want := written(t, data, "json")
			bound := Bound(n, len("json"))
			for _, size := range sizesAround(len(want), bound) {
				name := fmt.Sprintf("%s of %d into %d, where %d fit and %d may be needed", kind.name, n, size, len(want), bound)
				room, scratch := filled(size+64), taker{room: filled(bound + 64)}
				got, err := EncodeTight(room[:size:size], scratch.alloc, data, "json")
				wantErr := error(nil)
				if size < len(want) {
					wantErr = codes.BufferTooSmall
				}
				if got != len(want) || !errors.Is(err, wantErr) {
					t.Errorf("%s: %d, %v", name, got, err)
				}
				wrote := 0
				if err == nil {
					wrote = len(want)
				}
				if !bytes.Equal(room[:wrote], want[:wrote]) {
					t.Errorf("%s: not the envelope", name)
				}
				// Encode may write as far as its bound, if that is there.
				if left := room[wrote:]; size >= bound {
					if !bytes.Equal(room[bound:], filled(len(room)-bound)) || holds(room[wrote:bound]) {
						t.Errorf("%s: left something behind", name)
					}
				} else if !bytes.Equal(left, filled(len(left))) {
					t.Errorf("%s: wrote behind the envelope", name)
				}
				switch {
				case size >= bound && len(scratch.asked) > 0:
					t.Errorf("%s: asked for %v", name, scratch.asked)
				case size < bound && !slices.Equal(scratch.asked, []int{bound}):
					t.Errorf("%s: asked for %v, not %d", name, scratch.asked, bound)
				case holds(scratch.room):
					t.Errorf("%s: something is left in the memory for the time of the call", name)
				}

				none := taker{none: true}
				room = filled(size)
				if got, err := EncodeTight(room, none.alloc, data, "json"); size < bound &&
					(got != 0 || err != codes.OutOfMemory || !bytes.Equal(room, filled(size))) || size >= bound && err != nil {
					t.Errorf("%s, without other memory: %d, %v, or something is written", name, got, err)
				}
			}
		}
	}
}

// sizesAround are sizes of buffers: all near that of an envelope and near its bound,
// and some others.
func sizesAround(tight, bound int) []int {
	sizes := []int{0, 1, tight / 2, bound + 1000}
	for d := -70; d <= 70; d++ {
		sizes = append(sizes, max(tight+d, 0), max(bound+d, 0))
	}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}

// holds tells whether memory that was filled holds anything now but what it was filled
// with and zeros.
func holds(b []byte) bool {
	return bytes.Count(b, []byte{0})+bytes.Count(b, []byte{untouched}) < len(b)
}

func TestHoldsSeesEveryByte(t *testing.T) {
	for i := range 100 {
		b := filled(100)
		clear(b[30:60])
		if holds(b) {
			t.Fatal("holds nothing")
		}
		for v := range 256 {
			if b[i] = byte(v); holds(b) != (v != 0 && v != untouched) {
				t.Fatalf("%#x at %d: %t", v, i, holds(b))
			}
		}
	}
}

func TestRatio(t *testing.T) {
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 64, 1000, 300_000} {
			data := kind.make(n)
			e, err := Inspect(written(t, data, ""))
			if err != nil {
				t.Fatal(err)
			}
			for _, more := range []int{0, 1, 1000} {
				bound := lz4block.Bound(n)
				k := taker{room: filled(bound + more)}
				got, err := Default.Ratio(k.alloc, data)
				if want := float64(n) / float64(e.CompressedSize); err != nil || got != want {
					t.Errorf("%s of %d: %v, %v, want %v", kind.name, n, got, err, want)
				}
				if !slices.Equal(k.asked, []int{bound}) {
					t.Errorf("%s of %d: asked for %v, not %d", kind.name, n, k.asked, bound)
				}
				if holds(k.room) {
					t.Errorf("%s of %d: something is left in the memory for the time of the call", kind.name, n)
				}
			}
		}
	}
	none := taker{none: true}
	if ratio, err := Default.Ratio(none.alloc, []byte("data")); ratio != 0 || err != codes.OutOfMemory {
		t.Errorf("without memory: %v, %v", ratio, err)
	}
	var k taker
	if ratio, err := Default.Ratio(k.alloc, tooMuch); ratio != 0 || !errors.Is(err, codes.InputTooLarge) || len(k.asked) > 0 {
		t.Errorf("of too much: %v, %v, asked for %v", ratio, err, k.asked)
	}
}
