package crypt

import (
	"github.com/cachekit-go/cachekit-core/internal/aesgcm"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// Encryptor encrypts under keys that come with each call, each with a nonce of its
// own. It stays where Init was called; a zero value or a copy answers ErrNotMade.
type Encryptor struct {
	Nonces
	keys             keyCache
	encrypt, decrypt meter.Operation
}

// Init makes a zero value usable. The error is RNGFailure if the system gives no
// random bytes, or ErrFIPS140.
func (e *Encryptor) Init() error {
	if aesgcm.Forbidden() {
		return ErrFIPS140
	}
	return e.Nonces.init()
}

// Encrypt returns nonce, ciphertext and tag, in memory from dst; see
// encryption.Encryptor.
func (e *Encryptor) Encrypt(dst *memory.Dest, key, plaintext, aad []byte) (out []byte, rotate bool, err error) {
	if err := e.Check(); err != nil {
		return nil, false, err
	}
	span := e.encrypt.Begin(len(plaintext))
	err = codes.Internal // that is what counts after a panic
	var k *cachedKey
	defer func() {
		e.keys.release(k)
		e.encrypt.Count(span, len(plaintext), len(out), err)
	}()
	if len(key) != limits.KeySize {
		return nil, false, wrongKeySize(len(key))
	}
	n, failure := ciphertextSize(len(plaintext), limits.MaxPlaintextSize)
	if failure != nil {
		return nil, false, failure
	}
	to, failure := dst.Take(n)
	if failure != nil {
		return nil, false, failure
	}
	if k, failure = e.keys.acquire(key); failure != nil {
		return nil, false, failure
	}
	if rotate, failure = e.take(to); failure != nil {
		return nil, false, failure
	}
	nonce, sealed := to[:limits.NonceSize], to[limits.NonceSize:n]
	if k == nil {
		aesgcm.SealOnce(key, sealed, nonce, plaintext, aad)
	} else {
		k.Seal(sealed, nonce, plaintext, aad)
	}
	return to[:n], rotate, nil
}

// Decrypt returns the plaintext, in memory from dst; see encryption.Encryptor.
func (e *Encryptor) Decrypt(dst *memory.Dest, key, ciphertext, aad []byte) (out []byte, err error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	span := e.decrypt.Begin(len(ciphertext))
	err = codes.Internal // as in Encrypt
	var k *cachedKey
	defer func() {
		e.keys.release(k)
		e.decrypt.Count(span, len(ciphertext), len(out), err)
	}()
	if len(key) != limits.KeySize {
		return nil, wrongKeySize(len(key))
	}
	n, failure := plaintextSize(len(ciphertext), limits.MaxPlaintextSize)
	if failure != nil {
		return nil, failure
	}
	to, failure := dst.Take(n)
	if failure != nil {
		return nil, failure
	}
	to = to[:n]
	if k, failure = e.keys.acquire(key); failure != nil {
		return nil, failure
	}
	nonce, sealed := ciphertext[:limits.NonceSize], ciphertext[limits.NonceSize:]
	ok := false
	if k == nil {
		ok = aesgcm.OpenOnce(key, to, nonce, sealed, aad)
	} else {
		ok = k.Open(to, nonce, sealed, aad)
	}
	if !ok {
		return nil, notOpened(len(ciphertext), len(aad), 1)
	}
	return to, nil
}

// Metrics returns what was counted.
func (e *Encryptor) Metrics() meter.Metrics {
	return meter.Metrics{Encrypt: e.encrypt.Snapshot(), Decrypt: e.decrypt.Snapshot()}
}

// Wipe overwrites the keys that the Encryptor remembers, those of calls under
// way as soon as they end. Every call after it answers ErrWiped. A copy
// leaves the original's keys alone.
func (e *Encryptor) Wipe() {
	if e.Check() == nil {
		e.keys.wipe()
	}
}
