package document

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// seeds gives a fuzz target documents good and bad.
func seeds(f *testing.F) {
	rng := rand.New(rand.NewPCG(21, 34))
	for range 20 {
		doc := documenttest.Canonical(documenttest.Value(rng, 3))
		f.Add(doc)
		f.Add(documenttest.Loosen(rng, doc))
		f.Add(doc[:len(doc)-1])
	}
	for _, doc := range []string{
		"", "\xc1", "\xc0\xc0", "C", "CK\x03\x00\x00\x00\x02{}", "\xd4\x05a", "\xc9\xff\xff\xff\xff\x05A", "\x81\x01\x02",
		"\xdd\xff\xff\xff\xff", "\xdf\x80\x00\x00\x00", "\x91\xdd\xff\xff\xff\xff", "\x92\xdc\x00\x00", "\x82\xde\x00\x00\xc0",
		"\x82\xa1a\x01\xd9\x01a\x02", "\x82\xa1b\x01\xa1a\xca\x3f\xc0\x00\x00", "\x91\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
		"\x92\xca\x40\x00\x00\x00\xcb\x43\xf0\x00\x00\x00\x00\x00\x00", strings.Repeat("\x91", limits.MaxNesting) + "\xc0",
		strings.Repeat("\x81\xa0", limits.MaxNesting+1) + "\xc0", strings.Repeat("\xdc\x07\xd0", 30) + strings.Repeat("\xc0", 2000),
	} {
		f.Add([]byte(doc))
	}
}

// Canonical form is a fixed point, can be read, has the size that was announced, and
// is the same for every document that means the same, wherever it is written to.
func FuzzCanonical(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		want, err := canonical(doc)
		dst := make([]byte, 2*len(doc))
		n, intoErr := canonicalInto(dst, memory.Make, doc)
		if intoErr != err {
			t.Fatalf("Canonical answers %v, and %v for a buffer", err, intoErr)
		}
		if err != nil {
			if codes.Of(err) != codes.InvalidInput || len(bytes.Trim(dst, "\x00")) > 0 {
				t.Fatalf("%v, or something was left behind", err)
			}
			return
		}
		if !bytes.Equal(dst[:n], want) {
			t.Errorf("Canonical gives %x, and %x in a buffer", want, dst[:n])
		}
		if n, err := canonicalInto(dst[:len(want)-1], memory.Make, doc); n != len(want) || err != codes.BufferTooSmall {
			t.Errorf("a byte too small: %d, %v, want %d", n, err, len(want))
		}
		for _, good := range [][]byte{doc, want} {
			if err := Check(good); err != nil {
				t.Errorf("a reader refuses %x: %v", good, err)
			}
		}
		if again, err := canonical(want); err != nil || !bytes.Equal(again, want) {
			t.Errorf("%x has the canonical form %x, %v", want, again, err)
		}
		rng := rand.New(rand.NewPCG(uint64(len(doc)), 0))
		for range 3 {
			loose := documenttest.Loosen(rng, want)
			if got, err := canonical(loose); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%x has the canonical form %x, %v; want %x", loose, got, err, want)
			}
		}
	})
}
