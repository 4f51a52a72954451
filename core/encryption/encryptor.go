package encryption

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/aesgcm"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// Encryptor encrypts and decrypts with AES-256-GCM under keys that come with
// each call. It counts its encryptions, so that no nonce is ever used twice,
// whatever the keys. It is safe for any number of goroutines. It comes from
// NewEncryptor and is passed on as a pointer: see ErrNotMade.
//
// After RotationThreshold encryptions it is time for a new Encryptor, which may serve
// the same keys; after MaxEncryptions it answers core.ErrCounterExhausted for good.
// What wears out a key stands in the package's documentation.
type Encryptor struct {
	secret
	nonces
	keys             keyCache
	encrypt, decrypt meter.Operation
}

// NewEncryptor returns an Encryptor with an instance id of its own. The error
// is core.ErrRNGFailure if the system gives no random bytes, or ErrFIPS140.
func NewEncryptor() (*Encryptor, error) {
	if aesgcm.Forbidden() {
		return nil, ErrFIPS140
	}
	e := new(Encryptor)
	if err := e.nonces.init(); err != nil {
		return nil, err
	}
	return e, nil
}

// Encrypt returns nonce, ciphertext and tag: Overhead bytes more than the
// plaintext. key is KeySize bytes; aad is authenticated and not part of the
// result. Plaintext and aad may be empty.
//
// Errors, looked for in this order: ErrNotMade, core.ErrInvalidKeyLength,
// core.ErrInputTooLarge beyond MaxPlaintextSize, ErrWiped,
// core.ErrCounterExhausted.
func (e *Encryptor) Encrypt(key, plaintext, aad []byte) ([]byte, error) {
	return e.AppendEncrypt(nil, key, plaintext, aad)
}

// AppendEncrypt appends what Encrypt returns to dst. The free capacity of dst
// must not overlap the inputs.
func (e *Encryptor) AppendEncrypt(dst, key, plaintext, aad []byte) ([]byte, error) {
	out := growForCiphertext(dst, len(plaintext))
	n, _, err := e.EncryptInto(out[len(out):cap(out)], key, plaintext, aad)
	if err != nil {
		return dst, err
	}
	return out[:len(out)+n], nil
}

// EncryptInto writes what Encrypt returns to dst and returns its size. rotate
// tells that RotationThreshold encryptions came before this one; its output
// is as good as any other.
//
// If dst is shorter than len(plaintext)+Overhead, the answer is
// core.ErrBufferTooSmall and that size, and no nonce is spent. dst may hold
// the plaintext at dst[NonceSize:], to be encrypted in place; any other
// overlap with the inputs is a mistake.
func (e *Encryptor) EncryptInto(dst, key, plaintext, aad []byte) (n int, rotate bool, err error) {
	if err := e.check(); err != nil {
		return 0, false, err
	}
	span := e.encrypt.Begin(len(plaintext))
	var k *cachedKey
	defer func() {
		e.keys.release(k)
		count(&e.encrypt, span, len(plaintext), n, err)
	}()
	if len(key) != KeySize {
		return 0, false, core.ErrInvalidKeyLength
	}
	if n, err = checkEncrypt(len(dst), len(plaintext)); err != nil {
		return n, false, err
	}
	if k, err = e.keys.acquire(key); err != nil {
		return 0, false, err
	}
	if rotate, err = e.take(dst); err != nil {
		return 0, false, err
	}
	err = core.ErrInternal // that is what counts after a panic
	if k == nil {
		aesgcm.SealOnce(key, dst[NonceSize:n], dst[:NonceSize], plaintext, aad)
	} else {
		k.Seal(dst[NonceSize:n], dst[:NonceSize], plaintext, aad)
	}
	return n, rotate, nil
}

// Decrypt returns the plaintext of what Encrypt, or another library of the
// family, made of it under the same key and aad.
//
// Errors, looked for in this order: ErrNotMade, core.ErrInvalidKeyLength,
// core.ErrInvalidInput for less than Overhead bytes, core.ErrInputTooLarge,
// ErrWiped, core.ErrDecryptionFailed if anything was changed or the key or
// aad is another.
func (e *Encryptor) Decrypt(key, ciphertext, aad []byte) ([]byte, error) {
	return e.AppendDecrypt(nil, key, ciphertext, aad)
}

// AppendDecrypt appends the plaintext to dst. The free capacity of dst must
// not overlap the inputs.
func (e *Encryptor) AppendDecrypt(dst, key, ciphertext, aad []byte) ([]byte, error) {
	out := growForPlaintext(dst, len(ciphertext))
	n, err := e.DecryptInto(out[len(out):cap(out)], key, ciphertext, aad)
	if err != nil {
		return dst, err
	}
	return out[:len(out)+n], nil
}

// DecryptInto writes the plaintext to dst and returns its size. If dst is
// shorter than len(ciphertext)-Overhead, the answer is core.ErrBufferTooSmall
// and that size. dst may be ciphertext[NonceSize:], to be decrypted in place;
// any other overlap is a mistake. After core.ErrDecryptionFailed dst holds
// zeros where the plaintext would be.
func (e *Encryptor) DecryptInto(dst, key, ciphertext, aad []byte) (n int, err error) {
	if err := e.check(); err != nil {
		return 0, err
	}
	span := e.decrypt.Begin(len(ciphertext))
	var k *cachedKey
	defer func() {
		e.keys.release(k)
		count(&e.decrypt, span, len(ciphertext), n, err)
	}()
	if len(key) != KeySize {
		return 0, core.ErrInvalidKeyLength
	}
	if n, err = checkDecrypt(len(dst), len(ciphertext)); err != nil {
		return n, err
	}
	if k, err = e.keys.acquire(key); err != nil {
		return 0, err
	}
	err = core.ErrInternal // as in EncryptInto
	ok := false
	if k == nil {
		ok = aesgcm.OpenOnce(key, dst[:n], ciphertext[:NonceSize], ciphertext[NonceSize:], aad)
	} else {
		ok = k.Open(dst[:n], ciphertext[:NonceSize], ciphertext[NonceSize:], aad)
	}
	if !ok {
		return 0, core.ErrDecryptionFailed
	}
	return n, nil
}

// Metrics returns what this Encryptor has done so far.
func (e *Encryptor) Metrics() core.Metrics {
	return core.Metrics{
		Encrypt:             core.OperationMetrics(e.encrypt.Snapshot()),
		Decrypt:             core.OperationMetrics(e.decrypt.Snapshot()),
		HardwareAccelerated: HardwareAccelerated(),
	}
}

// Wipe overwrites the keys that the Encryptor remembers, those of calls under
// way as soon as they end. Every call after it answers ErrWiped. A copy
// leaves the original's keys alone.
func (e *Encryptor) Wipe() {
	if e.check() == nil {
		e.keys.wipe()
	}
}
