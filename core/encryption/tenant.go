package encryption

import (
	"bytes"
	"sync/atomic"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/aesgcm"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// TenantKeyring encrypts and decrypts for one tenant, under keys that were
// derived and expanded once. The current key encrypts; decryption tries it
// and then the decrypt-only ones in order. It counts its encryptions as an
// Encryptor does, and is safe for any number of goroutines. It comes from
// Keyring.ForTenant or NewTenantKeyring and is passed on as a pointer: see
// ErrNotMade.
type TenantKeyring struct {
	secret
	tenant       []byte
	fingerprints [][FingerprintSize]byte

	keys atomic.Pointer[[]*aesgcm.Key] // the current one first; nil after Wipe

	nonces

	// These two are guarded: Wipe waits for the calls that use the keys.
	encrypt, decrypt meter.Operation
	store, retrieve  meter.Operation // the envelopes of sealed entries
}

// NewTenantKeyring is NewKeyring and ForTenant in one, with their errors,
// without a copy of any master key.
func NewTenantKeyring(current []byte, decryptOnly [][]byte, tenantID []byte) (*TenantKeyring, error) {
	if err := checkMasters(current, decryptOnly); err != nil {
		return nil, err
	}
	return newTenantKeyring(current, decryptOnly, tenantID)
}

func newTenantKeyring(current []byte, decryptOnly [][]byte, tenantID []byte) (*TenantKeyring, error) {
	if aesgcm.Forbidden() {
		return nil, ErrFIPS140
	}
	if err := checkTenant(tenantID); err != nil {
		return nil, err
	}
	k := &TenantKeyring{
		tenant:       bytes.Clone(tenantID),
		fingerprints: make([][FingerprintSize]byte, 0, 1+len(decryptOnly)),
	}
	k.encrypt.Guard, k.decrypt.Guard = true, true
	k.store.KeepLast = true
	if err := k.nonces.init(); err != nil {
		return nil, err
	}
	keys := make([]*aesgcm.Key, 0, 1+len(decryptOnly))
	k.keys.Store(&keys)
	var key [KeySize]byte
	defer clear(key[:])
	for i := range 1 + len(decryptOnly) {
		master := current
		if i > 0 {
			master = decryptOnly[i-1]
		}
		if err := DeriveDomainKeyInto(&key, master, tenantID, []byte(domainEncryption)); err != nil {
			k.Wipe()
			return nil, err
		}
		keys = append(keys, aesgcm.NewKey(key[:]))
		k.fingerprints = append(k.fingerprints, KeyFingerprint(key[:]))
	}
	return k, nil
}

// TenantID returns a copy of the tenant's id.
func (k *TenantKeyring) TenantID() []byte { return bytes.Clone(k.tenant) }

// KeyCount returns the number of keys, the current one included.
func (k *TenantKeyring) KeyCount() int { return len(k.fingerprints) }

// Fingerprint returns the KeyFingerprint of the tenant's encryption key at
// index, 0 for the current one; core.ErrInvalidInput if there is none.
func (k *TenantKeyring) Fingerprint(index int) ([FingerprintSize]byte, error) {
	if err := k.check(); err != nil {
		return [FingerprintSize]byte{}, err
	}
	if index < 0 || index >= len(k.fingerprints) {
		return [FingerprintSize]byte{}, core.ErrInvalidInput
	}
	return k.fingerprints[index], nil
}

// Encrypt is Encryptor.Encrypt under the current key.
func (k *TenantKeyring) Encrypt(plaintext, aad []byte) ([]byte, error) {
	return k.AppendEncrypt(nil, plaintext, aad)
}

// AppendEncrypt is Encryptor.AppendEncrypt under the current key.
func (k *TenantKeyring) AppendEncrypt(dst, plaintext, aad []byte) ([]byte, error) {
	out := growForCiphertext(dst, len(plaintext))
	n, _, err := k.EncryptInto(out[len(out):cap(out)], plaintext, aad)
	if err != nil {
		return dst, err
	}
	return out[:len(out)+n], nil
}

// EncryptInto is Encryptor.EncryptInto under the current key.
func (k *TenantKeyring) EncryptInto(dst, plaintext, aad []byte) (n int, rotate bool, err error) {
	return k.encryptInto(dst, plaintext, aad, nil)
}

// encryptInto is EncryptInto for a plaintext that check, unless it is nil, has to
// accept. Its refusal comes before ErrBufferTooSmall.
func (k *TenantKeyring) encryptInto(dst, plaintext, aad []byte, check func([]byte) error) (n int, rotate bool, err error) {
	if err := k.check(); err != nil {
		return 0, false, err
	}
	n, err = checkEncrypt(len(dst), len(plaintext))
	if err == core.ErrBufferTooSmall {
		if check != nil {
			if refusal := check(plaintext); refusal != nil {
				k.encrypt.Fail(k.encrypt.Begin(0))
				return 0, false, refusal
			}
		}
		return n, false, err
	}
	span := k.encrypt.Begin(len(plaintext))
	defer func() { count(&k.encrypt, span, len(plaintext), n, err) }()
	if err == nil {
		err = core.ErrInternal // that is what counts after a panic
		if check != nil {
			if refusal := check(plaintext); refusal != nil {
				return 0, false, refusal
			}
		}
		rotate, err = k.seal(dst[:n], plaintext, aad)
		if err != nil {
			n = 0
		}
	}
	return n, rotate, err
}

// seal fills dst with the encryption of plaintext, between Begin and End.
func (k *TenantKeyring) seal(dst, plaintext, aad []byte) (rotate bool, err error) {
	keys := k.keys.Load()
	if keys == nil {
		return false, ErrWiped
	}
	if rotate, err = k.take(dst); err == nil {
		(*keys)[0].Seal(dst[NonceSize:], dst[:NonceSize], plaintext, aad)
	}
	return rotate, err
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
	out := growForPlaintext(dst, len(ciphertext))
	n, keyIndex, err := k.DecryptInto(out[len(out):cap(out)], ciphertext, aad)
	if err != nil {
		return dst, 0, err
	}
	return out[:len(out)+n], keyIndex, nil
}

// DecryptInto writes the plaintext to dst and returns its size. If dst is
// shorter than len(ciphertext)-Overhead, the answer is core.ErrBufferTooSmall
// and that size. dst must not overlap the inputs, which is a panic: they are needed
// again if the first key does not open the ciphertext. After core.ErrDecryptionFailed dst
// holds zeros where the plaintext would be.
func (k *TenantKeyring) DecryptInto(dst, ciphertext, aad []byte) (n, keyIndex int, err error) {
	return k.decryptInto(dst, ciphertext, aad, nil)
}

// decryptInto is DecryptInto for a plaintext that check, unless it is nil, has to
// accept. What it refuses is wiped.
func (k *TenantKeyring) decryptInto(dst, ciphertext, aad []byte, check func([]byte) error) (n, keyIndex int, err error) {
	if err := k.check(); err != nil {
		return 0, 0, err
	}
	n, err = checkDecrypt(len(dst), len(ciphertext))
	if err == core.ErrBufferTooSmall {
		return n, 0, err
	}
	span := k.decrypt.Begin(len(ciphertext))
	defer func() { count(&k.decrypt, span, len(ciphertext), n, err) }()
	if err == nil {
		err = core.ErrInternal // as in EncryptInto
		if aesgcm.Overlap(dst[:n], ciphertext) || aesgcm.Overlap(dst[:n], aad) {
			panic("encryption: a key that fails would leave nothing for the next")
		}
		keyIndex, err = k.open(dst[:n], ciphertext, aad, 0, len(k.fingerprints))
		if err == nil && check != nil {
			err = core.ErrInternal
			if err = check(dst[:n]); err != nil {
				memory.Clear(dst[:n])
				keyIndex = 0
			}
		}
		if err != nil {
			n = 0
		}
	}
	return n, keyIndex, err
}

// DecryptAt is Decrypt with the key at index and no other, for a caller that
// stored the key's fingerprint; core.ErrInvalidInput if there is no such key.
func (k *TenantKeyring) DecryptAt(index int, ciphertext, aad []byte) ([]byte, error) {
	return k.AppendDecryptAt(nil, index, ciphertext, aad)
}

// AppendDecryptAt is AppendDecrypt with the key at index and no other.
func (k *TenantKeyring) AppendDecryptAt(dst []byte, index int, ciphertext, aad []byte) ([]byte, error) {
	out := growForPlaintext(dst, len(ciphertext))
	n, err := k.DecryptAtInto(index, out[len(out):cap(out)], ciphertext, aad)
	if err != nil {
		return dst, err
	}
	return out[:len(out)+n], nil
}

// DecryptAtInto is DecryptInto with the key at index and no other. dst may be
// ciphertext[NonceSize:], to be decrypted in place.
func (k *TenantKeyring) DecryptAtInto(index int, dst, ciphertext, aad []byte) (n int, err error) {
	if err := k.check(); err != nil {
		return 0, err
	}
	if index < 0 || index >= len(k.fingerprints) {
		err = core.ErrInvalidInput
	} else {
		n, err = checkDecrypt(len(dst), len(ciphertext))
	}
	if err == core.ErrBufferTooSmall {
		return n, err
	}
	span := k.decrypt.Begin(len(ciphertext))
	defer func() { count(&k.decrypt, span, len(ciphertext), n, err) }()
	if err == nil {
		err = core.ErrInternal // as in EncryptInto
		if _, err = k.open(dst[:n], ciphertext, aad, index, index+1); err != nil {
			n = 0
		}
	}
	return n, err
}

// open fills dst with the plaintext of ciphertext, trying the keys from first
// up to end, between Begin and End.
func (k *TenantKeyring) open(dst, ciphertext, aad []byte, first, end int) (keyIndex int, err error) {
	keys := k.keys.Load()
	if keys == nil {
		return 0, ErrWiped
	}
	for i := first; i < end; i++ {
		if (*keys)[i].Open(dst, ciphertext[:NonceSize], ciphertext[NonceSize:], aad) {
			return i, nil
		}
	}
	return 0, core.ErrDecryptionFailed
}

// Metrics returns what this keyring has done so far. A sealed entry counts as
// one encryption and as one envelope stored, an opened one as one decryption
// and one envelope retrieved; keys that were tried in vain do not count. A call
// that fails counts as one error, in the operation that failed.
func (k *TenantKeyring) Metrics() core.Metrics {
	m := core.Metrics{
		Store:               core.OperationMetrics(k.store.Snapshot()),
		Retrieve:            core.OperationMetrics(k.retrieve.Snapshot()),
		Encrypt:             core.OperationMetrics(k.encrypt.Snapshot()),
		Decrypt:             core.OperationMetrics(k.decrypt.Snapshot()),
		HardwareAccelerated: HardwareAccelerated(),
	}
	if in, out := k.store.Last(); out > 0 {
		m.LastCompressionRatio = float64(in) / float64(out)
	}
	return m
}

// Wipe waits for the calls under way and overwrites the keys. Calls that need
// them answer ErrWiped after it. A copy leaves the original's keys alone.
func (k *TenantKeyring) Wipe() {
	if k.check() != nil {
		return
	}
	keys := k.keys.Swap(nil)
	if keys == nil {
		return
	}
	// Whoever begins from here on finds no keys.
	k.encrypt.Wait()
	k.decrypt.Wait()
	for _, key := range *keys {
		key.Wipe()
	}
}
