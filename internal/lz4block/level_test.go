package lz4block

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

func encodeAt(data []byte, level int) []byte {
	block := make([]byte, Bound(len(data)))
	return block[:EncodeLevel(block, data, level)]
}

// TestLevels: every level writes blocks that come back, the same on each path, and what
// it takes in all falls from level to level.
func TestLevels(t *testing.T) {
	lib := startLiblz4(t)
	sum := make([]int, limits.MaxLevel+1)
	for _, kind := range kinds {
		total := make([]int, limits.MaxLevel+1)
		for _, n := range append(around(sizes.Levels(), 1), 0, 1, 2, 3, 4, 1<<18) {
			data := generate(kind, uint64(n), n)
			for level := limits.MinLevel; level <= limits.MaxLevel; level++ {
				name := fmt.Sprintf("%d bytes of %s at level %d", n, kind, level)
				block := encodeAlike(t, name, data, level)
				if lib != nil && !bytes.Equal(lib.decode(t, block, n), data) {
					t.Fatalf("%s: liblz4 does not decode it", name)
				}
				eachPath(t, func(path string) {
					got := make([]byte, n)
					if m, err := Decode(got, block); err != nil || !bytes.Equal(got[:m], data) {
						t.Fatalf("%s: %s does not decode it: %v", name, path, err)
					}
				})
				size := len(encodeAt(data, level))
				total[level] += size
				sum[level] += size
			}
		}
		t.Logf("%s: %d", kind, total[1:])
		// The first level is another search, on the portable path that of a library,
		// which is better than the second at kinds with few different bytes.
		for level := limits.MinLevel + 2; level <= limits.MaxLevel; level++ {
			if last := total[level-1]; total[level] > last+last/500 {
				t.Errorf("%s takes %d bytes at level %d, after %d", kind, total[level], level, last)
			}
		}
	}
	for level := limits.MinLevel + 1; level <= limits.MaxLevel; level++ {
		if sum[level] >= sum[level-1] {
			t.Errorf("all takes %d bytes at level %d, after %d", sum[level], level, sum[level-1])
		}
	}
}

func TestFirstLevelIsEncode(t *testing.T) {
	eachPath(t, func(path string) {
		for _, kind := range kinds {
			for _, n := range around(sizes.Encoder(), 1) {
				data := generate(kind, 3, n)
				if !bytes.Equal(encodeAt(data, limits.MinLevel), encode(data)) {
					t.Fatalf("%s: %d bytes of %s: another block", path, n, kind)
				}
			}
		}
	})
}

func TestLevelPanics(t *testing.T) {
	eachPath(t, func(path string) {
		for _, c := range []struct{ short, level int }{{0, limits.MinLevel - 1}, {0, limits.MaxLevel + 1}, {0, -1},
			{1, limits.MinLevel}, {1, limits.MinLevel + 1}, {1, limits.MaxLevel}} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic at level %d with %d bytes missing", path, c.level, c.short)
					}
				}()
				EncodeLevel(make([]byte, Bound(100)-c.short), make([]byte, 100), c.level)
			}()
		}
	})
}

// TestLevelsAgainstLiblz4: what the last level writes is at most 0.5 % larger than what
// liblz4 does at its level of that number, in kinds that caches have.
func TestLevelsAgainstLiblz4(t *testing.T) {
	lib := startLiblz4(t)
	if lib == nil {
		t.Skip("SKIPPED: no liblz4")
	}
	for _, kind := range []string{"json", "msgpack", "text", "repetitive"} {
		for _, n := range []int{1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10} {
			ours, theirs := 0, 0
			for i := range min(max(1<<18/n, 1), 16) {
				data := generate(kind, uint64(i), n)
				ours += len(encodeAt(data, limits.MaxLevel))
				theirs += len(lib.encodeHC(t, data))
			}
			t.Logf("%d bytes of %s: %+.2f %%", n, kind, 100*(float64(ours)/float64(theirs)-1))
			if ours > theirs+theirs/200 {
				t.Errorf("%d bytes of %s take %d bytes, and %d by liblz4", n, kind, ours, theirs)
			}
		}
	}
}

