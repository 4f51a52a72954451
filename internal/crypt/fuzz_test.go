package crypt

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

func FuzzEncryptRoundTrip(f *testing.F) {
	f.Add(testKey(1), []byte{}, []byte{}, false)
	f.Add(testKey(2), []byte("plaintext"), []byte("aad"), true)
	f.Add([]byte("short"), bytes.Repeat([]byte("block of sixteen"), 20), bytes.Repeat([]byte("a"), 300), false)
	f.Fuzz(func(t *testing.T, key, plaintext, aad []byte, cheap bool) {
		before := setupIsCheap
		defer func() { setupIsCheap = before }()
		setupIsCheap = cheap
		e := newEncryptor(t)
		sealed, _, err := e.Encrypt(fresh(), key, plaintext, aad)
		if len(key) != limits.KeySize {
			if !errors.Is(err, codes.InvalidKeyLength) {
				t.Fatal(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Decrypt(fresh(), key, sealed, aad)
		if err != nil || !bytes.Equal(got, plaintext) {
			t.Fatalf("%x, %v", got, err)
		}
	})
}
