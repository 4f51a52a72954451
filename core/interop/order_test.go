package interop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/cachekit-go/cachekit-core/core"
)

// manyMaps is an array of n maps of two pairs that are not in order.
func manyMaps(n int) []byte {
	return append([]byte{0xdd, 0, byte(n >> 16), byte(n >> 8), byte(n)}, strings.Repeat("\x82\xa1z\xc0\xa1a\x81\xa1x\xc3", n)...)
}

// Whoever shares the memory of a document may write to it between the check and the
// use: a document with the summary of another one gives an error or anything, but
// no panic, no endless recursion and no write beyond its place.
func TestADocumentThatChangesMeanwhile(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 9))
	docs := [][]byte{
		[]byte(strings.Repeat("\x91", 1<<20)),
		[]byte(strings.Repeat("\x81\xa0", 1<<20)),
		[]byte("\x91" + strings.Repeat("\x82\xa1b\xc0\xa1a", 1<<20)),
		[]byte(strings.Repeat("\xdf\xff\xff\xff\xff", 10)),
		[]byte("\xdd\xff\xff\xff\xff"), []byte("\xdb\xff\xff\xff\xff"), []byte("\xc6\xff\xff\xff\xff"),
		[]byte("\x82\xc6\x00"), []byte("\x82"), {}, {0xc1}, []byte("\xd4\x01"),
	}
	var summaries []summary
	for range 200 {
		doc, err := Value(randomValue(rng, 4))
		if err != nil {
			t.Fatal(err)
		}
		doc = loosen(rng, doc, values)
		s, err := scan(doc, values)
		if err != nil {
			t.Fatal(err)
		}
		summaries = append(summaries, s)
		for range 3 {
			changed := bytes.Clone(doc)
			for range 1 + rng.IntN(4) {
				changed[rng.IntN(len(doc))] = []byte{0x82, 0xdf, 0x93, 0xc6, 0xa3, byte(rng.Uint32())}[rng.IntN(6)]
			}
			docs = append(docs, changed)
		}
	}
	for _, doc := range docs {
		for _, s := range summaries[rng.IntN(100):][:20] {
			for _, s.sorted = range []bool{false, true} {
				s.canonical = false
				dst := bytes.Repeat([]byte{0xaa}, s.size+8)
				err := heap.write(dst[:s.size], doc, s)
				if !bytes.Equal(dst[s.size:], bytes.Repeat([]byte{0xaa}, 8)) {
					t.Fatalf("%.40x was written beyond its place", doc)
				}
				if err != nil && !bytes.Equal(dst[:s.size], make([]byte, s.size)) {
					t.Fatalf("%.40x left something behind after %v", doc, err)
				}
				_, _ = heap.digest(doc, s)
			}
		}
		p := parser{doc: doc, owed: 1}
		_, _ = p.next(0)
	}
	for name, doc := range map[string][]byte{"arrays": docs[0], "maps": docs[1]} {
		s := summary{size: len(doc), pairs: len(doc)}
		for _, s.sorted = range []bool{false, true} {
			if err := heap.write(make([]byte, len(doc)), doc, s); err != errTooDeep {
				t.Errorf("%s, sorted %t: %v", name, s.sorted, err)
			}
		}
		p := parser{doc: doc, owed: 1}
		if _, err := p.next(0); err != errTooDeep {
			t.Errorf("%s parsed: %v", name, err)
		}
	}
}

