package interop

import (
	"bytes"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/document"
)

// The pool keeps nothing of what a caller appends to, after a refusal.
func TestPoolKeepsNothingOfTheCaller(t *testing.T) {
	const secret = "do not keep me"
	e := newEncoder(document.Values, []byte(secret)[:len(secret):len(secret)])
	if err := e.value([]any{1, "x", make(chan int)}, 0); err == nil {
		t.Fatal("a channel is no value")
	}
	all := e.out[:cap(e.out)]
	if !bytes.Contains(all, []byte(secret)) {
		t.Fatal("it is not where this test looks for it")
	}
	e.free()
	if bytes.Contains(all, []byte(secret)) {
		t.Error("what the caller appends to stays in a pooled buffer")
	}
}

// What a call leaves in the pool is zeros, arguments above all.
func TestPooledBuffersAreWiped(t *testing.T) {
	const secret = "do not keep me"
	e := newArgsEncoder()
	if err := e.array([]any{Set{secret, "b", "a", secret}, map[string]any{"b": secret, "a": secret}}, 0); err != nil {
		t.Fatal(err)
	}
	own, spare := e.out[:cap(e.out)], e.spare[:cap(e.spare)]
	if !bytes.Contains(own, []byte(secret)) {
		t.Fatal("the argument is not where this test looks for it")
	}
	e.free()
	if bytes.Contains(own, []byte(secret)) || bytes.Contains(spare, []byte(secret)) {
		t.Error("an argument stays in a pooled buffer")
	}
}
