package entry

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
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

// A ciphertext is random bytes, which may be one MessagePack document, or begin as a frame or
// a container does: it is opened, and moved, all the same.
func TestCiphertextsThatLookLikeSomethingElse(t *testing.T) {
	current, previous := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	cacheKey := []byte("users:1")
	o := Options{Keys: keysOf(t, current, previous), CacheKey: cacheKey, Tenants: []string{"acme"}}
	var key [encryption.KeySize]byte
	if err := encryption.DeriveDomainKeyInto(&key, previous, []byte("acme"), []byte("encryption")); err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	aad, err := encryption.AppendAAD(nil, []byte("acme"), cacheKey, "msgpack", false, "")
	if err != nil {
		t.Fatal(err)
	}
	plaintext := make([]byte, 40) // so that the whole has 68 bytes
	for start, kind := range map[string]Kind{"\xc4\x42": Document, "\xc7\x41": MessagePack, "CK\x05": PythonFrame, "CK\x03": PythonFrame, "\xc1\x02\x93": ContainerV2} {
		nonce := append([]byte(start), make([]byte, encryption.NonceSize-len(start))...)
		value := gcm.Seal(nonce, nonce, plaintext, aad)
		if looks := Look(value, Options{}); looks.Kind != kind {
			t.Fatalf("%x looks like %s: this proves nothing", start, looks.Kind)
		}
		r := Look(value, o)
		if r.Opened == nil || r.Opened.KeyIndex != 1 {
			t.Errorf("%x: %s, %s", start, r.Kind, r.State)
			continue
		}
		again, err := o.Reseal(value, r)
		if err != nil || again == nil {
			t.Errorf("%x: %v", start, err)
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
