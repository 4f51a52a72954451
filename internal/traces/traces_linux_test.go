package traces

import (
	"encoding/binary"
	"testing"
)

func TestCount(t *testing.T) {
	const p = Payload(7)
	var some [40]byte
	p.Fill(some[:])
	first, second := binary.LittleEndian.Uint64(some[:]), binary.LittleEndian.Uint64(some[8:])
	fifth := binary.LittleEndian.Uint64(some[32:])
	stranger := uint64(p.high(0)) << 32 // looks like a word of p, and is none
	for _, c := range []struct {
		name  string
		words [2]uint64
		want  int
	}{
		{"neighbours", [2]uint64{first, second}, 1},
		{"words from two places", [2]uint64{fifth, first}, 1},
		{"a word twice", [2]uint64{first, first}, 1},
		{"a word, and none", [2]uint64{first, 1}, 0},
		{"what looks like a word, twice", [2]uint64{stranger, stranger}, 0},
	} {
		for offset := range 8 {
			var b [40]byte
			binary.LittleEndian.PutUint64(b[8+offset:], c.words[0])
			binary.LittleEndian.PutUint64(b[16+offset:], c.words[1])
			if got := p.count(b[:]); got != c.want {
				t.Errorf("%s, at %d: %d, not %d", c.name, 8+offset, got, c.want)
			}
			if got := (p + 1).count(b[:]); got != 0 {
				t.Errorf("%s, at %d: %d of another payload", c.name, 8+offset, got)
			}
		}
	}
}
