//go:build unix

package lz4block

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

// guarded is memory between two pages that fault when they are touched.
type guarded []byte

func newGuarded(tb testing.TB, size int) guarded { return bytetest.Guarded(tb, size) }

// first and last return n bytes, gap bytes away from a guard page.
func (g guarded) first(n, gap int) []byte { return g[gap : gap+n : gap+n] }
func (g guarded) last(n, gap int) []byte {
	end := len(g) - gap
	return g[end-n : end : end]
}

// TestGuardPages encodes and decodes, damaged blocks and in place too, with
// each buffer against a guard page, behind it and before it, for every length
// and alignment.
func TestGuardPages(t *testing.T) {
	const maxLen = sizes.ShortMax
	src, dst := newGuarded(t, maxLen), newGuarded(t, 2*maxLen)
	r := rand.New(rand.NewPCG(7, 8))
	eachPath(t, func(path string) {
		for n := 0; n <= maxLen; n++ {
			// Every gap, that is every alignment, against both guards takes
			// long; by default each length gets one more than none.
			gaps := []int{0, 1 + n%15}
			if long {
				gaps = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
			}
			for i, gap := range gaps {
				for j, kind := range kinds {
					if !long && (n+i+j)%2 == 0 {
						continue
					}
					name := fmt.Sprintf("%s: %d bytes of %s, gap %d", path, n, kind, gap)
					data := generate(kind, uint64(n), n)
					block := encode(data)
					for _, place := range []func(guarded, int, int) []byte{guarded.first, guarded.last} {
						for _, other := range []func(guarded, int, int) []byte{guarded.first, guarded.last} {
							checkGuarded(t, name, data, block, func(n int) []byte { return place(src, n, gap) }, func(n int) []byte { return other(dst, n, gap) }, r)
						}
					}
				}
			}
		}
	})
}

// TestGuardPagesEncoders encodes inputs for each of the encoders, which share
// the code that reads and writes ahead, against guard pages on both sides.
func TestGuardPagesEncoders(t *testing.T) {
	edges := append(sizes.Encoder(), sizes.Levels()...)
	maxLen := slices.Max(edges) + 64<<10
	src, dst := newGuarded(t, maxLen), newGuarded(t, Bound(maxLen))
	eachPath(t, func(path string) {
		for _, kind := range kinds {
			data := generate(kind, 9, maxLen)
			for i, edge := range edges {
				for more := -24; more < 24; more++ {
					if n := max(edge+more, 0); !long && more != 0 && more != 1 && (i+n)%5 != 0 {
						continue
					}
					at := 7919 * (more + 24) % (64 << 10)
					want := data[at : at+max(edge+more, 0)]
					for _, place := range []func(guarded, int, int) []byte{guarded.first, guarded.last} {
						in, out := place(src, len(want), 0), place(dst, Bound(len(want)), 0)
						for _, level := range []int{limits.MinLevel, limits.MinLevel + 1 + (i+more+24)%4, limits.MaxLevel - (i+more+24)%4} {
							copy(in, want)
							block := out[:EncodeLevel(out, in, level)]
							got := in[:len(want):len(want)]
							clear(got)
							if m, err := Decode(got, block); err != nil || !bytes.Equal(got[:m], want) {
								t.Fatalf("%s: %d bytes of %s at %d, level %d: decoding gives %d bytes, error %v", path, len(want), kind, at, level, m, err)
							}
						}
					}
				}
			}
		}
	})
}

