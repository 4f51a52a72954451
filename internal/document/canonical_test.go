package document

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

func TestWhatHasNoCanonicalForm(t *testing.T) {
	for name, c := range map[string]struct {
		item string
		want error
	}{
		"a key twice":                 {"\x82\xa1a\x01\xa1a\x02", ErrDuplicate},
		"a key twice, widths differ":  {"\x82\xa1a\x01\xd9\x01a\x02", ErrDuplicate},
		"a key twice, not neighbours": {"\x83\xa1a\x01\xa1b\x01\xa1a\x01", ErrDuplicate},
		"the empty key twice":         {"\x82\xa0\x01\xa0\x02", ErrDuplicate},
		"a key twice, deep inside":    {"\x81\xa1x\x91\x82\xa1a\x01\xa1a\x01", ErrDuplicate},
		"an integer key":              {"\x81\x01\x02", ErrMapKey},
		"a bin key":                   {"\x81\xc4\x01a\x02", ErrMapKey},
		"a nil key":                   {"\x82\xa1a\x01\xc0\x02", ErrMapKey},
		"an extension":                {"\xd4\x05a", ErrExtension},
		"a timestamp":                 {"\xd6\xff\x00\x00\x00\x00", ErrExtension},
		"an extension in a map":       {"\x81\xa1a\xc7\x00\x05", ErrExtension},
		"a string that is not UTF-8":  {"\xa2\xc3\x28", ErrUTF8},
		"a surrogate":                 {"\xa3\xed\xa0\x80", ErrUTF8},
		"an overlong NUL":             {"\xa2\xc0\x80", ErrUTF8},
		"a key that is not UTF-8":     {"\x81\xa1\xff\x01", ErrUTF8},
		"NaN":                         {"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", ErrNotFinite},
		"infinity":                    {"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", ErrNotFinite},
		"infinity as float32":         {"\xca\xff\x80\x00\x00", ErrNotFinite},
		"half of it":                  {"\xa2a", ErrOverclaim},
	} {
		noForm(t, name, []byte(c.item), c.want)
		if got, err := keyOf([]byte("\x91" + c.item)); got != "" || !errors.Is(err, c.want) {
			t.Errorf("%s, as an argument: %q, %v; want %v", name, got, err, c.want)
		}
	}
}

// Documents that mean the same have the same canonical form; it is its own canonical
// form; it has the size that was announced; nothing but a float32 grows.
func TestEqualDocumentsHaveEqualForms(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	inOrder, outOfOrder := 0, 0
	for i := range 2000 {
		want := documenttest.Canonical(documenttest.Value(rng, 4))
		for range 3 {
			doc := documenttest.Loosen(rng, want)
			s, err := Scan(doc, Values)
			if err != nil || s.size != len(want) || s.canonical != bytes.Equal(doc, want) {
				t.Fatalf("%d: %x announces %+v, %v; want %d bytes", i, doc, s, err, len(want))
			}
			if s.sorted {
				inOrder++
			} else {
				outOfOrder++
			}
			if s.size > len(doc)+len(doc)/5*4 {
				t.Fatalf("%d: %d bytes become %d, above what float32 alone would take", i, len(doc), s.size)
			}
			got, err := canonical(doc)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d: from %x:\n%x, %v; want\n%x", i, doc, got, err, want)
			}
		}
		if s, err := Scan(want, Values); err != nil || !s.canonical || s.size != len(want) {
			t.Fatalf("%d: canonical form %x announces %+v, %v", i, want, s, err)
		}
		if again, err := canonical(want); err != nil || !bytes.Equal(again, want) {
			t.Fatalf("%d: canonical form %x has the canonical form %x, %v", i, want, again, err)
		}
	}
	if inOrder < 500 || outOfOrder < 500 {
		t.Errorf("%d documents in order, %d out of order: too few of a kind", inOrder, outOfOrder)
	}
}

