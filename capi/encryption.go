package main

// #include "ckgo.h"
import "C"

import (
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

//export ckgo_encryptor_new
func ckgo_encryptor_new(slot C.uint32_t, object *unsafe.Pointer) (result C.int) {
	defer recovered(&result)
	encryptor := new(crypt.Encryptor)
	err := encryptor.Init()
	if err == nil {
		err = encryptors.put(slot, encryptor, object)
	}
	return code(err)
}

//export ckgo_encryptor_counter
func ckgo_encryptor_counter(slot C.uint32_t) C.uint64_t {
	return C.uint64_t(encryptors.get(slot).Counter())
}

//export ckgo_encrypt
func ckgo_encrypt(slot C.uint32_t, key *C.uint8_t, keyLen C.size_t, aad *C.uint8_t, aadLen C.size_t,
	plaintext *C.uint8_t, plaintextLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	ciphertext, rotate, err := encryptors.get(slot).Encrypt(&to, slice(key, keyLen),
		slice(plaintext, plaintextLen), slice(aad, aadLen))
	return warned(finish(&to, ciphertext, err, length), rotate)
}

//export ckgo_decrypt
func ckgo_decrypt(slot C.uint32_t, key *C.uint8_t, keyLen C.size_t, aad *C.uint8_t, aadLen C.size_t,
	ciphertext *C.uint8_t, ciphertextLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	plaintext, err := encryptors.get(slot).Decrypt(&to, slice(key, keyLen),
		slice(ciphertext, ciphertextLen), slice(aad, aadLen))
	return finish(&to, plaintext, err, length)
}

//export ckgo_encryptor_metrics
func ckgo_encryptor_metrics(slot C.uint32_t, metrics *C.CachekitMetrics) (result C.int) {
	defer recovered(&result)
	fillMetrics(metrics, encryptors.get(slot).Metrics())
	return C.CACHEKIT_OK
}

//export ckgo_derive_key
func ckgo_derive_key(master *C.uint8_t, masterLen C.size_t, salt *C.uint8_t, saltLen C.size_t,
	domain *C.uint8_t, domainLen C.size_t, out *C.uint8_t) (result C.int) {
	defer recovered(&result)
	return code(crypt.DeriveDomainKeyInto(fixed[[limits.KeySize]byte](out),
		slice(master, masterLen), slice(salt, saltLen), slice(domain, domainLen)))
}

//export ckgo_derive_tenant_keys
func ckgo_derive_tenant_keys(master *C.uint8_t, masterLen C.size_t, tenant *C.uint8_t, tenantLen C.size_t,
	keys *C.CachekitTenantKeys) (result C.int) {
	defer recovered(&result)
	return code(crypt.DeriveTenantKeysInto(
		fixed[[limits.KeySize]byte](&keys.encryption[0]),
		fixed[[limits.KeySize]byte](&keys.authentication[0]),
		fixed[[limits.KeySize]byte](&keys.cache_keys[0]),
		slice(master, masterLen), slice(tenant, tenantLen)))
}

//export ckgo_parse_master_key
func ckgo_parse_master_key(hex *C.char, hexLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	key, err := crypt.ParseMasterKey(&to, text(hex, hexLen))
	return finish(&to, key, err, length)
}

//export ckgo_generate_key
func ckgo_generate_key(out *C.uint8_t) (result C.int) {
	defer recovered(&result)
	return code(crypt.GenerateKey(fixed[[limits.KeySize]byte](out)))
}

//export ckgo_key_fingerprint
func ckgo_key_fingerprint(key *C.uint8_t, keyLen C.size_t, out *C.uint8_t) (result C.int) {
	defer recovered(&result)
	*fixed[[limits.FingerprintSize]byte](out) = crypt.KeyFingerprint(slice(key, keyLen))
	return C.CACHEKIT_OK
}
