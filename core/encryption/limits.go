package encryption

import (
	"fmt"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/aesgcm"
)

// Sizes in bytes.
const (
	KeySize   = aesgcm.KeySize      // AES-256
	NonceSize = aesgcm.NonceSize    // instance id, 8, and counter, 4
	TagSize   = aesgcm.TagSize      // of GCM
	Overhead  = NonceSize + TagSize // by which a ciphertext is longer than its plaintext

	// MaxPlaintextSize is the most that one encryption takes: what an
	// envelope may take, so that everything that can be stored can be sealed.
	MaxPlaintextSize = core.MaxEnvelopeSize

	// MinMasterKeySize is the shortest master key that keys are derived from.
	// 32 random bytes are strongly advised, and what MasterKeyFromEnv asks for.
	MinMasterKeySize = 16

	// MaxCacheKeySize is the longest cache key that an entry is bound to.
	MaxCacheKeySize = 1 << 20

	MaxDomainSize   = 255  // of a derivation domain; at least 1
	MaxTenantSize   = 1024 // of a tenant id or tenant salt; at least 1
	FingerprintSize = 16
)

// Counts.
const (
	// MaxEncryptions is how many encryptions an Encryptor or TenantKeyring
	// can make: its nonces hold a counter of 32 bits.
	MaxEncryptions = 1 << 32

	// RotationThreshold is the number of encryptions after which a new
	// Encryptor or TenantKeyring is due. The keys may stay.
	RotationThreshold = 1 << 31

	// MaxDecryptOnlyKeys is how many retired keys a keyring may hold.
	MaxDecryptOnlyKeys = 3
)

// DefaultTenant is the tenant of whoever names none.
const DefaultTenant = "default"

// What is wrong with a keyring's keys, beyond their length.
var (
	ErrTooManyKeys     = fmt.Errorf("%w: more than %d decrypt-only keys", core.ErrInvalidInput, MaxDecryptOnlyKeys)
	ErrCurrentKeyTwice = fmt.Errorf("%w: the current key is among the decrypt-only ones", core.ErrInvalidInput)
)

// ErrFIPS140 is the answer of the constructors where Go's FIPS 140-3 mode is enforced
// and the standard library would have to encrypt, which is then not allowed to do so
// with nonces from a counter.
var ErrFIPS140 = fmt.Errorf("%w: GODEBUG=fips140=only forbids encryption by the standard library, "+
	"which this CPU or CACHEKIT_AES=stdlib asks for", core.ErrInvalidInput)

// ErrWiped is the answer of everything that Wipe was called on.
var ErrWiped = fmt.Errorf("%w: used after Wipe", core.ErrInvalidHandle)

// ErrNotMade is the answer of an Encryptor, a Keyring or a TenantKeyring that no
// constructor made: a zero value would make the same nonces as any other, and a
// copy the same as its original. Take what the constructor returns, a pointer, and
// pass on that.
var ErrNotMade = fmt.Errorf("%w: not made by its constructor, or a copy of what was", core.ErrInvalidHandle)