// The size is known before memory is asked for, and is what is asked for.
func TestTheFormFitsItsMemory(t *testing.T) {
	doc, want := []byte("\x82\xa1b\xca\x3f\xc0\x00\x00\xa1a\xd1\x00\x01"), []byte("\x82\xa1a\x01\xa1b\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00")
	for name, doc := range map[string][]byte{"another form": doc, "canonical": want} {
		for room := range 2 * len(want) {
			dst := bytes.Repeat([]byte{0xee}, room)
			n, err := canonicalInto(dst, memory.Make, doc)
			if room < len(want) {
				if n != len(want) || codes.Of(err) != codes.BufferTooSmall || len(bytes.Trim(dst, "\xee")) > 0 {
					t.Errorf("%s, room for %d: %d, %v, dst % x", name, room, n, err, dst)
				}
				continue
			}
			if err != nil || !bytes.Equal(dst[:n], want) || len(bytes.Trim(dst[n:], "\xee")) > 0 {
				t.Errorf("%s, room for %d: %v, dst % x", name, room, err, dst)
			}
		}
		var asked []int
		for _, have := range []int{0, len(want), 3 * len(want)} {
			asked = nil
			to := memory.From(func(n int) []byte {
				asked = append(asked, n)
				if have == 0 {
					return nil
				}
				return bytes.Repeat([]byte{0xee}, have)
			})
			got, err := Canonical(&to, memory.Make, doc)
			if !slices.Equal(asked, []int{len(want)}) {
				t.Errorf("%s: asked for %d bytes, want once %d", name, asked, len(want))
			}
			if have == 0 && (got != nil || err != codes.OutOfMemory) || have > 0 && (err != nil || !bytes.Equal(got, want)) {
				t.Errorf("%s, memory of %d: % x, %v", name, have, got, err)
			}
		}
	}
}

// Long common prefixes, many keys, reverse order: more than half of the time
// goes into comparing, and none of it grows with the square of the length.
func TestOrderingLargeMaps(t *testing.T) {
	const n = 20000
	m := make(map[string]any, n)
	doc := []byte("\xde\x4e\x20")
	for i := n - 1; i >= 0; i-- {
		name := fmt.Sprintf("%s%05d", strings.Repeat("k", 200), i)
		m[name] = nil
		doc = append(append(append(doc, 0xd9, byte(len(name))), name...), 0xc0)
	}
	if got, err := canonical(doc); err != nil || !bytes.Equal(got, documenttest.Canonical(m)) {
		t.Errorf("%d bytes of another form, %v", len(got), err)
	}
}

// Writers are shared between calls through a pool.
func TestCallsAtTheSameTime(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			for range 200 {
				want := documenttest.Canonical(documenttest.Value(rng, 3))
				got, err := canonical(documenttest.Loosen(rng, want))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%x, %v; want %x", got, err, want)
				}
				args := append([]byte{0x91}, want...)
				k1, err1 := keyOf(documenttest.LoosenArguments(rng, args))
				k2, err2 := keyOf(args)
				if k1 != k2 || err1 != nil || err2 != nil {
					t.Errorf("%q, %v and %q, %v", k1, err1, k2, err2)
				}
			}
		})
	}
	wg.Wait()
}

// What a key leaves in the pool is zeros, after an error too, and the pool keeps
// nothing of the caller.
func TestPooledMemoryIsWiped(t *testing.T) {
	const secret = "do not keep me"
	pairs := "\x91\x82\xa1b\x01\xa1a\xae" + secret
	for _, c := range []struct {
		name, args string
		less       int // than the size, as if the document had grown meanwhile
		want       error
	}{
		{"a key", pairs, 0, nil},
		{"a refusal", pairs, 1, ErrMalformed},
		{"more than the window", strings.Replace(pairs, "\x01", "\xda\xff\xff"+strings.Repeat(secret, window/len(secret)+1)[:0xffff], 1), 0, nil},
	} {
		name := c.name
		s, err := Scan([]byte(c.args), Arguments)
		if err != nil || s.sorted || (s.size > window) != (name == "more than the window") {
			t.Fatalf("%s: %+v, %v", name, s, err)
		}
		s.size -= c.less
		own := bytes.Repeat([]byte{0xee}, window)
		used := func() bool { return len(bytes.Trim(own, "\xee")) > 0 }
		var w *writer
		for tries := 0; !used() && tries < 1000; tries++ { // the pool may give out another one
			w = newWriter(nil, Values)
			w.own = own[:0]
			w.free()
			if _, err := digest(memory.Make, []byte(c.args), s); !errors.Is(err, c.want) {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if !used() {
			t.Fatalf("%s: the form is not written to where this test looks for it", name)
		}
		if bytes.Contains(own, []byte(secret)) {
			t.Errorf("%s: arguments stay in pooled memory", name)
		}
		if w.doc != nil || w.out != nil || w.hash != nil || w.pairs != nil {
			t.Errorf("%s: the pool keeps something of the document", name)
		}
	}
}
