package main

// #include "ckgo.h"
import "C"

import (
	"math"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

//export ckgo_keyring_new
func ckgo_keyring_new(slot C.uint32_t, current *C.uint8_t, currentLen C.size_t, others **C.uint8_t,
	otherLens *C.size_t, othersCount C.size_t, tenant *C.uint8_t, tenantLen C.size_t, object *unsafe.Pointer) (result C.int) {
	defer recovered(&result)
	if othersCount > limits.MaxDecryptOnlyKeys {
		return code(crypt.TooManyKeys(int(min(othersCount, math.MaxInt))))
	}
	keys, lens := array(others, othersCount), array(otherLens, othersCount)
	var decryptOnly [limits.MaxDecryptOnlyKeys][]byte
	for i := range keys {
		decryptOnly[i] = slice(keys[i], lens[i])
	}
	return code(newKeyring(slot, slice(current, currentLen), decryptOnly[:len(keys)], slice(tenant, tenantLen), object))
}

func newKeyring(slot C.uint32_t, current []byte, decryptOnly [][]byte, tenant []byte, object *unsafe.Pointer) error {
	keyring := new(crypt.TenantKeyring)
	if err := keyring.Init(current, decryptOnly, tenant); err != nil {
		return err
	}
	return keyrings.put(slot, keyring, object)
}

//export ckgo_keyring_from_env
func ckgo_keyring_from_env(slot C.uint32_t, current *C.char, currentLen C.size_t, previous *C.char, previousLen C.size_t,
	tenant *C.uint8_t, tenantLen C.size_t, object *unsafe.Pointer) (result C.int) {
	defer recovered(&result)
	var taken buffers
	defer taken.free()
	var masters crypt.Masters
	defer masters.Wipe()
	err := masters.Read(taken.alloc, text(current, currentLen), text(previous, previousLen))
	if err == nil {
		err = newKeyring(slot, masters.Current, masters.DecryptOnly, slice(tenant, tenantLen), object)
	}
	return code(err)
}

//export ckgo_keyring_set_level
func ckgo_keyring_set_level(slot C.uint32_t, level C.int) (result C.int) {
	defer recovered(&result)
	return code(keyrings.get(slot).SetLevel(int(level)))
}

//export ckgo_keyring_set_max_payload
func ckgo_keyring_set_max_payload(slot C.uint32_t, size C.size_t) (result C.int) {
	defer recovered(&result)
	return code(keyrings.get(slot).SetMaxPayload(int(min(size, maxLen))))
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
		*fixed[[limits.FingerprintSize]byte](out) = fingerprint
	}
	return code(err)
}

// keyIndex keeps an index that no int holds out of range.
func keyIndex(index C.size_t) int { return int(min(index, math.MaxInt)) }

//export ckgo_keyring_encrypt
func ckgo_keyring_encrypt(slot C.uint32_t, aad *C.uint8_t, aadLen C.size_t,
	plaintext *C.uint8_t, plaintextLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	ciphertext, rotate, err := keyrings.get(slot).Encrypt(&to, slice(plaintext, plaintextLen), slice(aad, aadLen))
	return warned(finish(&to, ciphertext, err, length), rotate)
}

//export ckgo_keyring_decrypt
func ckgo_keyring_decrypt(slot C.uint32_t, aad *C.uint8_t, aadLen C.size_t, ciphertext *C.uint8_t,
	ciphertextLen C.size_t, out *C.uint8_t, capacity C.size_t, length, index *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	plaintext, key, err := keyrings.get(slot).Decrypt(&to, slice(ciphertext, ciphertextLen), slice(aad, aadLen))
	setIndex(index, key, err)
	return finish(&to, plaintext, err, length)
}

//export ckgo_keyring_decrypt_at
func ckgo_keyring_decrypt_at(slot C.uint32_t, index C.size_t, aad *C.uint8_t, aadLen C.size_t,
	ciphertext *C.uint8_t, ciphertextLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	plaintext, err := keyrings.get(slot).DecryptAt(&to, keyIndex(index),
		slice(ciphertext, ciphertextLen), slice(aad, aadLen))
	return finish(&to, plaintext, err, length)
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
	var taken buffers
	defer taken.free()
	to := memory.From(taken.alloc)
	entry, rotate, err := keyrings.get(slot).Seal(&to, slice(cacheKey, cacheKeyLen), slice(data, dataLen),
		text(format, formatLen))
	taken.give(entry, out, length)
	return warned(code(err), rotate)
}

//export ckgo_open
func ckgo_open(slot C.uint32_t, format *C.char, formatLen C.size_t, cacheKey *C.uint8_t, cacheKeyLen C.size_t,
	sealed *C.uint8_t, sealedLen C.size_t, out **C.uint8_t, length, index *C.size_t) (result C.int) {
	defer recovered(&result)
	var taken buffers
	defer taken.free()
	to := memory.From(taken.alloc)
	data, key, err := keyrings.get(slot).Open(&to, taken.alloc, taken.grow, slice(cacheKey, cacheKeyLen),
		slice(sealed, sealedLen), text(format, formatLen))
	taken.give(data, out, length)
	setIndex(index, key, err)
	return code(err)
}

//export ckgo_seal_into
func ckgo_seal_into(slot C.uint32_t, format *C.char, formatLen C.size_t, cacheKey *C.uint8_t, cacheKeyLen C.size_t,
	data *C.uint8_t, dataLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	entry, rotate, err := keyrings.get(slot).Seal(&to, slice(cacheKey, cacheKeyLen), slice(data, dataLen),
		text(format, formatLen))
	return warned(finish(&to, entry, err, length), rotate)
}

//export ckgo_open_into
func ckgo_open_into(slot C.uint32_t, format *C.char, formatLen C.size_t, cacheKey *C.uint8_t, cacheKeyLen C.size_t,
	sealed *C.uint8_t, sealedLen C.size_t, out *C.uint8_t, capacity C.size_t, length, index *C.size_t) (result C.int) {
	defer recovered(&result)
	var scratch buffers
	defer scratch.free()
	to := into(out, capacity)
	data, key, err := keyrings.get(slot).Open(&to, scratch.alloc, nil, slice(cacheKey, cacheKeyLen),
		slice(sealed, sealedLen), text(format, formatLen))
	setIndex(index, key, err)
	return finish(&to, data, err, length)
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
	to := into(out, capacity)
	aad, err := crypt.AAD(&to, slice(tenant, tenantLen), slice(cacheKey, cacheKeyLen),
		text(format, formatLen), compressed != 0, original)
	return finish(&to, aad, err, length)
}
