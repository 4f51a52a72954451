package interop

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// entries is what an interop entry is.
var entries = encryption.Uncompressed{Format: core.DefaultFormat, MaxCacheKeySize: MaxKeySize, Check: Check}

// Seal encrypts a value under the current key of k and binds it to k's tenant
// and to its cache key, which is one that [Key] made: the encrypted entry that
// the SDKs store, [encryption.Overhead] bytes longer than the value. A key above
// [MaxKeySize] is [core.ErrInputTooLarge].
//
// The value has to pass [Check], or counts in k's metrics as an encryption that
// failed; it need not be canonical. Other errors are those of
// [encryption.TenantKeyring.Encrypt]. Where no tenant is named, all SDKs take
// [encryption.DefaultTenant].
func Seal(k *encryption.TenantKeyring, key string, value []byte) ([]byte, error) {
	return AppendSeal(nil, k, key, value)
}

// AppendSeal appends the entry that [Seal] returns to dst, whose free capacity
// must not overlap value. After an error dst comes back as it was.
func AppendSeal(dst []byte, k *encryption.TenantKeyring, key string, value []byte) ([]byte, error) {
	out := dst
	if len(value) <= core.MaxPayloadSize {
		out = memory.Grow(dst, len(value)+encryption.Overhead)
	}
	n, _, err := SealInto(out[len(out):cap(out)], k, key, value)
	if err != nil {
		return dst, err
	}
	return out[:len(out)+n], nil
}

// SealInto writes the entry that [Seal] returns to dst and returns its size.
// rotate is that of [encryption.TenantKeyring.EncryptInto], which also says
// what dst may be.
func SealInto(dst []byte, k *encryption.TenantKeyring, key string, value []byte) (n int, rotate bool, err error) {
	return k.SealUncompressedInto(dst, &entries, memory.Bytes(key), value)
}

// Open returns the value of an entry that [Seal] or an SDK made for the same
// tenant and cache key, and the index of the key that opened it, 0 for the
// current one.
//
// Errors are those of [encryption.TenantKeyring.Decrypt], and those of [Check]
// for a value that was sealed though it is not one document, which counts as a
// decryption that failed. No error leads to another attempt: nothing comes back
// that was not authenticated.
func Open(k *encryption.TenantKeyring, key string, sealed []byte) (value []byte, keyIndex int, err error) {
	return AppendOpen(nil, k, key, sealed)
}

// AppendOpen appends the value that [Open] returns to dst, whose free capacity
// must not overlap sealed. After an error dst comes back as it was.
func AppendOpen(dst []byte, k *encryption.TenantKeyring, key string, sealed []byte) (value []byte, keyIndex int, err error) {
	out := dst
	if n := len(sealed) - encryption.Overhead; n >= 0 && n <= core.MaxPayloadSize {
		out = memory.Grow(dst, n)
	}
	n, keyIndex, err := OpenInto(out[len(out):cap(out)], k, key, sealed)
	if err != nil {
		return dst, 0, err
	}
	return out[:len(out)+n], keyIndex, nil
}

// OpenInto writes the value that [Open] returns to dst and returns its size.
// [encryption.TenantKeyring.DecryptInto] says what dst may be. After any error
// dst holds no plaintext.
func OpenInto(dst []byte, k *encryption.TenantKeyring, key string, sealed []byte) (n, keyIndex int, err error) {
	return k.OpenUncompressedInto(dst, &entries, memory.Bytes(key), sealed)
}
