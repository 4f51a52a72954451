package document

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// canonical is Canonical in memory of Go's heap.
func canonical(doc []byte) ([]byte, error) {
	to := memory.From(memory.Make)
	return Canonical(&to, memory.Make, doc)
}

// canonicalInto is Canonical in a buffer of the caller.
func canonicalInto(dst []byte, scratch memory.Alloc, doc []byte) (int, error) {
	to := memory.Into(dst)
	out, err := Canonical(&to, scratch, doc)
	return to.Size(out, err)
}

// keyOf is the key of arguments.
func keyOf(args []byte) (string, error) {
	key, err := AppendKeyFromMsgpack(nil, memory.Make, "t", "op", args)
	return string(key), err
}

// refusedEverywhere proves that nothing that takes a document takes this one. want is
// what a reader answers, nil if that does not matter; by the rules of canonical form
// there may be another reason.
func refusedEverywhere(t *testing.T, name string, doc []byte, want error) {
	t.Helper()
	if err := Check(doc); codes.Of(err) != codes.InvalidInput || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: Check answers %v, want %v", name, err, want)
	}
	noForm(t, name, doc, nil)
}

// noForm proves that a document has no canonical form, and that nobody asks for memory
// before that is known. Where order has to be known, it has to be few pairs.
func noForm(t *testing.T, name string, doc []byte, want error) {
	t.Helper()
	if out, err := canonical(doc); out != nil || codes.Of(err) != codes.InvalidInput || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: Canonical answers %x, %v, want %v", name, out, err, want)
	}
	dst := bytes.Repeat([]byte{0xee}, 2*len(doc)+8)
	if n, err := canonicalInto(dst, nil, doc); n != 0 || codes.Of(err) != codes.InvalidInput || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: Canonical in a buffer answers %d, %v, want %v", name, n, err, want)
	}
	if left := bytes.Trim(dst, "\xee\x00"); len(left) > 0 {
		t.Errorf("%s: %x is left behind", name, left)
	}
	if _, err := keyOf(doc); codes.Of(err) != codes.InvalidInput {
		t.Errorf("%s: AppendKeyFromMsgpack answers %v", name, err)
	}
}
