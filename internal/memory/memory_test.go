package memory

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var sizes = []int{0, 1, 31, part - 1, part, part + 1, 3*part + 7}

func TestClearReachesEachByteAndNoOther(t *testing.T) {
	const edge = 64
	for _, n := range sizes {
		b := bytes.Repeat([]byte{0xAA}, edge+n+edge)
		Clear(b[edge:][:n])
		want := bytes.Repeat([]byte{0xAA}, len(b))
		copy(want[edge:], make([]byte, n))
		if !bytes.Equal(b, want) {
			t.Errorf("%d bytes: wrong", n)
		}
	}
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * i >> 7)
	}
	return b
}

func TestCopies(t *testing.T) {
	for _, n := range sizes {
		b := pattern(n)
		room := bytes.Repeat([]byte{0xAA}, n+2)
		Copy(room[1:n+1], b)
		if !bytes.Equal(room[1:n+1], b) || room[0] != 0xAA || room[n+1] != 0xAA {
			t.Errorf("Copy of %d bytes: wrong", n)
		}
		if c := Clone(b); c == nil || !bytes.Equal(c, b) || n > 0 && &c[0] == &b[0] {
			t.Errorf("Clone of %d bytes: wrong", n)
		}
		if s := String(b); s != string(b) || !bytes.Equal(Bytes(s), b) {
			t.Errorf("String of %d bytes: wrong", n)
		}
	}
}

func TestMoveUp(t *testing.T) {
	for _, n := range sizes {
		for _, by := range []int{0, 1, 100, part - 1, part, part + 1, 2*part + 5, n, n + 9} {
			b := append(pattern(by+n), 0xAA)
			want := bytes.Clone(b)
			copy(want[by:], pattern(n))
			MoveUp(b, by, n)
			if !bytes.Equal(b, want) {
				t.Errorf("%d bytes by %d: wrong", n, by)
			}
		}
	}
}

func TestAppendAndGrow(t *testing.T) {
	for _, n := range sizes {
		for _, m := range sizes {
			for _, room := range []int{0, 1, m, m + 100} {
				dst := append(make([]byte, 0, n+room), pattern(n)...)
				full := dst[:cap(dst)]
				got := Append(dst, pattern(m))
				if !bytes.Equal(got[:n], pattern(n)) || !bytes.Equal(got[n:], pattern(m)) {
					t.Fatalf("%d bytes to %d: wrong", m, n)
				}
				if room >= m && len(full) > 0 && &got[:1][0] != &full[0] {
					t.Fatalf("%d bytes to %d: there was room", m, n)
				}
				if grown := Grow(dst, m); cap(grown)-len(grown) < m || !bytes.Equal(grown, dst) {
					t.Fatalf("Grow of %d by %d: wrong", n, m)
				}
			}
		}
	}
}

func TestCompare(t *testing.T) {
	for _, n := range sizes {
		for _, m := range sizes {
			a, b := pattern(n), pattern(m)
			if got, want := Compare(a, b), bytes.Compare(a, b); got != want {
				t.Errorf("%d and %d bytes: %d, want %d", n, m, got, want)
			}
		}
		for _, at := range []int{0, part - 1, part, n - 1} {
			if at < 0 || at >= n {
				continue
			}
			a, b := pattern(n), pattern(n)
			b[at]++
			if got, want := Compare(a, b), bytes.Compare(a, b); got != want {
				t.Errorf("byte %d of %d: %d, want %d", at, n, got, want)
			}
		}
	}
}

// What counts is where the parts meet: every character and every mistake is put
// across that place, in each way.
func TestValidUTF8(t *testing.T) {
	for _, piece := range []string{"", "a", "é", "€", "😀", "\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80",
		"\xc0\x80", "\x80\x80\x80\x80", "é\x80", "😀\x80", strings.Repeat("\x80", 9), "\xf4\x90\x80\x80", "\xff"} {
		for before := part - 12; before <= part+2; before++ {
			for _, after := range []string{"", "b", "é", strings.Repeat("c", part)} {
				b := slices.Concat(bytes.Repeat([]byte("x"), before), []byte(piece), []byte(after))
				if got, want := ValidUTF8(b), utf8.Valid(b); got != want {
					t.Fatalf("%q behind %d bytes, before %d: %v, want %v", piece, before, len(after), got, want)
				}
			}
		}
	}
}
