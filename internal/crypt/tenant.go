package crypt

import (
	"bytes"
	"crypto/subtle"
	"math"
	"sync/atomic"

	"github.com/cachekit-go/cachekit-core/internal/aesgcm"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/envelope"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// TenantKeyring encrypts and decrypts for one tenant, under keys that were
// derived and expanded once. It stays where Init was called; a zero value or a copy
// answers ErrNotMade.
type TenantKeyring struct {
	tenant       []byte
	fingerprints [][limits.FingerprintSize]byte

	keys atomic.Pointer[[]*aesgcm.Key] // the current one first; nil after Wipe

	Nonces

	// These two are guarded: Wipe waits for the calls that use the keys.
	encrypt, decrypt meter.Operation
	store, retrieve  meter.Operation // the envelopes of sealed entries

	envelope.Settings
}

// Init makes a zero value usable, with the errors of CheckMasters, those of a tenant's
// id, RNGFailure and ErrFIPS140. It keeps no master key.
func (k *TenantKeyring) Init(current []byte, decryptOnly [][]byte, tenantID []byte) error {
	if err := CheckMasters(current, decryptOnly); err != nil {
		return err
	}
	return k.derive(current, decryptOnly, tenantID)
}

// derive is Init for master keys that were checked.
func (k *TenantKeyring) derive(current []byte, decryptOnly [][]byte, tenantID []byte) error {
	if aesgcm.Forbidden() {
		return ErrFIPS140
	}
	if err := checkTenant(tenantID); err != nil {
		return err
	}
	k.tenant = bytes.Clone(tenantID)
	k.fingerprints = make([][limits.FingerprintSize]byte, 0, 1+len(decryptOnly))
	k.encrypt.Guard, k.decrypt.Guard = true, true
	k.store.KeepLast = true
	k.InitSettings()
	if err := k.Nonces.init(); err != nil {
		return err
	}
	keys := make([]*aesgcm.Key, 0, 1+len(decryptOnly))
	k.keys.Store(&keys)
	var key [limits.KeySize]byte
	defer clear(key[:])
	for i := range 1 + len(decryptOnly) {
		master := current
		if i > 0 {
			master = decryptOnly[i-1]
		}
		if err := DeriveDomainKeyInto(&key, master, tenantID, []byte(domainEncryption)); err != nil {
			k.Wipe()
			return err
		}
		keys = append(keys, aesgcm.NewKey(key[:]))
		k.fingerprints = append(k.fingerprints, KeyFingerprint(key[:]))
	}
	return nil
}

// CheckMasters refuses master keys that make no keyring.
func CheckMasters(current []byte, decryptOnly [][]byte) error {
	if len(decryptOnly) > limits.MaxDecryptOnlyKeys {
		return TooManyKeys(len(decryptOnly))
	}
	if n := len(current); n < limits.MinMasterKeySize {
		return codes.InvalidKeyLength.Because("current master key: %d bytes, at least %d needed", n, limits.MinMasterKeySize)
	}
	for i, key := range decryptOnly {
		if n := len(key); n < limits.MinMasterKeySize {
			return codes.InvalidKeyLength.Because("decrypt-only key %d: %d bytes, at least %d needed", i+1, n, limits.MinMasterKeySize)
		}
	}
	for i, key := range decryptOnly {
		if subtle.ConstantTimeCompare(current, key) == 1 {
			return codes.At(ErrCurrentKeyTwice, "as number %d of them", i+1)
		}
	}
	return nil
}

// TooManyKeys is ErrTooManyKeys for n decrypt-only keys.
func TooManyKeys(n int) error { return codes.At(ErrTooManyKeys, "%d given", n) }

// TenantID returns a copy of the tenant's id.
func (k *TenantKeyring) TenantID() []byte { return bytes.Clone(k.tenant) }

// KeyCount returns the number of keys, the current one included.
func (k *TenantKeyring) KeyCount() int { return len(k.fingerprints) }

// Fingerprint returns the KeyFingerprint of the tenant's encryption key at
// index, 0 for the current one; InvalidInput if there is none.
func (k *TenantKeyring) Fingerprint(index int) ([limits.FingerprintSize]byte, error) {
	if err := k.checkIndex(index); err != nil {
		return [limits.FingerprintSize]byte{}, err
	}
	return k.fingerprints[index], nil
}

func (k *TenantKeyring) checkIndex(index int) error {
	if err := k.Check(); err != nil {
		return err
	}
	if index < 0 || index >= len(k.fingerprints) {
		return noSuchKey(index, len(k.fingerprints))
	}
	return nil
}

// Encrypt is Encryptor.Encrypt under the current key.
func (k *TenantKeyring) Encrypt(dst *memory.Dest, plaintext, aad []byte) (out []byte, rotate bool, err error) {
	return k.encryptAs(anything, dst, plaintext, aad)
}

// content is what a plaintext has to be.
type content int

const (
	anything   content = iota
	aDocument          // one that document.Check accepts
	anEnvelope         // of a size that was checked
)

// mostBytes is how long a plaintext of some content may be.
func (k *TenantKeyring) mostBytes(c content) int {
	if c == anEnvelope {
		return limits.MaxPlaintextSize
	}
	return k.MaxPayload()
}

func (c content) check(plaintext []byte) error {
	if c == aDocument {
		return document.Check(plaintext)
	}
	return nil
}

// encryptAs is Encrypt for a plaintext of some content.
func (k *TenantKeyring) encryptAs(c content, dst *memory.Dest, plaintext, aad []byte) (out []byte, rotate bool, err error) {
	if err := k.Check(); err != nil {
		return nil, false, err
	}
	span := k.encrypt.Begin(len(plaintext))
	err = codes.Internal // that is what counts after a panic
	defer func() { k.encrypt.Count(span, len(plaintext), len(out), err) }()
	n, failure := ciphertextSize(len(plaintext), k.mostBytes(c))
	if failure == nil {
		failure = c.check(plaintext)
	}
	if failure != nil {
		return nil, false, failure
	}
	to, failure := dst.Take(n)
	if failure != nil {
		return nil, false, failure
	}
	if rotate, failure = k.seal(to[:n], plaintext, aad); failure != nil {
		return nil, false, failure
	}
	return to[:n], rotate, nil
}

// seal fills dst with the encryption of plaintext, between Begin and Count.
func (k *TenantKeyring) seal(dst, plaintext, aad []byte) (rotate bool, err error) {
	keys := k.keys.Load()
	if keys == nil {
		return false, ErrWiped
	}
	if rotate, err = k.take(dst); err == nil {
		(*keys)[0].Seal(dst[limits.NonceSize:], dst[:limits.NonceSize], plaintext, aad)
	}
	return rotate, err
}

// Decrypt returns the plaintext, in memory from dst, which must not overlap the
// inputs, and the index of the key that opened it; see encryption.TenantKeyring.
func (k *TenantKeyring) Decrypt(dst *memory.Dest, ciphertext, aad []byte) (out []byte, keyIndex int, err error) {
	return k.decryptAs(anything, allKeys, dst, ciphertext, aad)
}

// DecryptAt is Decrypt with the key at index and no other. The memory from dst may be
// ciphertext[NonceSize:].
func (k *TenantKeyring) DecryptAt(dst *memory.Dest, index int, ciphertext, aad []byte) (out []byte, err error) {
	out, _, err = k.decryptAs(anything, index, dst, ciphertext, aad)
	return out, err
}

// allKeys, instead of an index, are all keys in their order.
const allKeys = math.MinInt // which no caller means

// decryptAs is Decrypt for a plaintext of some content, with the key at index or with
// all keys. What is not of that content is wiped.
func (k *TenantKeyring) decryptAs(c content, index int, dst *memory.Dest, ciphertext, aad []byte) (out []byte, keyIndex int, err error) {
	if err := k.Check(); err != nil {
		return nil, 0, err
	}
	span := k.decrypt.Begin(len(ciphertext))
	err = codes.Internal // that is what counts after a panic
	defer func() { k.decrypt.Count(span, len(ciphertext), len(out), err) }()
	first, end := index, index+1
	if index == allKeys {
		first, end = 0, len(k.fingerprints)
	} else if wrong := k.checkIndex(index); wrong != nil {
		return nil, 0, wrong
	}
	n, failure := plaintextSize(len(ciphertext), k.mostBytes(c))
	if failure != nil {
		return nil, 0, failure
	}
	to, failure := dst.Take(n)
	if failure != nil {
		return nil, 0, failure
	}
	to = to[:n]
	if index == allKeys && (aesgcm.Overlap(to, ciphertext) || aesgcm.Overlap(to, aad)) {
		// A key that fails would leave nothing for the next.
		panic(codes.Internal.Because("input and output overlap"))
	}
	if keyIndex, failure = k.open(to, ciphertext, aad, first, end); failure != nil {
		return nil, 0, failure
	}
	if refusal := c.check(to); refusal != nil {
		memory.Clear(to)
		return nil, 0, codes.Entry(refusal)
	}
	return to, keyIndex, nil
}

// open fills dst with the plaintext of ciphertext, trying the keys from first
// up to end, between Begin and Count.
func (k *TenantKeyring) open(dst, ciphertext, aad []byte, first, end int) (keyIndex int, err error) {
	keys := k.keys.Load()
	if keys == nil {
		return 0, ErrWiped
	}
	for i := first; i < end; i++ {
		if (*keys)[i].Open(dst, ciphertext[:limits.NonceSize], ciphertext[limits.NonceSize:], aad) {
			return i, nil
		}
	}
	return 0, notOpened(len(ciphertext), len(aad), end-first)
}

// Metrics returns what was counted. A sealed entry counts as one encryption and as one
// envelope stored, an opened one as one decryption and one envelope retrieved; keys
// that were tried in vain do not count. A call that fails counts as one error, in the
// operation that failed.
func (k *TenantKeyring) Metrics() meter.Metrics {
	return meter.Metrics{
		Store:                k.store.Snapshot(),
		Retrieve:             k.retrieve.Snapshot(),
		Encrypt:              k.encrypt.Snapshot(),
		Decrypt:              k.decrypt.Snapshot(),
		LastCompressionRatio: k.store.LastRatio(),
	}
}

// Wipe waits for the calls under way and overwrites the keys. Calls that need
// them answer ErrWiped after it. A copy leaves the original's keys alone.
func (k *TenantKeyring) Wipe() {
	if k.Check() != nil {
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