// hardInputs are what a search could take long for: much that is alike, and little that
// is gained from it.
var hardInputs = map[string]func(n int) []byte{
	"zeros": func(n int) []byte { return make([]byte, n) },
	"ab":    func(n int) []byte { return bytes.Repeat([]byte("ab"), n/2) },
	// Just near enough, just too far, and as far as positions tell apart.
	"period 65535": func(n int) []byte { return repeated(65535, n) },
	"period 65536": func(n int) []byte { return repeated(65536, n) },
	"period 65537": func(n int) []byte { return repeated(65537, n) },
	"period 60000": func(n int) []byte { return repeated(60000, n) },
	// Runs of zeros that all end differently.
	"runs": func(n int) []byte {
		b := make([]byte, n)
		for i, noise := 0, generate("random", 1, n); i < n; i += 90 + int(noise[i])%40 {
			b[i] = noise[i]
		}
		return b
	},
	// The same four bytes everywhere, between others.
	"words": func(n int) []byte {
		b := generate("random", 2, n)
		for i := 0; i+4 < n; i += 6 {
			copy(b[i:], "word")
		}
		return b
	},
	// Every place is like those before for as long as it is worth while to go on, and
	// then is not.
	"alike": func(n int) []byte {
		b, noise := bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyz"), n/36+1)[:n], generate("random", 3, n)
		for i := 0; i < n; i += sizes.LongEnough - 8 + int(noise[i])%16 {
			b[i] = noise[i]
		}
		return b
	},
}

func repeated(period, n int) []byte {
	return bytes.Repeat(generate("random", 5, period), n/period+1)[:n]
}

// TestHardInputs: what is hard takes no longer than it may. The bound is far above what
// it takes, which is less than a second, and far below what it would take if it
// grew with the square of the size, or by the length of each match.
func TestHardInputs(t *testing.T) {
	const size, bound = 2 << 20, 20 * time.Second
	for name, input := range hardInputs {
		data := input(size)
		for _, level := range []int{limits.MinLevel + 1, 5, limits.MaxLevel} {
			eachPath(t, func(path string) {
				began := time.Now()
				block := encodeAt(data, level)
				took := time.Since(began)
				t.Logf("%s, level %d (%s): %d bytes after %v", name, level, path, len(block), took)
				if took > bound {
					t.Errorf("%s, level %d (%s): took %v", name, level, path, took)
				}
				out := make([]byte, len(data))
				if n, err := Decode(out, block); err != nil || !bytes.Equal(out[:n], data) {
					t.Errorf("%s, level %d (%s): %d bytes, error %v", name, level, path, n, err)
				}
			})
		}
	}
}

// TestLongMatches: matches longer than a search measures are one sequence, whether they
// end there or later, and so are those of a whole input.
func TestLongMatches(t *testing.T) {
	random := generate("random", 4, 1<<20)
	for _, n := range append(around([]int{sizes.MaxMeasure, 2 * sizes.MaxMeasure}, 12), 300_000) {
		part := random[:40_000]
		data := slices.Concat(part, repeatedFrom(part, n), random[500_000:500_100])
		for level := limits.MinLevel + 1; level <= limits.MaxLevel; level++ {
			block := encodeAlike(t, "long match", data, level)
			got, err := decodings(t, "long match", block, len(data))
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%d bytes at level %d: %d bytes, error %v", n, level, len(got), err)
			}
			if want := len(part) + len(part)/255 + n/255 + 120; len(block) > want {
				t.Errorf("match of %d bytes, level %d: %d bytes, want %d at most", n, level, len(block), want)
			}
		}
	}
}

// repeatedFrom goes on after part with n bytes that repeat it.
func repeatedFrom(part []byte, n int) []byte {
	return bytes.Repeat(part, n/len(part)+1)[:n]
}

// TestPositionsWrapAround: positions in the tables have 16 bits. A match at the far end
// of what an offset can say is found, one beyond it is not taken for one.
func TestPositionsWrapAround(t *testing.T) {
	marks := generate("random", 7, 64)
	for _, far := range []int{65534, 65535, 65536, 65537, 131071, 131072} {
		// Little that is different, or the rows would be full of what lies between.
		data := generate("repetitive", 6, 300_000)
		const at = 150_000
		copy(data[at:], marks)
		copy(data[at-far:], marks)
		for _, level := range []int{2, 5, 6, limits.MaxLevel} {
			block := encodeAlike(t, "marks", data, level)
			got, err := decodings(t, "marks", block, len(data))
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("offset %d, level %d: %d bytes, error %v", far, level, len(got), err)
			}
			if once := bytes.Count(block, marks) == 1; once != (far <= maxOffset) {
				t.Errorf("offset %d, level %d: the marks stand in the block once: %v", far, level, once)
			}
		}
	}
}
