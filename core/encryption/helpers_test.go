package encryption

import (
	"bytes"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// everyPath runs a test here and, in a process of its own, with the standard library's
// encryption, where an Encryptor keeps keys from one call to the next.
func everyPath(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	f(t)
	if Implementation() == "stdlib" {
		return
	}
	out, err := need.Process(t, "CACHEKIT_AES=stdlib")
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Errorf("with the standard library: %v\n%s", err, out)
	}
}

// spent is how many nonces an Encryptor or a TenantKeyring, v, has given out, and id
// is its instance id. Only package crypt may set them, and it would take hours to
// encrypt until they are what a test needs.
func spent(v any) *atomic.Uint64 { return field[atomic.Uint64](v, "made") }
func id(v any) *[8]byte          { return field[[8]byte](v, "id") }

// field returns the field of that name among the nonces of v.
func field[T any](v any, name string) *T {
	inner := reflect.ValueOf(v).Elem().Field(1) // behind secret
	f := inner.FieldByName("Nonces").FieldByName(name)
	if f.Type() != reflect.TypeFor[T]() {
		panic(name + " is of another type")
	}
	return (*T)(f.Addr().UnsafePointer())
}

func testKey(n byte) []byte { return bytes.Repeat([]byte{n}, KeySize) }

func newEncryptor(t testing.TB) *Encryptor {
	t.Helper()
	e, err := NewEncryptor()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func testKeyring(t testing.TB, current []byte, decryptOnly [][]byte, tenant string) *TenantKeyring {
	t.Helper()
	k, err := NewTenantKeyring(current, decryptOnly, []byte(tenant))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// entryAAD is what an entry of the keyring is bound to.
func entryAAD(t testing.TB, k *TenantKeyring, cacheKey, format string, compressed bool) []byte {
	t.Helper()
	aad, err := AppendAAD(nil, k.TenantID(), []byte(cacheKey), format, compressed, "")
	if err != nil {
		t.Fatal(err)
	}
	return aad
}

// sealRaw seals any plaintext as if it were an envelope.
func sealRaw(t testing.TB, ring *TenantKeyring, cacheKey, format string, plaintext []byte) []byte {
	t.Helper()
	sealed, err := ring.Encrypt(plaintext, entryAAD(t, ring, cacheKey, format, true))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// envelopeOf is the envelope of data with any format.
func envelopeOf(t testing.TB, data []byte, format string) []byte {
	t.Helper()
	envelope, err := core.NewByteStorage(core.DefaultFormat).AppendStore(nil, data, format)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}
