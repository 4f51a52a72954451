package lz4block

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

func encodeAt(data []byte, level int) []byte {
	block := make([]byte, Bound(len(data)))
	return block[:EncodeLevel(block, data, level)]
}

// TestLevels: every level writes blocks that come back, within the bound and by the
// rules for the end of a block, and the sizes of a kind fall from level to level.
func TestLevels(t *testing.T) {
	lib := startLiblz4(t)
	for _, kind := range kinds {
		total := make([]int, limits.MaxLevel+1)
		for _, n := range append(around(sizes.Encoder(), 3), sizes.FewMax, 0, 1, 2, 3, 4, 1<<20) {
			data := generate(kind, uint64(n), n)
			for level := limits.MinLevel; level <= limits.MaxLevel; level++ {
				name := fmt.Sprintf("%d bytes of %s at level %d", n, kind, level)
				block := encodeAt(data, level)
				total[level] += len(block)
				if err := endsByTheRules(block, n); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got, err := decodings(t, name, block, n)
				if err != nil || !bytes.Equal(got, data) {
					t.Fatalf("%s: %d bytes, error %v", name, len(got), err)
				}
				lib.agrees(t, name, block, n, got, err)
			}
		}
		t.Logf("%s: %d", kind, total[1:])
	}
}

// TestSearchesAgree: the two searches find the same, so that blocks do not depend on
// the machine.
func TestSearchesAgree(t *testing.T) {
	if !haveAssembly {
		t.Skip("SKIPPED: no assembly for this machine")
	}
	for _, kind := range kinds {
		for _, n := range append(around(sizes.Encoder(), 3), sizes.FewMax, 0, 1, 2, 3, 4, 1<<20) {
			data := generate(kind, uint64(n), n)
			for level := limits.MinLevel + 1; level <= limits.MaxLevel; level++ {
				var first []byte
				eachPath(t, func(path string) {
					block := encodeAt(data, level)
					if first == nil {
						first = block
					} else if !bytes.Equal(block, first) {
						t.Fatalf("%d bytes of %s at level %d: two blocks, of %d and %d bytes", n, kind, level, len(first), len(block))
					}
				})
			}
		}
	}
}
