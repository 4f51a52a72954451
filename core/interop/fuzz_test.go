package interop

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
)

// seeds gives a fuzz target documents good and bad.
func seeds(f *testing.F) {
	rng := rand.New(rand.NewPCG(21, 34))
	for range 20 {
		doc, err := Value(documenttest.Value(rng, 3))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
		f.Add(documenttest.Loosen(rng, doc))
		f.Add(doc[:len(doc)-1])
	}
	for _, doc := range []string{
		"", "\xc1", "\x92\xc0\xc1", "\xcd\x01", "\xa2a", "\xd8\x05abc", "\xd4", "\x81\xa1a", "\x92\xa2ab", "\x93\x92\xc0\xc0\xc0",
		"\xc0\xc0", "\x90\x00\x00", "CK\x03", "CK\x04\x00\x00\x00\x02{}", "\xc7\x00\x05", "\xa1\xff", "\x81\x81\x01\x02\x03", "C", "CK\x03\x00\x00\x00\x02{}", "\xd4\x05a", "\xc9\xff\xff\xff\xff\x05A", "\x81\x01\x02",
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
			loose := documenttest.LoosenArguments(rng, args)
			if got, err := KeyFromMsgpack("t", "op", loose); err != nil || got != want {
				t.Errorf("from %x: %q, %v; want %q", loose, got, err, want)
			}
		}
	})
}
