package encryption

import "github.com/cachekit-go/cachekit-core/internal/crypt"

// DeriveDomainKey derives a 32-byte key from a master key with HKDF-SHA256
// (RFC 5869): one key for each tenant and each purpose, from which neither the
// master key nor its siblings can be found.
//
// Errors, looked for in this order: core.ErrInvalidKeyLength for a master key
// under MinMasterKeySize, core.ErrInvalidInput for an empty domain,
// core.ErrDomainTooLong, core.ErrInvalidInput for a domain that is not valid
// UTF-8 or for an empty salt, core.ErrSaltTooLong.
//
// The result is a value of its own; DeriveDomainKeyInto leaves no second copy
// behind.
func DeriveDomainKey(master, tenantSalt, domain []byte) (key [KeySize]byte, err error) {
	err = crypt.DeriveDomainKeyInto(&key, master, tenantSalt, domain)
	return key, err
}

// DeriveDomainKeyInto is DeriveDomainKey straight into the caller's memory,
// which may be that of the master key. After an error key holds zeros.
func DeriveDomainKeyInto(key *[KeySize]byte, master, tenantSalt, domain []byte) error {
	return crypt.DeriveDomainKeyInto(key, master, tenantSalt, domain)
}

// TenantKeys are a tenant's keys, one for each purpose. The zero value, and what
// Wipe leaves, are keys of zeros, which an Encryptor takes for any others.
//
// Package fmt and encoders show none of their bytes, with two exceptions that are
// fmt's: a field of another struct that is not exported, be it a pointer, and the
// verbs %p and %w, which go vet reports.
type TenantKeys struct {
	secret
	Encryption     [KeySize]byte
	Authentication [KeySize]byte
	CacheKeys      [KeySize]byte
}

// DeriveTenantKeys derives a tenant's keys from a master key, with the tenant's
// id as salt and the errors of DeriveDomainKey. Wipe them when done.
func DeriveTenantKeys(master, tenantID []byte) (keys TenantKeys, err error) {
	err = DeriveTenantKeysInto(&keys, master, tenantID)
	return keys, err
}

// DeriveTenantKeysInto is DeriveTenantKeys straight into the caller's memory. After
// an error all keys are zeros.
func DeriveTenantKeysInto(keys *TenantKeys, master, tenantID []byte) error {
	return crypt.DeriveTenantKeysInto(&keys.Encryption, &keys.Authentication, &keys.CacheKeys, master, tenantID)
}

// Wipe overwrites the keys with zeros.
func (k *TenantKeys) Wipe() { *k = TenantKeys{} }

// KeyFingerprint names a key without telling anything about it: the first 16
// bytes of a SHA-256, for logs and for finding the entry of a keyring.
func KeyFingerprint(key []byte) [FingerprintSize]byte { return crypt.KeyFingerprint(key) }
