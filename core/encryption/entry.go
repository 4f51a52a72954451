package encryption

import (
	"math"
	"sync"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// SealBound is the largest size in bytes that an entry of n payload bytes with
// a format of formatLen bytes can take; math.MaxInt, if that is more.
func SealBound(n, formatLen int) int {
	return min(core.EnvelopeBound(n, formatLen), math.MaxInt-Overhead) + Overhead
}

// Seal turns data into a cache entry: compressed, in an envelope, encrypted
// under the current key, and bound to this tenant, cache key and format, so
// that it opens for no other. The result has room for the worst case.
//
// Errors, looked for in this order: ErrNotMade, core.ErrInputTooLarge, for a cache
// key above MaxCacheKeySize and a format above core.MaxFormatSize too,
// core.ErrInvalidInput if the format is not valid UTF-8, ErrWiped,
// core.ErrCounterExhausted.
func (k *TenantKeyring) Seal(cacheKey, data []byte, format string) ([]byte, error) {
	return k.AppendSeal(nil, cacheKey, data, format)
}

// AppendSeal appends the entry to dst. The free capacity of dst must not
// overlap the inputs.
func (k *TenantKeyring) AppendSeal(dst, cacheKey, data []byte, format string) ([]byte, error) {
	out := dst
	if checkEntry(cacheKey, data, format) == nil {
		out = memory.Grow(dst, SealBound(len(data), len(format)))
	}
	n, _, err := k.SealInto(out[len(out):cap(out)], cacheKey, data, format)
	if err != nil {
		return dst, err
	}
	return out[:len(out)+n], nil
}

// SealInto writes the entry to dst and returns its size; rotate is that of
// EncryptInto. If dst is shorter than SealBound(len(data), len(format)), the
// answer is core.ErrBufferTooSmall and that bound, and no nonce is spent. dst
// must not overlap the inputs. Whatever the answer, no payload byte is left in
// it.
func (k *TenantKeyring) SealInto(dst, cacheKey, data []byte, format string) (n int, rotate bool, err error) {
	if err := k.check(); err != nil {
		return 0, false, err
	}
	storing := k.store.Begin(len(data))
	if err = checkEntry(cacheKey, data, format); err == nil {
		n, err = sealInto(dst, data, format)
	}
	count(&k.store, storing, len(data), n, err)
	if err != nil {
		return n, false, err
	}

	return k.sealEnvelope(dst[:n+Overhead], cacheKey, format)
}

// sealEnvelope encrypts, in place, the envelope that lies in entry where its
// ciphertext will.
func (k *TenantKeyring) sealEnvelope(entry, cacheKey []byte, format string) (n int, rotate bool, err error) {
	envelope := entry[NonceSize : len(entry)-TagSize]
	span := k.encrypt.Begin(len(envelope))
	defer func() { count(&k.encrypt, span, len(envelope), n, err) }()
	var room [aadRoom]byte
	aad, err := k.AppendAAD(room[:0], cacheKey, format, true)
	if err == nil {
		rotate, err = k.seal(entry, envelope, aad)
	}
	if err != nil {
		memory.Clear(entry)
		return 0, false, err
	}
	return len(entry), rotate, nil
}

// checkEntry refuses what is too large for an entry.
func checkEntry(cacheKey, data []byte, format string) error {
	if len(data) > core.MaxPayloadSize || len(cacheKey) > MaxCacheKeySize || len(format) > core.MaxFormatSize {
		return core.ErrInputTooLarge
	}
	return nil
}

// sealInto writes the envelope of data to dst where it will be encrypted.
func sealInto(dst, data []byte, format string) (int, error) {
	if bound := SealBound(len(data), len(format)); len(dst) < bound {
		return bound, core.ErrBufferTooSmall
	}
	return core.EncodeEnvelope(dst[NonceSize:len(dst)-TagSize], data, format)
}

// Open returns the payload of an entry that Seal, or another library of the
// family, made under the same tenant, cache key and format, and the index of
// the key that opened it.
//
// Errors: core.ErrInputTooLarge as for Seal, those of Decrypt, then those of
// core.Inspect and of core.Envelope.Extract; core.ErrInvalidInput also if the
// envelope inside carries another format.
func (k *TenantKeyring) Open(cacheKey, sealed []byte, format string) (data []byte, keyIndex int, err error) {
	return k.AppendOpen(nil, cacheKey, sealed, format)
}

// AppendOpen appends the payload to dst. The free capacity of dst must not
// overlap the inputs. The envelope passes through memory of its own size that
// is wiped at the end, and kept for the next call if it is small.
func (k *TenantKeyring) AppendOpen(dst, cacheKey, sealed []byte, format string) (data []byte, keyIndex int, err error) {
	if err := k.check(); err != nil {
		return dst, 0, err
	}
	n, err := checkDecrypt(0, len(sealed))
	if err != nil && err != core.ErrBufferTooSmall {
		k.decrypt.Fail(k.decrypt.Begin(0))
		return dst, 0, err
	}
	var envelope []byte
	if n <= pooledSize {
		pooled := envelopes.Get().(*[pooledSize]byte)
		defer envelopes.Put(pooled)
		envelope = pooled[:n]
	} else {
		envelope = make([]byte, n)
	}
	defer memory.Clear(envelope)
	env, keyIndex, err := k.OpenEnvelopeInto(envelope, cacheKey, sealed, format)
	if err != nil {
		return dst, 0, err
	}
	out := memory.Grow(dst, max(env.OriginalSize, 1)) // not nil, for an empty payload too
	end := len(out) + env.OriginalSize
	if err := k.Extract(&env, out[len(out):end]); err != nil {
		return dst, 0, err
	}
	return out[:end], keyIndex, nil
}

// pooledSize is the largest envelope whose memory AppendOpen keeps.
const pooledSize = 64 << 10

var envelopes = sync.Pool{New: func() any { return new([pooledSize]byte) }}

// OpenEnvelopeInto is the first half of opening an entry: it decrypts the
// envelope into dst, of at least len(sealed)-Overhead bytes, and checks all
// that needs no decompression, the format included. The second half, with
// memory for the returned envelope's OriginalSize bytes, is Extract. The
// envelope refers to dst, which holds plaintext until the caller wipes it.
//
// Errors: core.ErrInputTooLarge as for Seal, those of DecryptInto, those of
// core.Inspect, core.ErrInvalidInput if the envelope carries another format. After
// any of them dst holds zeros where the envelope would be.
func (k *TenantKeyring) OpenEnvelopeInto(dst, cacheKey, sealed []byte, format string) (env core.Envelope, keyIndex int, err error) {
	if err := k.check(); err != nil {
		return core.Envelope{}, 0, err
	}
	var room [aadRoom]byte
	var aad []byte
	if err = checkEntry(cacheKey, nil, format); err == nil {
		aad, err = k.AppendAAD(room[:0], cacheKey, format, true)
	}
	if err != nil {
		k.decrypt.Fail(k.decrypt.Begin(0))
		return core.Envelope{}, 0, err
	}
	n, keyIndex, err := k.DecryptInto(dst, sealed, aad)
	if err != nil {
		return core.Envelope{}, 0, err
	}
	env, err = core.Inspect(dst[:n])
	if err == nil && memory.Compare(env.Format, memory.Bytes(format)) != 0 {
		err = core.ErrInvalidInput
	}
	if err != nil {
		k.retrieve.Fail(k.retrieve.Begin(0))
		memory.Clear(dst[:n])
		return core.Envelope{}, 0, err
	}
	return env, keyIndex, nil
}

// Uncompressed is a kind of entry without an envelope.
type Uncompressed struct {
	Format          string                  // of the data
	MaxCacheKeySize int                     // in bytes
	Check           func(data []byte) error // tells whether data are of that format
}

// SealUncompressedInto is SealInto without an envelope: the entry is data as it
// is, encrypted and bound to the tenant, cache key and format, and to not being
// compressed. It is Overhead bytes longer than data; dst may be what EncryptInto
// allows. What is refused takes no nonce and counts as an encryption that failed.
//
// Errors, looked for in this order: core.ErrInputTooLarge, for a cache key too
// long too, those of kind.Check, core.ErrBufferTooSmall, ErrWiped,
// core.ErrCounterExhausted.
func (k *TenantKeyring) SealUncompressedInto(dst []byte, kind *Uncompressed, cacheKey, data []byte) (n int, rotate bool, err error) {
	var room [aadRoom]byte
	aad, err := k.appendUncompressedAAD(room[:0], kind, cacheKey)
	if err != nil {
		k.encrypt.Fail(k.encrypt.Begin(0))
		return 0, false, err
	}
	return k.encryptInto(dst, data, aad, kind.Check)
}

// OpenUncompressedInto opens what SealUncompressedInto made: DecryptInto, and then
// kind.Check. What that refuses, with the error that is the answer, is wiped and
// counts as a decryption that failed.
//
// Errors: core.ErrInputTooLarge as there, those of DecryptInto and of kind.Check.
func (k *TenantKeyring) OpenUncompressedInto(dst []byte, kind *Uncompressed, cacheKey, sealed []byte) (n, keyIndex int, err error) {
	var room [aadRoom]byte
	aad, err := k.appendUncompressedAAD(room[:0], kind, cacheKey)
	if err != nil {
		k.decrypt.Fail(k.decrypt.Begin(0))
		return 0, 0, err
	}
	return k.decryptInto(dst, sealed, aad, kind.Check)
}

func (k *TenantKeyring) appendUncompressedAAD(dst []byte, kind *Uncompressed, cacheKey []byte) ([]byte, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	if len(cacheKey) > kind.MaxCacheKeySize {
		return nil, core.ErrInputTooLarge
	}
	return k.AppendAAD(dst, cacheKey, kind.Format, false)
}

// Extract is the second half of opening an entry: env.Extract, counted in this
// keyring's metrics. dst must be env.OriginalSize bytes and must not overlap
// the envelope. After an error it holds zeros.
func (k *TenantKeyring) Extract(env *core.Envelope, dst []byte) error {
	if err := k.check(); err != nil {
		return err
	}
	span := k.retrieve.Begin(env.Size())
	err := env.Extract(dst)
	count(&k.retrieve, span, env.Size(), env.OriginalSize, err)
	return err
}
