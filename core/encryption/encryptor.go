package encryption

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/memory"
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
	encryptor crypt.Encryptor
}

// NewEncryptor returns an Encryptor with an instance id of its own. The error
// is core.ErrRNGFailure if the system gives no random bytes, or ErrFIPS140.
func NewEncryptor() (*Encryptor, error) {
	e := new(Encryptor)
	if err := e.encryptor.Init(); err != nil {
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
	to := memory.Behind(dst)
	ciphertext, _, err := e.encryptor.Encrypt(&to, key, plaintext, aad)
	if err != nil {
		return dst, err
	}
	return to.With(ciphertext), nil
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
	to := memory.Into(dst)
	ciphertext, rotate, err := e.encryptor.Encrypt(&to, key, plaintext, aad)
	n, err = to.Size(ciphertext, err)
	return n, rotate, err
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
	to := memory.Behind(dst)
	plaintext, err := e.encryptor.Decrypt(&to, key, ciphertext, aad)
	if err != nil {
		return dst, err
	}
	return to.With(plaintext), nil
}

// DecryptInto writes the plaintext to dst and returns its size. If dst is
// shorter than len(ciphertext)-Overhead, the answer is core.ErrBufferTooSmall
// and that size. dst may be ciphertext[NonceSize:], to be decrypted in place;
// any other overlap is a mistake. After core.ErrDecryptionFailed dst holds
// zeros where the plaintext would be.
func (e *Encryptor) DecryptInto(dst, key, ciphertext, aad []byte) (int, error) {
	to := memory.Into(dst)
	return to.Size(e.encryptor.Decrypt(&to, key, ciphertext, aad))
}

// Counter returns how many encryptions were made, at most MaxEncryptions.
func (e *Encryptor) Counter() uint64 { return e.encryptor.Counter() }

// RotationNeeded tells whether RotationThreshold encryptions were made, so
// that it is time for a successor.
func (e *Encryptor) RotationNeeded() bool { return e.encryptor.RotationNeeded() }

// InstanceID returns the first eight bytes of every nonce given out here. No
// two instances in a process share one.
func (e *Encryptor) InstanceID() [8]byte { return e.encryptor.InstanceID() }

// Metrics returns what this Encryptor has done so far.
func (e *Encryptor) Metrics() core.Metrics { return metrics(e.encryptor.Metrics()) }

// Wipe overwrites the keys that the Encryptor remembers, those of calls under
// way as soon as they end. Every call after it answers ErrWiped. Wipe
// on a copy does not wipe the original's keys.
func (e *Encryptor) Wipe() { e.encryptor.Wipe() }