// Nor is work without end made of it, or memory.
func TestADocumentThatGrowsMeanwhile(t *testing.T) {
	// All ten values of a map have become one and the same map, 30 times over.
	w := newWriter(append([]byte("\xde\x00\x0a\xa1a\xde\x00\x0a\xa1b\xc0"), make([]byte, 100)...), arguments)
	defer w.free()
	for level := range 30 {
		for range 10 {
			w.pairs = append(w.pairs, newPair(3, 10*(level+1)))
		}
	}
	for range 10 {
		w.pairs = append(w.pairs, newPair(8, len(w.pairs)))
	}
	w.hash, _ = blake2b.New256(nil)
	w.left = 1 << 20
	w.out = make([]byte, 0, 1000)
	if _, _, err := w.item(0, 0, 0); err != errMalformed {
		t.Errorf("10^30 items: %v", err)
	}

	var claims []byte
	for range 99 {
		claims = append(claims, 0xdd, 0, 0, 0xf0, 0)
	}
	claims = append(claims, make([]byte, 64<<10)...)
	p := parser{doc: claims, owed: 1}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := p.next(0); err != errOverclaim {
		t.Errorf("claims that add up: %v", err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("%d bytes for a document of %d", n, len(claims))
	}
}

// Memory is asked for once, for 8 bytes a pair, given back whatever comes, and not
// asked for where it is not needed.
func TestMemoryForPairs(t *testing.T) {
	var asked []int
	given := 0
	m := Memory{
		Get: func(n int) []uint64 { asked = append(asked, n); given++; return make([]uint64, n) },
		Put: func(pairs []uint64) { given--; clear(pairs) },
	}
	none := Memory{Get: func(int) []uint64 { return nil }}
	many := manyMaps(fewPairs)
	twice := slices.Concat([]byte("\x92"), many, []byte("\x82\xa1a\x01\xa1a\x02"))
	inOrder := bytes.ReplaceAll(many, []byte("\xa1z\xc0\xa1a\x81\xa1x\xc3"), []byte("\xa1a\x81\xa1x\xc3\xa1z\xd0\x01"))
	for _, c := range []struct {
		name  string
		doc   []byte
		pairs int // 0: none are asked for
		want  error
	}{
		{"many", many, 3 * fewPairs, nil},
		{"in order", inOrder, 0, nil},
		{"few", manyMaps(fewPairs / 3), 0, nil},
		{"a key twice", twice, 3*fewPairs + 2, errDuplicate},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, call := range []func(m Memory) error{
				func(m Memory) error { _, err := m.EncodeCanonical(make([]byte, 2*len(c.doc)), c.doc); return err },
				func(m Memory) error {
					_, err := m.AppendKeyFromMsgpack(nil, "t", "op", slices.Concat([]byte("\x91"), c.doc))
					return err
				},
			} {
				asked = nil
				if err := call(m); err != c.want {
					t.Errorf("%v, want %v", err, c.want)
				}
				if given != 0 || (c.pairs == 0) != (len(asked) == 0) || c.pairs != 0 && !slices.Equal(asked, []int{c.pairs}) {
					t.Errorf("asked for %v, want %d; %d not given back", asked, c.pairs, given)
				}
				want := c.want
				if c.pairs != 0 {
					want = core.ErrOutOfMemory
				}
				if err := call(none); err != want {
					t.Errorf("without memory: %v, want %v", err, want)
				}
			}
		})
	}
}

// The same order, whether the pairs are few or many, and in memory of whose.
func TestOrderOfManyPairs(t *testing.T) {
	many := manyMaps(fewPairs)
	got, err := Canonical(many)
	want := append([]byte{0xdc, fewPairs >> 8, fewPairs & 0xff}, strings.Repeat("\x82\xa1a\x81\xa1x\xc3\xa1z\xc0", fewPairs)...)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%.40x, %v; want %.40x", got, err, want)
	}
	// More than the window holds, in pieces that are hashed.
	for _, doc := range [][]byte{many, slices.Concat([]byte("\x82\xa1b\xc0\xa1a\xdb\x00\x02\x00\x00"), make([]byte, 2<<16))} {
		args := slices.Concat([]byte("\x92\xc0"), doc)
		canonical, err := Canonical(args)
		if err != nil {
			t.Fatal(err)
		}
		got, err1 := KeyFromMsgpack("t", "op", args)
		want, err2 := KeyFromMsgpack("t", "op", canonical)
		if got != want || err1 != nil || err2 != nil {
			t.Errorf("%s, %v; want %s, %v", got, err1, want, err2)
		}
	}
}

// BenchmarkNested shows that the cost does not grow with the depth.
func BenchmarkNested(b *testing.B) {
	const size = 1 << 20
	for _, depth := range []int{1, 10, 90} {
		// The long string goes to the end of its map, at each level.
		doc := append(bytes.Repeat([]byte("\x82\xa1z\xc0\xa1a"), depth), 0xdb, size>>24, byte(size>>16), 0, 0)
		doc = append(doc, make([]byte, size)...)
		dst := make([]byte, 2*len(doc))
		b.Run(fmt.Sprintf("%d levels", depth), func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				if _, err := EncodeCanonical(dst, doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
