package document

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
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
	var summaries []Summary
	for range 200 {
		doc := documenttest.Loosen(rng, documenttest.Canonical(documenttest.Value(rng, 4)))
		s, err := Scan(doc, Values)
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
				err := write(dst[:s.size], memory.Make, doc, s)
				if !bytes.Equal(dst[s.size:], bytes.Repeat([]byte{0xaa}, 8)) {
					t.Fatalf("%.40x was written beyond its place", doc)
				}
				if err != nil && !bytes.Equal(dst[:s.size], make([]byte, s.size)) {
					t.Fatalf("%.40x left something behind after %v", doc, err)
				}
				_, _ = digest(memory.Make, doc, s)
			}
		}
	}
	for name, doc := range map[string][]byte{"arrays": docs[0], "maps": docs[1]} {
		s := Summary{size: len(doc), pairs: len(doc)}
		for _, s.sorted = range []bool{false, true} {
			if err := write(make([]byte, len(doc)), memory.Make, doc, s); !errors.Is(err, ErrTooDeep) {
				t.Errorf("%s, sorted %t: %v", name, s.sorted, err)
			}
		}
	}
}

// Nor is work without end made of it.
func TestADocumentThatGrowsMeanwhile(t *testing.T) {
	// All ten values of a map have become one and the same map, 30 times over.
	w := newWriter(append([]byte("\xde\x00\x0a\xa1a\xde\x00\x0a\xa1b\xc0"), make([]byte, 100)...), Arguments)
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
	if _, _, err := w.item(0, 0, 0); !errors.Is(err, ErrMalformed) {
		t.Errorf("10^30 items: %v", err)
	}
}

// A document that has become longer or shorter than its summary says has no form.
func TestADocumentOfAnotherSizeMeanwhile(t *testing.T) {
	args := slices.Concat([]byte("\x91\x82\xa1b\x01\xa1a\xdb\x00\x02\x00\x00"), make([]byte, 2<<16))
	for name, doc := range map[string][]byte{"few bytes": []byte("\x91\x82\xa1b\x01\xa1a\xa1c"), "more than the window": args} {
		s, err := Scan(doc, Arguments)
		if err != nil || s.sorted {
			t.Fatal(err, s.sorted)
		}
		for _, d := range []int{-1, 0, 1} {
			var want error
			if d != 0 {
				want = ErrMalformed
			}
			other := s
			other.size += d
			dst := bytes.Repeat([]byte{0xee}, other.size)
			if err := write(dst, memory.Make, doc, other); !errors.Is(err, want) || err != nil && len(bytes.Trim(dst, "\x00")) > 0 {
				t.Errorf("%s, %+d: %v, want %v, or something is left behind", name, d, err, want)
			}
			// Of a form that is only hashed, nobody needs to know that it is shorter.
			if _, err := digest(memory.Make, doc, other); !errors.Is(err, want) && d < 1 {
				t.Errorf("%s, %+d: digest answers %v, want %v", name, d, err, want)
			}
		}
	}
}

// What finds and writes items believes neither the document nor what it knew of it.
func TestNothingIsReadBeyondTheDocument(t *testing.T) {
	for _, c := range []struct {
		doc   string
		pos   int
		depth int
		want  error
	}{
		{"\xa2ab", 0, 0, nil}, {"\xa3ab", 0, 0, ErrOverclaim}, {"\xd9\x02ab", 0, 0, nil}, {"\xd9\x03ab", 0, 0, ErrOverclaim},
		{"\xc4\x00", 0, 0, nil}, {"\xc4\x01", 0, 0, ErrOverclaim}, {"\xd4\x01", 0, 0, ErrOverclaim}, {"\xd4\x01a", 0, 0, nil},
		{"\x92\xc0", 0, 0, ErrOverclaim}, {"\x91\xc0", 0, 0, nil}, {"\x82\xc0", 0, 0, ErrOverclaim}, {"\xdf\xff\xff\xff\xff", 0, 0, ErrOverclaim},
		{"", 0, 0, ErrMalformed}, {"\xc0", 1, 0, ErrMalformed}, {"\xc0", 2, 0, ErrMalformed}, {"\xc0", -1, 0, ErrMalformed}, {"\xc1", 0, 0, ErrMalformed},
		{"\x91\xc0", 0, limits.MaxNesting - 1, nil}, {"\x91\xc0", 0, limits.MaxNesting, ErrTooDeep}, {"\x80", 0, limits.MaxNesting, ErrTooDeep},
		{"\xa0", 0, limits.MaxNesting, nil},
	} {
		doc := []byte(c.doc)[:len(c.doc):len(c.doc)]
		h, pos, err := Read(doc, c.pos, c.depth)
		if !errors.Is(err, c.want) || err == nil && pos != c.pos+h.Size {
			t.Errorf("%x at %d, depth %d: header of %d, then %d, %v, want %v", doc, c.pos, c.depth, h.Size, pos, err, c.want)
		}
	}
	for doc, want := range map[string]string{"\xa2ab": "ab", "\xa3ab": "", "\xd9\x02ab": "ab", "\xd9\x03ab": "", "\x01": ""} {
		o := order{doc: []byte(doc)[:len(doc):len(doc)]}
		if got := o.key(newPair(0, 0)); string(got) != want {
			t.Errorf("%x: the key is %q, want %q", doc, got, want)
		}
	}
	// A map that has more pairs than are left for it.
	w := newWriter([]byte("\x82\xa1a\x01\xa1b\x02"), Values)
	defer w.free()
	w.pairs, w.out = []uint64{newPair(1, 2), newPair(4, 2)}, make([]byte, 0, 100)
	if _, _, err := w.item(0, 0, 0); err != nil {
		t.Errorf("as many pairs as there are places: %v", err)
	}
	if _, _, err := w.item(0, 1, 0); !errors.Is(err, ErrMalformed) {
		t.Errorf("more pairs than places: %v", err)
	}
}

