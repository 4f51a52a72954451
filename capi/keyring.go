package main

// #include "ckgo.h"
// #include "buffer.h"
import "C"

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

//export ckgo_keyring_new
func ckgo_keyring_new(slot C.uint32_t, current *C.uint8_t, currentLen C.size_t, others **C.uint8_t,
	otherLens *C.size_t, othersCount C.size_t, tenant *C.uint8_t, tenantLen C.size_t) (result C.int) {
	defer recovered(&result)
	keys, lens := array(others, othersCount), array(otherLens, othersCount)
	var decryptOnly [encryption.MaxDecryptOnlyKeys][]byte
	for i := range keys {
		decryptOnly[i] = slice(keys[i], lens[i])
	}
	keyring, err := encryption.NewTenantKeyring(slice(current, currentLen), decryptOnly[:len(keys)],
		slice(tenant, tenantLen))
	if err == nil {
		keyrings.put(slot, keyring)
	}
	return code(err)
}

//export ckgo_keyring_key_count
func ckgo_keyring_key_count(slot C.uint32_t) C.size_t {
	return C.size_t(keyrings.get(slot).KeyCount())
}

//export ckgo_keyring_counter
func ckgo_keyring_counter(slot C.uint32_t) C.uint64_t {
	return C.uint64_t(keyrings.get(slot).Counter())
}

//export ckgo_keyring_fingerprint
func ckgo_keyring_fingerprint(slot C.uint32_t, index C.size_t, out *C.uint8_t) (result C.int) {
	defer recovered(&result)
	fingerprint, err := keyrings.get(slot).Fingerprint(keyIndex(index))
	if err == nil {
		*fixed[[encryption.FingerprintSize]byte](out) = fingerprint
	}
	return code(err)
}

// keyIndex keeps an index that no int holds out of range.
func keyIndex(index C.size_t) int { return int(min(index, encryption.MaxDecryptOnlyKeys+1)) }

//export ckgo_keyring_encrypt
func ckgo_keyring_encrypt(slot C.uint32_t, aad *C.uint8_t, aadLen C.size_t,
	plaintext *C.uint8_t, plaintextLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	n, rotate, err := keyrings.get(slot).EncryptInto(slice(out, capacity), slice(plaintext, plaintextLen),
		slice(aad, aadLen))
	return finishEncrypt(n, rotate, err, length)
}

//export ckgo_keyring_decrypt
func ckgo_keyring_decrypt(slot C.uint32_t, aad *C.uint8_t, aadLen C.size_t, ciphertext *C.uint8_t,
	ciphertextLen C.size_t, out *C.uint8_t, capacity C.size_t, length, index *C.size_t) (result C.int) {
	defer recovered(&result)
	n, key, err := keyrings.get(slot).DecryptInto(slice(out, capacity), slice(ciphertext, ciphertextLen),
		slice(aad, aadLen))
	if err == nil {
		*index = C.size_t(key)
	}
	return finish(n, err, length)
}

//export ckgo_keyring_decrypt_at
func ckgo_keyring_decrypt_at(slot C.uint32_t, index C.size_t, aad *C.uint8_t, aadLen C.size_t,
	ciphertext *C.uint8_t, ciphertextLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	n, err := keyrings.get(slot).DecryptAtInto(keyIndex(index), slice(out, capacity),
		slice(ciphertext, ciphertextLen), slice(aad, aadLen))
	return finish(n, err, length)
}

//export ckgo_keyring_metrics
func ckgo_keyring_metrics(slot C.uint32_t, metrics *C.CachekitMetrics) (result C.int) {
	defer recovered(&result)
	fillMetrics(metrics, keyrings.get(slot).Metrics())
	return C.CACHEKIT_OK
}

