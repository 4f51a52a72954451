package entry

import (
	"bytes"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/encryption"
)

// Whatever an old key opens, the current one opens afterwards: the same plaintext, bound
// to the same.
func TestReseal(t *testing.T) {
	current, previous := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	cacheKey := []byte("users:1")
	old, err := encryption.NewTenantKeyring(previous, nil, []byte("acme"))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Keys: keysOf(t, current, previous), CacheKey: cacheKey, Tenants: []string{"acme"}}
	after := Options{Keys: keysOf(t, current), CacheKey: cacheKey, Tenants: []string{"acme"}}
	for _, b := range o.bindings() {
		aad, err := b.aad(cacheKey)
		if err != nil {
			t.Fatal(err)
		}
		value, err := old.Encrypt([]byte("the payload"), aad)
		if err != nil {
			t.Fatal(err)
		}
		again, err := o.Reseal(value, Look(value, o))
		if err != nil || again == nil {
			t.Fatalf("%v: %v, %v", b, again, err)
		}
		r := Look(again, after)
		if r.Opened == nil || r.Opened.KeyIndex != 0 || r.Opened.Binding != b || string(r.Payload) != "the payload" {
			t.Errorf("%v: %+v", b, r)
		}
		if again, err := o.Reseal(again, Look(again, o)); again != nil || err != nil {
			t.Errorf("%v, once more: %v, %v", b, again, err)
		}
	}
	for _, value := range [][]byte{nil, []byte("hello"), envelopeOf(t, "x", "y"), make([]byte, 40)} {
		if again, err := o.Reseal(value, Look(value, o)); again != nil || err != nil {
			t.Errorf("%q: %v, %v", value, again, err)
		}
	}
}

// The header of a frame names the key, so the frame stays as it is.
func TestResealLeavesFrames(t *testing.T) {
	current, previous := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	old, err := encryption.NewTenantKeyring(previous, nil, []byte("acme"))
	if err != nil {
		t.Fatal(err)
	}
	aad, err := encryption.AppendAAD(nil, []byte("acme"), []byte("k"), "msgpack", false, "")
	if err != nil {
		t.Fatal(err)
	}
	inside, err := old.Encrypt([]byte{0x2a}, aad)
	if err != nil {
		t.Fatal(err)
	}
	header := `{"s":"default","m":{"format":"msgpack","encrypted":true,"tenant_id":"acme"},"v":"2.0"}`
	value := append([]byte("CK\x03\x00\x00\x00"+string(rune(len(header)))+header), inside...)
	o := Options{Keys: keysOf(t, current, previous), CacheKey: []byte("k")}
	r := Look(value, o)
	if r.Inside == nil || r.Inside.Opened == nil || r.Inside.Opened.KeyIndex != 1 {
		t.Fatalf("%+v", r)
	}
	if again, err := o.Reseal(value, r); again != nil || err != ErrFrame {
		t.Errorf("%v, %v", again, err)
	}
}