// Memory for the order is asked for once, 8 bytes for each pair, and only by a document
// of many pairs that are not in order. It may hold anything. Without it nothing comes
// out.
func TestMemoryForPairs(t *testing.T) {
	many := manyMaps(fewPairs)
	twice := slices.Concat([]byte("\x92"), many, []byte("\x82\xa1a\x01\xa1a\x02"))
	inOrder := bytes.ReplaceAll(many, []byte("\xa1z\xc0\xa1a\x81\xa1x\xc3"), []byte("\xa1a\x81\xa1x\xc3\xa1z\xd0\x01"))
	oneMap := func(pairs int) []byte { // in reverse order
		doc := []byte{0xde, byte(pairs >> 8), byte(pairs)}
		for i := pairs; i > 0; i-- {
			doc = append(doc, 0xa2, byte(i>>7), byte(i&0x7f), 0xc0)
		}
		return doc
	}
	for _, c := range []struct {
		name  string
		doc   []byte
		pairs int // 0: no memory is asked for
		want  error
	}{
		{"many", many, 3 * fewPairs, nil},
		{"in order", inOrder, 0, nil},
		{"few", manyMaps(fewPairs / 3), 0, nil},
		{"the most that are few", oneMap(fewPairs), 0, nil},
		{"one more than few", oneMap(fewPairs + 1), fewPairs + 1, nil},
		{"a key twice", twice, 3*fewPairs + 2, ErrDuplicate},
		{"refused before", append(many[:len(many):len(many)], 0xc0), 0, ErrTrailing},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked []int
			dirty := func(n int) []byte {
				asked = append(asked, n)
				return bytes.Repeat([]byte{0xff}, n)
			}
			none := func(n int) []byte {
				asked = append(asked, n)
				return nil
			}
			size := 0
			if c.want == nil {
				form, err := canonical(c.doc)
				if err != nil {
					t.Fatal(err)
				}
				size = len(form)
			}
			dst := make([]byte, 2*len(c.doc))
			for name, call := range map[string]func(scratch memory.Alloc) error{
				"Canonical": func(scratch memory.Alloc) error {
					for i := range dst {
						dst[i] = 0xee
					}
					n, err := canonicalInto(dst, scratch, c.doc)
					if written := dst[:n]; err != nil && (n != 0 || len(bytes.Trim(dst, "\x00\xee")) > 0) {
						t.Errorf("%d bytes written, or something left behind after %v", n, err)
					} else if err == nil && (n != size || Check(written) != nil) {
						t.Errorf("%d bytes, want %d", n, size)
					}
					return err
				},
				"AppendKeyFromMsgpack": func(scratch memory.Alloc) error {
					key, err := AppendKeyFromMsgpack([]byte("before "), scratch, "t", "op", slices.Concat([]byte("\x91"), c.doc))
					if err != nil && string(key) != "before " {
						t.Errorf("%q after %v", key, err)
					}
					return err
				},
			} {
				var want []int
				if c.pairs != 0 {
					want = []int{8 * c.pairs}
				}
				asked = nil
				if err := call(dirty); !errors.Is(err, c.want) || !slices.Equal(asked, want) {
					t.Errorf("%s: %v, want %v; asked for %v, want %v", name, err, c.want, asked, want)
				}
				wantErr := c.want
				if c.pairs != 0 {
					wantErr = codes.OutOfMemory
				}
				asked = nil
				if err := call(none); !errors.Is(err, wantErr) || !slices.Equal(asked, want) {
					t.Errorf("%s without memory: %v, want %v; asked for %v, want %v", name, err, wantErr, asked, want)
				}
			}
		})
	}
}

// The same order, whether the pairs are few or many.
func TestOrderOfManyPairs(t *testing.T) {
	many := manyMaps(fewPairs)
	got, err := canonical(many)
	want := append([]byte{0xdc, fewPairs >> 8, fewPairs & 0xff}, strings.Repeat("\x82\xa1a\x81\xa1x\xc3\xa1z\xc0", fewPairs)...)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%.40x, %v; want %.40x", got, err, want)
	}
	// More than the window holds, in pieces that are hashed.
	for _, doc := range [][]byte{many, slices.Concat([]byte("\x82\xa1b\xc0\xa1a\xdb\x00\x02\x00\x00"), make([]byte, 2<<16))} {
		args := slices.Concat([]byte("\x92\xc0"), doc)
		form, err := canonical(args)
		if err != nil {
			t.Fatal(err)
		}
		got, err1 := keyOf(args)
		want, err2 := keyOf(form)
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
				if _, err := canonicalInto(dst, memory.Make, doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