//export ckgo_seal
func ckgo_seal(slot C.uint32_t, format *C.char, formatLen C.size_t, cacheKey *C.uint8_t, cacheKeyLen C.size_t,
	data *C.uint8_t, dataLen C.size_t, out **C.uint8_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	in, name := slice(data, dataLen), text(format, formatLen)
	var b buffer
	var err error
	if len(in) <= core.MaxPayloadSize && len(name) <= core.MaxFormatSize { // else the keyring refuses, and counts it
		if b, err = newBuffer(encryption.SealBound(len(in), len(name))); err != nil {
			return code(err)
		}
		defer b.free()
	}
	n, rotate, err := keyrings.get(slot).SealInto(b.bytes(), slice(cacheKey, cacheKeyLen), in, name)
	if err == nil {
		b.give(n, out, length)
	}
	return finishEncrypt(n, rotate, err, length)
}

//export ckgo_open
func ckgo_open(slot C.uint32_t, format *C.char, formatLen C.size_t, cacheKey *C.uint8_t, cacheKeyLen C.size_t,
	sealed *C.uint8_t, sealedLen C.size_t, out **C.uint8_t, length, index *C.size_t) (result C.int) {
	defer recovered(&result)
	keyring, in := keyrings.get(slot), slice(sealed, sealedLen)
	var b buffer
	var err error
	if n := len(in) - encryption.Overhead; n >= 0 && n <= core.MaxEnvelopeSize { // else the keyring refuses
		if b, err = newBuffer(n); err != nil {
			return code(err)
		}
		defer func() { b.free() }()
	}
	envelope, key, err := keyring.OpenEnvelopeInto(b.bytes(), slice(cacheKey, cacheKeyLen), in,
		text(format, formatLen))
	if err != nil {
		return code(err)
	}
	if b.size >= C.CK_MAPPED_FROM && envelope.InPlaceSize() > 0 {
		if done, err := extractInPlace(keyring, &b, &envelope); done {
			if err == nil {
				b.give(envelope.OriginalSize, out, length)
				*index = C.size_t(key)
			}
			return code(err)
		}
	}
	b.secret = b.size
	data, err := newBuffer(envelope.OriginalSize)
	if err != nil {
		return code(err)
	}
	defer data.free()
	if err = keyring.Extract(&envelope, data.bytes()); err == nil {
		data.give(envelope.OriginalSize, out, length)
		*index = C.size_t(key)
	}
	return code(err)
}

// extractInPlace turns b from an envelope into its payload without a second
// buffer: it grows b, moves the envelope to its end and decompresses it to its
// start. It reports false, with nothing changed, where b cannot grow. Whoever frees b
// wipes the payload, so the rest of the envelope behind it is wiped here. After an
// error the envelope is wiped, where it was and where it is, and nothing between the
// two, which was perhaps never written.
func extractInPlace(keyring *encryption.TenantKeyring, b *buffer, envelope *core.Envelope) (done bool, err error) {
	size := b.size
	if !b.grow(envelope.InPlaceSize()) {
		return false, nil
	}
	b.move(size)
	all := b.bytes()
	moved, err := core.Inspect(all[len(all)-size:])
	if err == nil {
		err = keyring.Extract(&moved, all[:moved.OriginalSize])
	}
	if err == nil {
		b.wipeFrom(moved.OriginalSize)
	} else {
		b.secret = size
		b.wipeFrom(b.size - size)
	}
	return true, err
}

//export ckgo_aad
func ckgo_aad(tenant *C.uint8_t, tenantLen C.size_t, cacheKey *C.uint8_t, cacheKeyLen C.size_t,
	format *C.char, formatLen C.size_t, compressed C.int, originalType *C.char, originalTypeLen C.size_t,
	out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	var original *string
	if originalType != nil {
		name := text(originalType, originalTypeLen)
		original = &name
	}
	n, err := encryption.AADInto(slice(out, capacity), slice(tenant, tenantLen), slice(cacheKey, cacheKeyLen),
		text(format, formatLen), compressed != 0, original)
	return finish(n, err, length)
}
