package interop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codestest"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
)

// What Check accepts can be read, and reading refuses what Check refuses.
func FuzzCheck(f *testing.F) {
	documenttest.Seeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := Check(doc)
		v, parseErr := Parse(doc)
		codestest.Explained(t, err)
		if fmt.Sprint(parseErr) != fmt.Sprint(err) {
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
	documenttest.Seeds(f)
	f.Fuzz(func(t *testing.T, args []byte) {
		want, err := KeyFromMsgpack("t", "op", args)
		v, parseErr := Parse(args)
		codestest.Explained(t, err)
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
