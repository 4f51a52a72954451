package encryption

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// TenantKeyring encrypts and decrypts for one tenant, under keys that were
// derived and expanded once. The current key encrypts; decryption tries it
// and then the decrypt-only ones in order. It counts its encryptions as an
// Encryptor does, and is safe for any number of goroutines. It comes from
// Keyring.ForTenant or NewTenantKeyring and is passed on as a pointer: see
// ErrNotMade.
type TenantKeyring struct {
	secret
	keyring crypt.TenantKeyring
}

// NewTenantKeyring is NewKeyring and ForTenant in one, with their errors,
// without a copy of any master key.
func NewTenantKeyring(current []byte, decryptOnly [][]byte, tenantID []byte) (*TenantKeyring, error) {
	k := new(TenantKeyring)
	if err := k.keyring.Init(current, decryptOnly, tenantID); err != nil {
		return nil, err
	}
	return k, nil
}

// TenantID returns a copy of the tenant's id.
func (k *TenantKeyring) TenantID() []byte { return k.keyring.TenantID() }

// KeyCount returns the number of keys, the current one included.
func (k *TenantKeyring) KeyCount() int { return k.keyring.KeyCount() }

// Fingerprint returns the KeyFingerprint of the tenant's encryption key at
// index, 0 for the current one; core.ErrInvalidInput if there is none.
func (k *TenantKeyring) Fingerprint(index int) ([FingerprintSize]byte, error) {
	return k.keyring.Fingerprint(index)
}

// Encrypt is Encryptor.Encrypt under the current key.
func (k *TenantKeyring) Encrypt(plaintext, aad []byte) ([]byte, error) {
	return k.AppendEncrypt(nil, plaintext, aad)
}

// AppendEncrypt is Encryptor.AppendEncrypt under the current key.
func (k *TenantKeyring) AppendEncrypt(dst, plaintext, aad []byte) ([]byte, error) {
	to := memory.Behind(dst)
	ciphertext, _, err := k.keyring.Encrypt(&to, plaintext, aad)
	if err != nil {
		return dst, err
	}
	return to.With(ciphertext), nil
}

// EncryptInto is Encryptor.EncryptInto under the current key.
func (k *TenantKeyring) EncryptInto(dst, plaintext, aad []byte) (n int, rotate bool, err error) {
	to := memory.Into(dst)
	ciphertext, rotate, err := k.keyring.Encrypt(&to, plaintext, aad)
	n, err = to.Size(ciphertext, err)
	return n, rotate, err
}

// Decrypt returns the plaintext of ciphertext and the index of the key that
// opened it, 0 for the current one: once no answer is above 0 any more, the
// decrypt-only keys can go.
//
// Errors, looked for in this order: ErrNotMade, core.ErrInvalidInput for less
// than Overhead bytes, core.ErrInputTooLarge, ErrWiped, core.ErrDecryptionFailed
// if no key opens it under this aad.
func (k *TenantKeyring) Decrypt(ciphertext, aad []byte) (plaintext []byte, keyIndex int, err error) {
	return k.AppendDecrypt(nil, ciphertext, aad)
}

// AppendDecrypt appends the plaintext to dst. The free capacity of dst must
// not overlap the inputs.
func (k *TenantKeyring) AppendDecrypt(dst, ciphertext, aad []byte) (plaintext []byte, keyIndex int, err error) {
	to := memory.Behind(dst)
	plaintext, keyIndex, err = k.keyring.Decrypt(&to, ciphertext, aad)
	if err != nil {
		return dst, 0, err
	}
	return to.With(plaintext), keyIndex, nil
}

// DecryptInto writes the plaintext to dst and returns its size. If dst is
// shorter than len(ciphertext)-Overhead, the answer is core.ErrBufferTooSmall
// and that size. dst must not overlap the inputs, which is a panic: they are needed
// again if the first key does not open the ciphertext. After core.ErrDecryptionFailed dst
// holds zeros where the plaintext would be.
func (k *TenantKeyring) DecryptInto(dst, ciphertext, aad []byte) (n, keyIndex int, err error) {
	to := memory.Into(dst)
	plaintext, keyIndex, err := k.keyring.Decrypt(&to, ciphertext, aad)
	n, err = to.Size(plaintext, err)
	return n, keyIndex, err
}

// DecryptAt is Decrypt with the key at index and no other, for a caller that
// stored the key's fingerprint; core.ErrInvalidInput if there is no such key.
func (k *TenantKeyring) DecryptAt(index int, ciphertext, aad []byte) ([]byte, error) {
	to := memory.Behind(nil)
	return k.keyring.DecryptAt(&to, index, ciphertext, aad)
}

// DecryptAtInto is DecryptInto with the key at index and no other. dst may be
// ciphertext[NonceSize:], to be decrypted in place.
func (k *TenantKeyring) DecryptAtInto(dst []byte, index int, ciphertext, aad []byte) (int, error) {
	to := memory.Into(dst)
	return to.Size(k.keyring.DecryptAt(&to, index, ciphertext, aad))
}

// Counter returns how many encryptions were made, at most MaxEncryptions.
func (k *TenantKeyring) Counter() uint64 { return k.keyring.Counter() }

// RotationNeeded tells whether RotationThreshold encryptions were made, so
// that it is time for a successor.
func (k *TenantKeyring) RotationNeeded() bool { return k.keyring.RotationNeeded() }

// InstanceID returns the first eight bytes of every nonce given out here. No
// two instances in a process share one.
func (k *TenantKeyring) InstanceID() [8]byte { return k.keyring.InstanceID() }

// Metrics returns what this keyring has done so far. A sealed entry counts as
// one encryption and as one envelope stored, an opened one as one decryption
// and one envelope retrieved; keys that were tried in vain do not count. A call
// that fails counts as one error, in the operation that failed.
func (k *TenantKeyring) Metrics() core.Metrics { return metrics(k.keyring.Metrics()) }

// Wipe waits for the calls under way and overwrites the keys. Calls that need
// them answer ErrWiped after it. Wipe on a copy does
// not wipe the original's keys.
func (k *TenantKeyring) Wipe() { k.keyring.Wipe() }
