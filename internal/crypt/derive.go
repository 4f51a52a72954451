package crypt

import (
	"crypto/sha256"
	"encoding/binary"
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
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

// DeriveDomainKeyInto derives a key from a master key with HKDF-SHA256 (RFC 5869),
// straight into the caller's memory, which may be that of the master key. After an
// error key holds zeros.
//
// Errors, looked for in this order: InvalidKeyLength for a master key under
// MinMasterKeySize, InvalidInput for an empty domain, DomainTooLong, InvalidInput for
// a domain that is not valid UTF-8 or for an empty salt, SaltTooLong.
func DeriveDomainKeyInto(key *[limits.KeySize]byte, master, tenantSalt, domain []byte) error {
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

// checkDerivation returns the error that DeriveDomainKeyInto documents.
func checkDerivation(master, tenantSalt, domain []byte) error {
	switch {
	case len(master) < limits.MinMasterKeySize:
		return codes.InvalidKeyLength.Because("a master key of %d bytes, at least %d needed", len(master), limits.MinMasterKeySize)
	case len(domain) == 0:
		return codes.InvalidInput.Because("the domain is empty")
	case len(domain) > limits.MaxDomainSize:
		return codes.DomainTooLong.Because("a domain of %d bytes, at most %d", len(domain), limits.MaxDomainSize)
	case !utf8.Valid(domain):
		return codes.InvalidInput.Because("the domain is not UTF-8")
	}
	return checkTenant(tenantSalt)
}

func checkTenant(tenant []byte) error {
	switch {
	case len(tenant) == 0:
		return codes.InvalidInput.Because("the tenant id, or salt, is empty")
	case len(tenant) > limits.MaxTenantSize:
		return codes.SaltTooLong.Because("a tenant id, or salt, of %d bytes, at most %d", len(tenant), limits.MaxTenantSize)
	}
	return nil
}

// DeriveTenantKeysInto derives a tenant's keys, one for each purpose, with the tenant's
// id as salt and the errors of DeriveDomainKeyInto. After an error all are zeros.
func DeriveTenantKeysInto(encryption, authentication, cacheKeys *[limits.KeySize]byte, master, tenantID []byte) error {
	if err := DeriveDomainKeyInto(encryption, master, tenantID, []byte(domainEncryption)); err != nil {
		clear(authentication[:])
		clear(cacheKeys[:])
		return err
	}
	// Same master, same tenant, other domains of fit length: no error left.
	_ = DeriveDomainKeyInto(authentication, master, tenantID, []byte(domainAuthentication))
	return DeriveDomainKeyInto(cacheKeys, master, tenantID, []byte(domainCacheKeys))
}

// KeyFingerprint names a key without telling anything about it: the first 16
// bytes of a SHA-256, for logs and for finding the entry of a keyring.
func KeyFingerprint(key []byte) (fingerprint [limits.FingerprintSize]byte) {
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
