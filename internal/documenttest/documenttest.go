// Package documenttest makes MessagePack documents for tests.
package documenttest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// Seeds gives a fuzz target documents good and bad.
func Seeds(f *testing.F) {
	rng := rand.New(rand.NewPCG(21, 34))
	for range 20 {
		doc := Canonical(Value(rng, 3))
		f.Add(doc)
		f.Add(Loosen(rng, doc))
		f.Add(doc[:len(doc)-1])
	}
	for _, doc := range []string{
		"", "\xc1", "\x92\xc0\xc1", "\xcd\x01", "\xa2a", "\xd8\x05abc", "\xd4", "\x81\xa1a", "\x92\xa2ab", "\x93\x92\xc0\xc0\xc0",
		"\xc0\xc0", "\x90\x00\x00", "\xa1\xff", "\x81\x81\x01\x02\x03", "\x81\x01\x02", "\xd4\x05a", "\xc7\x00\x05", "\xc9\xff\xff\xff\xff\x05A",
		"C", "CK\x03", "CK\x03\x00\x00\x00\x02{}", "CK\x04\x00\x00\x00\x02{}",
		"\xdd\xff\xff\xff\xff", "\xdf\x80\x00\x00\x00", "\x91\xdd\xff\xff\xff\xff", "\x92\xdc\x00\x00", "\x82\xde\x00\x00\xc0",
		"\x82\xa1a\x01\xd9\x01a\x02", "\x82\xa1b\x01\xa1a\xca\x3f\xc0\x00\x00", "\x91\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
		"\x92\xca\x40\x00\x00\x00\xcb\x43\xf0\x00\x00\x00\x00\x00\x00", strings.Repeat("\x91", limits.MaxNesting) + "\xc0",
		strings.Repeat("\x81\xa0", limits.MaxNesting+1) + "\xc0", strings.Repeat("\xdc\x07\xd0", 30) + strings.Repeat("\xc0", 2000),
	} {
		f.Add([]byte(doc))
	}
}

// Value makes a Go value of the types that interop.Parse returns, of at most depth
// levels.
func Value(rng *rand.Rand, depth int) any {
	kinds := 10
	if depth == 0 {
		kinds = 8
	}
	switch rng.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return rng.IntN(2) == 0
	case 2:
		return int64(rng.Uint64()) >> rng.IntN(64)
	case 3:
		return 1<<63 | rng.Uint64()
	case 4:
		return float64(rng.IntN(2000)-1000) / 8
	case 5:
		return math.Ldexp(rng.Float64()-0.5, rng.IntN(2000)-1000)
	case 6:
		return randomText(rng)
	case 7:
		return []byte(randomText(rng))
	case 8:
		items := make([]any, rng.IntN(20))
		for i := range items {
			items[i] = Value(rng, depth-1)
		}
		return items
	}
	m := map[string]any{}
	for range rng.IntN(20) {
		m[randomText(rng)] = Value(rng, depth-1)
	}
	return m
}

func randomText(rng *rand.Rand) string {
	letters := []rune("abcdeA-_é✓\uff61\U00010000\x00")
	text := make([]rune, rng.IntN(8))
	if rng.IntN(20) == 0 {
		text = make([]rune, rng.IntN(400))
	}
	for i := range text {
		text[i] = letters[rng.IntN(len(letters))]
	}
	return string(text)
}

// Canonical is the canonical form of what Value makes, written as plainly as can be.
func Canonical(v any) []byte { return appendCanonical(nil, v) }

func appendCanonical(out []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return msgpack.Append(out, msgpack.Nil, 0)
	case bool:
		if v {
			return msgpack.Append(out, msgpack.True, 0)
		}
		return msgpack.Append(out, msgpack.False, 0)
	case int64:
		if v < 0 {
			return msgpack.Append(out, msgpack.Int, uint64(v))
		}
		return msgpack.Append(out, msgpack.Uint, uint64(v))
	case uint64:
		return msgpack.Append(out, msgpack.Uint, v)
	case float64:
		return msgpack.Append(out, msgpack.Float64, math.Float64bits(v))
	case string:
		return append(msgpack.Append(out, msgpack.String, uint64(len(v))), v...)
	case []byte:
		return append(msgpack.Append(out, msgpack.Bin, uint64(len(v))), v...)
	case []any:
		out = msgpack.Append(out, msgpack.Array, uint64(len(v)))
		for _, item := range v {
			out = appendCanonical(out, item)
		}
		return out
	case map[string]any:
		out = msgpack.Append(out, msgpack.Map, uint64(len(v)))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = appendCanonical(appendCanonical(out, name), v[name])
		}
		return out
	}
	panic(fmt.Sprintf("Value makes no %T", v))
}

// Loosen rewrites a document into another that means the same value: maps in random
// order, headers and integers of random width, and float32 where that loses nothing.
// The document must be one that has a canonical form.
func Loosen(rng *rand.Rand, doc []byte) []byte { return loosen(rng, doc, false) }

