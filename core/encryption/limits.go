package encryption

import (
	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// Sizes in bytes.
const (
	KeySize   = limits.KeySize   // 32: AES-256
	NonceSize = limits.NonceSize // 12: instance id, 8, and counter, 4
	TagSize   = limits.TagSize   // 16: of GCM
	Overhead  = limits.Overhead  // 28: by which a ciphertext is longer than its plaintext

	// MaxPlaintextSize, 512 MiB, is the most that one encryption takes: what an
	// envelope may take, so that everything that can be stored can be sealed.
	MaxPlaintextSize = limits.MaxPlaintextSize

	// MinMasterKeySize, 16, is the shortest master key that keys are derived from.
	// 32 random bytes are strongly advised, and what MasterKeyFromEnv asks for.
	MinMasterKeySize = limits.MinMasterKeySize

	// MaxCacheKeySize, 1 MiB, is the longest cache key that an entry is bound to.
	MaxCacheKeySize = limits.MaxCacheKeySize

	MaxDomainSize   = limits.MaxDomainSize   // 255: of a derivation domain; at least 1
	MaxTenantSize   = limits.MaxTenantSize   // 1024: of a tenant id or tenant salt; at least 1
	FingerprintSize = limits.FingerprintSize // 16
)

// Counts.
const (
	// MaxEncryptions, 2^32, is how many encryptions an Encryptor or TenantKeyring
	// can make: its nonces hold a counter of 32 bits.
	MaxEncryptions = limits.MaxEncryptions

	// RotationThreshold, 2^31, is the number of encryptions after which a new
	// Encryptor or TenantKeyring is due. The keys may stay.
	RotationThreshold = limits.RotationThreshold

	// MaxDecryptOnlyKeys, 3, is how many retired keys a keyring may hold.
	MaxDecryptOnlyKeys = limits.MaxDecryptOnlyKeys
)

// DefaultTenant is the tenant id of the cachekit libraries where none is named.
const DefaultTenant = "default"

// What is wrong with a keyring's keys, beyond their length. Both are
// core.ErrInvalidInput.
var (
	ErrTooManyKeys     = crypt.ErrTooManyKeys
	ErrCurrentKeyTwice = crypt.ErrCurrentKeyTwice
)

// ErrFIPS140 is the answer of the constructors where Go's FIPS 140-3 mode is enforced
// and the standard library would have to encrypt, which is then not allowed to do so
// with nonces from a counter. It is core.ErrInvalidInput.
var ErrFIPS140 = crypt.ErrFIPS140

// ErrWiped is the answer of everything that Wipe was called on. It is
// core.ErrInvalidHandle.
var ErrWiped = crypt.ErrWiped

// ErrNotMade is the answer of an Encryptor, a Keyring or a TenantKeyring that no
// constructor made: a zero value would make the same nonces as any other, and a
// copy the same as its original. Take what the constructor returns, a pointer, and
// pass on that. It is core.ErrInvalidHandle.
var ErrNotMade = crypt.ErrNotMade
