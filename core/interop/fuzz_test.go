package interop

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// seeds gives a fuzz target documents good and bad.
func seeds(f *testing.F) {
	rng := rand.New(rand.NewPCG(21, 34))
	for range 20 {
		doc, err := Value(randomValue(rng, 3))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
		f.Add(loosen(rng, doc, values))
		f.Add(doc[:len(doc)-1])
	}
	for _, doc := range []string{
		"", "\xc1", "\xc0\xc0", "C", "CK\x03\x00\x00\x00\x02{}", "\xd4\x05a", "\xc9\xff\xff\xff\xff\x05A", "\x81\x01\x02",
		"\xdd\xff\xff\xff\xff", "\xdf\x80\x00\x00\x00", "\x91\xdd\xff\xff\xff\xff", "\x92\xdc\x00\x00", "\x82\xde\x00\x00\xc0",
		"\x82\xa1a\x01\xd9\x01a\x02", "\x82\xa1b\x01\xa1a\xca\x3f\xc0\x00\x00", "\x91\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
		"\x92\xca\x40\x00\x00\x00\xcb\x43\xf0\x00\x00\x00\x00\x00\x00", strings.Repeat("\x91", core.MaxNesting) + "\xc0",
		strings.Repeat("\x81\xa0", core.MaxNesting+1) + "\xc0", strings.Repeat("\xdc\x07\xd0", 30) + strings.Repeat("\xc0", 2000),
	} {
		f.Add([]byte(doc))
	}
}

// What Check accepts can be read, and reading refuses what Check refuses.
func FuzzCheck(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := Check(doc)
		v, parseErr := Parse(doc)
		if parseErr != err {
			t.Fatalf("Check answers %v and Parse %v", err, parseErr)
		}
		if err != nil {
			return
		}
		if Check(append(doc[:len(doc):len(doc)], 0)) == nil {
			t.Error("accepted with a byte more")
		}
		if Check(doc[:len(doc)-1]) == nil {
			t.Error("accepted with a byte less")
		}
		// A value that both forms can hold is the same in both.
		canonical, err := Canonical(doc)
		if err != nil {
			return
		}
		if again, err := Value(v); err != nil || !bytes.Equal(again, canonical) {
			t.Errorf("the value gives %x, %v; the document %x", again, err, canonical)
		}
	})
}

// Canonical form is a fixed point, can be read, has the size that was
// announced, and is the same for every document that means the same.
func FuzzCanonical(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		canonical, err := Canonical(doc)
		exact := make([]byte, CanonicalBound(len(doc)))
		n, encodeErr := EncodeCanonical(exact, doc)
		if encodeErr != err {
			t.Fatalf("Canonical answers %v and EncodeCanonical %v", err, encodeErr)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(exact[:n], canonical) {
			t.Errorf("Canonical gives %x and EncodeCanonical %x", canonical, exact[:n])
		}
		if err := Check(canonical); err != nil {
			t.Errorf("a reader refuses %x: %v", canonical, err)
		}
		if again, err := Canonical(canonical); err != nil || !bytes.Equal(again, canonical) {
			t.Errorf("%x has the canonical form %x, %v", canonical, again, err)
		}
		rng := rand.New(rand.NewPCG(uint64(len(doc)), 0))
		for range 3 {
			loose := loosen(rng, canonical, values)
			if got, err := Canonical(loose); err != nil || !bytes.Equal(got, canonical) {
				t.Errorf("%x has the canonical form %x, %v; want %x", loose, got, err, canonical)
			}
		}
	})
}

// Arguments that mean the same give the same key, from MessagePack and from
// Go values.
func FuzzKeyFromMsgpack(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, args []byte) {
		want, err := KeyFromMsgpack("t", "op", args)
		v, parseErr := Parse(args)
		if err != nil {
			return
		}
		if parseErr != nil || len(want) != len("t:op:")+64 {
			t.Fatalf("key %q from arguments that are read with %v", want, parseErr)
		}
		if got, err := Key("t", "op", v.([]any)...); err != nil || got != want {
			t.Errorf("from Go values: %q, %v; want %q", got, err, want)
		}
		rng := rand.New(rand.NewPCG(uint64(len(args)), 0))
		for range 3 {
			loose := loosen(rng, args, arguments)
			if got, err := KeyFromMsgpack("t", "op", loose); err != nil || got != want {
				t.Errorf("from %x: %q, %v; want %q", loose, got, err, want)
			}
		}
	})
}
