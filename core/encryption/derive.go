package encryption

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// The domains of a tenant's three keys.
const (
	domainEncryption     = "encryption"
	domainAuthentication = "authentication"
	domainCacheKeys      = "cache_keys"
)

// Prefixes that keep what is hashed here apart from any other use of a key.
const (
	saltPrefix        = "cachekit_v1_"
	fingerprintPrefix = "key_fingerprint_v1"
)

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
	err = DeriveDomainKeyInto(&key, master, tenantSalt, domain)
	return key, err
}

// DeriveDomainKeyInto is DeriveDomainKey straight into the caller's memory,
// which may be that of the master key. After an error key holds zeros.
func DeriveDomainKeyInto(key *[KeySize]byte, master, tenantSalt, domain []byte) error {
	if err := checkDerivation(master, tenantSalt, domain); err != nil {
		clear(key[:])
		return err
	}
	var room [192]byte // all but the longest salts stay on the stack
	salt := append(room[:0], saltPrefix...)
	salt = append(salt, byte(len(domain)))
	salt = append(salt, domain...)
	salt = binary.BigEndian.AppendUint16(salt, uint16(len(tenantSalt)))
	salt = append(salt, tenantSalt...)
	hkdfSHA256(key, master, salt, domain)
	return nil
}

// checkDerivation returns the error that DeriveDomainKey documents.
func checkDerivation(master, tenantSalt, domain []byte) error {
	switch {
	case len(master) < MinMasterKeySize:
		return core.ErrInvalidKeyLength
	case len(domain) == 0:
		return core.ErrInvalidInput
	case len(domain) > MaxDomainSize:
		return core.ErrDomainTooLong
	case !utf8.Valid(domain):
		return core.ErrInvalidInput
	}
	return checkTenant(tenantSalt)
}

func checkTenant(tenant []byte) error {
	switch {
	case len(tenant) == 0:
		return fmt.Errorf("%w: empty tenant", core.ErrInvalidInput)
	case len(tenant) > MaxTenantSize:
		return core.ErrSaltTooLong
	}
	return nil
}

// TenantKeys are a tenant's keys, one for each purpose. The zero value, and what
// Wipe leaves, are keys of zeros, which an Encryptor takes for any others.
//
// Printing or marshalling them shows none of their bytes where it is for them to
// say. Package fmt does not ask, and shows them, in a field of another struct that
// is not exported, be it a pointer, and for the verbs %p and %w, which go vet
// reports.
type TenantKeys struct {
	secret
	Encryption     [KeySize]byte
	Authentication [KeySize]byte
	CacheKeys      [KeySize]byte
}

// DeriveTenantKeys derives a tenant's keys from a master key, with the tenant's
// id as salt and the errors of DeriveDomainKey. Wipe them when done.
func DeriveTenantKeys(master, tenantID []byte) (keys TenantKeys, err error) {
	err = keys.Derive(master, tenantID)
	return keys, err
}

// Derive is DeriveTenantKeys straight into the caller's memory. After an error
// all keys are zeros.
func (k *TenantKeys) Derive(master, tenantID []byte) error {
	err := DeriveDomainKeyInto(&k.Encryption, master, tenantID, []byte(domainEncryption))
	if err != nil {
		k.Wipe()
		return err
	}
	// Same master, same tenant, other domains of fit length: no error left.
	_ = DeriveDomainKeyInto(&k.Authentication, master, tenantID, []byte(domainAuthentication))
	return DeriveDomainKeyInto(&k.CacheKeys, master, tenantID, []byte(domainCacheKeys))
}

// Wipe overwrites the keys with zeros.
func (k *TenantKeys) Wipe() { *k = TenantKeys{} }

// KeyFingerprint names a key without telling anything about it: the first 16
// bytes of a SHA-256, for logs and for finding the entry of a keyring.
func KeyFingerprint(key []byte) (fingerprint [FingerprintSize]byte) {
	memory.HoldStack()
	h := sha256.New()
	h.Write([]byte(fingerprintPrefix))
	memory.Write(h, key)
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	copy(fingerprint[:], sum[:])
	// Overwrite what the hash buffered of the key, as in hkdfSHA256. Here it can
	// be all of a block: a key goes on where the prefix ended.
	var zeros [sha256.BlockSize]byte
	h.Reset()
	h.Write(zeros[:1])
	h.Write(zeros[1:])
	memory.ClearStack()
	return fingerprint
}
