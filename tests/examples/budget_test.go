package examples

import (
	"math"
	"regexp"
	"strings"
	"testing"
)

// TestBudgets computes the figures that README, the header and the package's
// documentation give for the life of a key.
func TestBudgets(t *testing.T) {
	const bound = 0x1p-32
	if blocks := 0x1p48; blocks*blocks/0x1p129 >= bound || blocks*16 != 4*0x1p50 {
		t.Error("2^48 blocks are too many, or not 4 PiB")
	}
	for _, c := range []struct{ starts, ids float64 }{{92_000, 1}, {2_000, 1000}} {
		chance := c.starts * c.starts * (2*c.ids - 1) / 0x1p65
		if chance >= bound || chance < bound/1.1 {
			t.Errorf("%v starts with %v ids each: a chance of 2^%.2f", c.starts, c.ids, math.Log2(chance))
		}
	}
	for _, file := range []string{"README.md", "include/cachekit.h", "core/encryption/doc.go"} {
		text := readFile(t, root+"/"+file)
		text = regexp.MustCompile(`\s*\n(//| \*)?\s*`).ReplaceAllString(text, " ")
		for _, figure := range []string{"2^48", "4 PiB", "92,000", "2,000", "2^129", "2^-32", "SP 800-38D, section 8"} {
			if !strings.Contains(text, figure) {
				t.Errorf("%s does not say %s", file, figure)
			}
		}
	}
	text := readFile(t, root+"/SECURITY.md")
	for figure, ids := range map[string]float64{"1 in 37 million": 1, "1 in 18,000": 1000} {
		if one := 0x1p65 / (1e12 * (2*ids - 1)); !strings.Contains(text, figure) || math.Abs(one/map[float64]float64{1: 37e6, 1000: 18e3}[ids]-1) > 0.03 {
			t.Errorf("SECURITY.md should say %s: it is 1 in %.0f", figure, one)
		}
	}
}
