package document

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/codestest"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// Canonical form is a fixed point, can be read, has the size that was announced, and
// is the same for every document that means the same, wherever it is written to.
func FuzzCanonical(f *testing.F) {
	documenttest.Seeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		want, err := canonical(doc)
		dst := make([]byte, 2*len(doc))
		n, intoErr := canonicalInto(dst, memory.Make, doc)
		codestest.Explained(t, err)
		if fmt.Sprint(intoErr) != fmt.Sprint(err) {
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
		if n, err := canonicalInto(dst[:len(want)-1], memory.Make, doc); n != len(want) || codes.Of(err) != codes.BufferTooSmall {
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