// LoosenArguments is Loosen for arguments, of which equal numbers are the same: it
// also puts floats in the place of integers.
func LoosenArguments(rng *rand.Rand, doc []byte) []byte { return loosen(rng, doc, true) }

func loosen(rng *rand.Rand, doc []byte, arguments bool) []byte {
	out, rest := loosenItem(rng, nil, doc, arguments)
	if len(rest) > 0 {
		panic("more than one document")
	}
	return out
}

func loosenItem(rng *rand.Rand, out, in []byte, arguments bool) (loose, rest []byte) {
	h := msgpack.Next(in)
	in = in[h.Size:]
	switch h.Kind {
	case msgpack.Uint, msgpack.Int:
		f := float64(int64(h.N))
		if h.Kind == msgpack.Uint {
			f = float64(h.N)
		}
		same := h.Kind == msgpack.Uint && f < 1<<64 && uint64(f) == h.N || h.Kind == msgpack.Int && int64(f) == int64(h.N)
		if arguments && same && rng.IntN(3) == 0 {
			return appendLooseFloat(rng, out, f), in
		}
		return appendLooseInt(rng, out, h), in
	case msgpack.Float32, msgpack.Float64:
		f := math.Float64frombits(h.N)
		if h.Kind == msgpack.Float32 {
			f = float64(math.Float32frombits(uint32(h.N)))
		}
		return appendLooseFloat(rng, out, f), in
	case msgpack.String:
		return append(appendLoose(rng, out, h, 0xd9, 1), in[:h.N]...), in[h.N:]
	case msgpack.Bin:
		return append(appendLoose(rng, out, h, 0xc4, 1), in[:h.N]...), in[h.N:]
	case msgpack.Array:
		out = appendLoose(rng, out, h, 0xdc, 2)
		for range h.N {
			out, in = loosenItem(rng, out, in, arguments)
		}
		return out, in
	case msgpack.Map:
		out = appendLoose(rng, out, h, 0xde, 2)
		pairs := make([][]byte, h.N)
		for i := range pairs {
			pairs[i], in = loosenItem(rng, nil, in, arguments)
			pairs[i], in = loosenItem(rng, pairs[i], in, arguments)
		}
		rng.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		for _, pair := range pairs {
			out = append(out, pair...)
		}
		return out, in
	}
	return msgpack.Append(out, h.Kind, h.N), in
}

// appendLoose writes a header in its shortest form or one of the wider ones,
// whose first bytes follow each other from the one of least width on.
func appendLoose(rng *rand.Rand, out []byte, h msgpack.Header, first byte, least int) []byte {
	var wider []int
	for i, width := 0, least; width <= 4; i, width = i+1, 2*width {
		if h.N>>(8*width) == 0 {
			wider = append(wider, i)
		}
	}
	pick := rng.IntN(len(wider) + 1)
	if pick == len(wider) {
		return msgpack.Append(out, h.Kind, h.N)
	}
	return appendNumber(append(out, first+byte(wider[pick])), h.N, least<<wider[pick])
}

func appendLooseInt(rng *rand.Rand, out []byte, h msgpack.Header) []byte {
	for range 8 {
		i := rng.IntN(8) // cc..cf and d0..d3
		doc := appendNumber([]byte{0xcc + byte(i)}, h.N, 1<<(i&3))
		if got := msgpack.Next(doc); got.Kind == h.Kind && got.N == h.N {
			return append(out, doc...)
		}
	}
	return msgpack.Append(out, h.Kind, h.N)
}

func appendLooseFloat(rng *rand.Rand, out []byte, f float64) []byte {
	if float64(float32(f)) == f && rng.IntN(2) == 0 {
		return msgpack.Append(out, msgpack.Float32, uint64(math.Float32bits(float32(f))))
	}
	return msgpack.Append(out, msgpack.Float64, math.Float64bits(f))
}

func appendNumber(out []byte, n uint64, width int) []byte {
	return append(out, binary.BigEndian.AppendUint64(nil, n)[8-width:]...)
}

// Reverse rewrites a canonical document with every map in reverse order.
func Reverse(doc []byte) []byte {
	out, rest := reverse(nil, doc)
	if len(rest) > 0 {
		panic("more than one document")
	}
	return out
}

func reverse(out, in []byte) (reversed, rest []byte) {
	h := msgpack.Next(in)
	out = append(out, in[:h.Size]...)
	in = in[h.Size:]
	switch h.Kind {
	case msgpack.String, msgpack.Bin:
		return append(out, in[:h.N]...), in[h.N:]
	case msgpack.Array:
		for range h.N {
			out, in = reverse(out, in)
		}
	case msgpack.Map:
		pairs := make([][]byte, h.N)
		for i := range pairs {
			pairs[i], in = reverse(nil, in)
			pairs[i], in = reverse(pairs[i], in)
		}
		slices.Reverse(pairs)
		out = append(out, bytes.Join(pairs, nil)...)
	}
	return out, in
}