// TestGuardPagesRepeats decodes matches that repeat themselves, of every offset
// up to 70, lengths around each limit of the decoder, and so many literals
// behind them that the fast copies have room, or not.
func TestGuardPagesRepeats(t *testing.T) {
	var lengths []int
	for n := 4; n <= sizes.MaxFar+44; n++ {
		lengths = append(lengths, n)
	}
	for _, edge := range []int{sizes.MaxMatch / 2, sizes.MaxMatch, 2 * sizes.MaxMatch, 4 * sizes.MaxMatch} {
		for n := edge - 20; n < edge+20; n++ {
			lengths = append(lengths, n)
		}
	}
	maxLen := slices.Max(lengths) + 256
	src, dst := newGuarded(t, maxLen), newGuarded(t, maxLen)
	text := generate("random", 3, 256)
	eachPath(t, func(path string) {
		for offset := 1; offset <= 70; offset++ {
			for _, n := range lengths {
				tails := []int{5 + n%13, 18 + n%23, 60}
				if long {
					tails = []int{5, 6, 7, 8, 11, 12, 13, 16, 20, 27, 28, 31, 32, 33, 40, 43, 48, 64, 80}
				}
				for _, tail := range tails {
					want := bytes.Clone(text[:offset])
					block := withSequence(nil, want, offset, n)
					for len(want) < offset+n {
						want = append(want, want[len(want)-offset])
					}
					want = append(want, text[100:100+tail]...)
					block = withSequence(block, text[100:100+tail], 0, 0)
					in, out := src.last(len(block), 0), dst.last(len(want), 0)
					copy(in, block)
					clear(out)
					if got, err := Decode(out, in); err != nil || !bytes.Equal(out[:got], want) {
						t.Fatalf("%s: offset %d, match of %d, then %d literals: decoding gives %d bytes, error %v", path, offset, n, tail, got, err)
					}
				}
			}
		}
	})
}

// withSequence appends literals and a match to a block; without an offset, the
// last sequence.
func withSequence(block, literals []byte, offset, match int) []byte {
	nibble := func(n int) int { return min(n, 15) }
	extension := func(n int) {
		for n -= 15; n >= 0; n -= 255 {
			block = append(block, byte(min(n, 255)))
		}
	}
	token := nibble(len(literals)) << 4
	if offset > 0 {
		token |= nibble(match - 4)
	}
	block = append(block, byte(token))
	extension(len(literals))
	block = append(block, literals...)
	if offset > 0 {
		block = append(block, byte(offset), byte(offset>>8))
		extension(match - 4)
	}
	return block
}

func checkGuarded(t *testing.T, name string, data, block []byte, src, dst func(int) []byte, r *rand.Rand) {
	t.Helper()
	in, out := src(len(data)), dst(Bound(len(data)))
	copy(in, data)
	if n := Encode(out, in); !bytes.Equal(out[:n], block) {
		t.Fatalf("%s: another block", name)
	}
	level := limits.MinLevel + 1 + r.IntN(limits.MaxLevel-limits.MinLevel)
	hard := bytes.Clone(out[:EncodeLevel(out, in, level)])
	check := make([]byte, len(data))
	if n, err := Decode(check, hard); err != nil || !bytes.Equal(check[:n], data) {
		t.Fatalf("%s, level %d: decoding gives %d bytes, error %v", name, level, n, err)
	}
	block = bytes.Clone(block)
	last, _ := lastSequence(block)
	block[last] |= byte(r.IntN(16)) // without a meaning there
	in, out = src(len(block)), dst(len(data))
	copy(in, block)
	if n, err := Decode(out, in); err != nil || !bytes.Equal(out[:n], data) {
		t.Fatalf("%s: decoding gives %d bytes, error %v", name, n, err)
	}
	Decode(dst(r.IntN(len(data)+1)), in)
	buf := dst(len(data) + InPlaceMargin(len(block)))
	in = buf[len(buf)-len(block):]
	copy(in, block)
	if n, err := Decode(buf[:len(data)], in); err != nil || !bytes.Equal(buf[:n], data) {
		t.Fatalf("%s: decoding in place gives %d bytes, error %v", name, n, err)
	}
	damaged := bytes.Clone(block)
	damage(r, &damaged)
	damaged = damaged[:min(len(damaged), len(block))]
	in = src(len(damaged))
	copy(in, damaged)
	Decode(dst(len(data)), in)
	in = buf[len(buf)-len(damaged):]
	copy(in, damaged)
	Decode(buf[:len(data)], in)
}
