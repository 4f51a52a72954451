package encryption

import (
	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// SealBound is the largest size in bytes that an entry of n payload bytes with
// a format of formatLen bytes can take; math.MaxInt, if that is more.
func SealBound(n, formatLen int) int { return crypt.SealBound(n, formatLen) }

// Seal turns data into a cache entry: compressed, in an envelope, encrypted
// under the current key, and bound to this tenant, cache key and format, so
// that it opens for no other.
//
// Errors, looked for in this order: ErrNotMade, core.ErrInputTooLarge, for a cache
// key above MaxCacheKeySize and a format above core.MaxFormatSize too,
// core.ErrInvalidInput if the format is not valid UTF-8, ErrWiped,
// core.ErrCounterExhausted.
func (k *TenantKeyring) Seal(cacheKey, data []byte, format string) ([]byte, error) {
	to := memory.Fitting()
	entry, _, err := k.keyring.Seal(&to, cacheKey, data, format)
	return to.Fit(entry), err
}

// AppendSeal appends the entry to dst. The free capacity of dst must not
// overlap the inputs.
func (k *TenantKeyring) AppendSeal(dst, cacheKey, data []byte, format string) ([]byte, error) {
	to := memory.Behind(dst)
	entry, _, err := k.keyring.Seal(&to, cacheKey, data, format)
	if err != nil {
		return dst, err
	}
	return to.With(entry), nil
}

// SealInto writes the entry to dst and returns its size; rotate is that of
// EncryptInto. If dst is shorter than SealBound(len(data), len(format)), the
// answer is core.ErrBufferTooSmall and that bound, and no nonce is spent. dst
// must not overlap the inputs. Whatever the answer, no payload byte is left in
// it.
func (k *TenantKeyring) SealInto(dst, cacheKey, data []byte, format string) (n int, rotate bool, err error) {
	to := memory.Into(dst)
	entry, rotate, err := k.keyring.Seal(&to, cacheKey, data, format)
	n, err = to.Size(entry, err)
	return n, rotate, err
}

// Open returns the payload of an entry that Seal, or another library of the
// family, made under the same tenant, cache key and format, and the index of
// the key that opened it.
//
// Errors: core.ErrInputTooLarge as for Seal, those of Decrypt, then those of
// core.ByteStorage.Retrieve; core.ErrInvalidInput also if the envelope inside carries
// another format. core.IsMiss tells which of them mean that the entry cannot be used.
func (k *TenantKeyring) Open(cacheKey, sealed []byte, format string) (data []byte, keyIndex int, err error) {
	return k.AppendOpen(nil, cacheKey, sealed, format)
}

// AppendOpen appends the payload to dst. The free capacity of dst must not
// overlap the inputs. The envelope passes through memory of its own size that
// is wiped at the end, and kept for the next call if it is small.
func (k *TenantKeyring) AppendOpen(dst, cacheKey, sealed []byte, format string) (data []byte, keyIndex int, err error) {
	var scratch memory.Scratch
	defer scratch.Done()
	to := memory.Behind(dst)
	data, keyIndex, err = k.keyring.Open(&to, scratch.Alloc, nil, cacheKey, sealed, format)
	if err != nil {
		return dst, 0, err
	}
	return to.With(data), keyIndex, nil
}
