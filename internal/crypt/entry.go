package crypt

import (
	"math"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/envelope"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// SealBound is the largest size in bytes that an entry of n payload bytes with
// a format of formatLen bytes can take; math.MaxInt, if that is more.
func SealBound(n, formatLen int) int {
	return min(envelope.Bound(n, formatLen), math.MaxInt-limits.Overhead) + limits.Overhead
}

// Seal returns the entry of data, at the start of memory from dst, which must not
// overlap the inputs; see encryption.TenantKeyring. Whatever the answer, no payload
// byte is left in that memory.
func (k *TenantKeyring) Seal(dst *memory.Dest, cacheKey, data []byte, format string) (entry []byte, rotate bool, err error) {
	if err := k.Check(); err != nil {
		return nil, false, err
	}
	return k.sealWith(k.Options(), dst, cacheKey, data, format)
}

// sealWith is Seal with these Options.
func (k *TenantKeyring) sealWith(o envelope.Options, dst *memory.Dest, cacheKey, data []byte, format string) (entry []byte, rotate bool, err error) {
	storing := k.store.Begin(len(data))
	if err = checkCacheKey(cacheKey); err == nil {
		entry, err = o.EncodeBetween(limits.NonceSize, limits.TagSize, dst, data, format)
	}
	k.store.Count(storing, len(data), len(entry)-limits.Overhead, err)
	if err != nil {
		return nil, false, err
	}
	return k.sealEnvelope(entry, cacheKey, format)
}

func checkCacheKey(cacheKey []byte) error {
	if len(cacheKey) > limits.MaxCacheKeySize {
		return cacheKeyTooLong(len(cacheKey))
	}
	return nil
}

// sealEnvelope encrypts, in place, the envelope that lies in entry where its
// ciphertext will.
func (k *TenantKeyring) sealEnvelope(entry, cacheKey []byte, format string) (sealed []byte, rotate bool, err error) {
	plaintext := entry[limits.NonceSize : len(entry)-limits.TagSize]
	span := k.encrypt.Begin(len(plaintext))
	err = codes.Internal // that is what counts after a panic
	defer func() { k.encrypt.Count(span, len(plaintext), len(sealed), err) }()
	var room [aadRoom]byte
	aad, failure := k.aad(room[:], cacheKey, format, true)
	if failure == nil {
		rotate, failure = k.seal(entry, plaintext, aad)
	}
	if failure != nil {
		memory.Clear(entry)
		return nil, false, failure
	}
	return entry, rotate, nil
}

// Grow makes scratch memory n bytes long, with what it holds, and then it is that of
// the result; or it returns nil, where this would take a copy.
type Grow func(scratch []byte, n int) []byte

// Open returns the payload of an entry, in memory from dst, which must not overlap
// the inputs, and the index of the key that opened it; see encryption.TenantKeyring.
// The envelope passes through memory from scratch, which is wiped. grow may be nil.
func (k *TenantKeyring) Open(dst *memory.Dest, scratch memory.Alloc, grow Grow, cacheKey, sealed []byte, format string) (data []byte, keyIndex int, err error) {
	opened, keyIndex, err := k.openEnvelope(scratch, cacheKey, sealed, format)
	if err != nil {
		return nil, 0, err
	}
	span := k.retrieve.Begin(len(opened))
	err = codes.Internal // that is what counts after a panic
	defer func() { k.retrieve.Count(span, len(opened), len(data), err) }()
	if data, err = k.extract(dst, grow, opened, format); err != nil {
		return nil, 0, err
	}
	return data, keyIndex, nil
}

// otherFormat is the answer to an entry whose envelope carries another format than
// the one that the entry is bound to.
func otherFormat(inside, asked int) error {
	return codes.Entry(codes.InvalidInput.Because("another format in the envelope, %d bytes long, than asked for, %d bytes long", inside, asked))
}

// openEnvelope decrypts the envelope of an entry into memory from scratch.
func (k *TenantKeyring) openEnvelope(scratch memory.Alloc, cacheKey, sealed []byte, format string) (opened []byte, keyIndex int, err error) {
	if err := k.Check(); err != nil {
		return nil, 0, err
	}
	var room [aadRoom]byte
	var aad []byte
	switch {
	case len(cacheKey) > limits.MaxCacheKeySize:
		err = cacheKeyTooLong(len(cacheKey))
	case len(format) > limits.MaxFormatSize:
		err = envelope.CheckFormat(format)
	default:
		aad, err = k.aad(room[:], cacheKey, format, true)
	}
	n := 0
	if err == nil {
		n, err = plaintextSize(len(sealed), k.Options().MaxSize(len(format)))
	}
	if err != nil {
		k.decrypt.Fail(k.decrypt.Begin(0))
		return nil, 0, err
	}
	// Not by way of memory.From: the compiler takes what comes out of a Dest for
	// something that leads to its allocator, and would put that on the heap.
	if opened = scratch(n); opened == nil {
		return nil, 0, codes.OutOfMemory
	}
	dst := memory.Into(opened)
	return k.decryptAs(anEnvelope, allKeys, &dst, sealed, aad)
}

// extract returns the payload of an envelope in scratch memory, which it wipes. Where
// that memory can grow, the payload takes its place: no second buffer is needed.
func (k *TenantKeyring) extract(dst *memory.Dest, grow Grow, opened []byte, format string) (data []byte, err error) {
	defer func() { memory.Clear(opened) }() // after a panic too
	var header envelope.Header
	if err = readAs(&header, opened, format, k.Options()); err == nil {
		if n := header.InPlaceSize(); n > 0 && grow != nil {
			if grown := grow(opened, n); grown != nil {
				size := len(opened)
				opened = nil // it is somewhere else now
				return envelope.DecodeInPlace(grown, size)
			}
		}
		data, err = header.Payload(dst)
	}
	return data, err
}

// readAs reads the header of an envelope, which has to have that format.
func readAs(header *envelope.Header, opened []byte, format string, o envelope.Options) error {
	err := header.Read(opened, o.MaxPayload)
	if err == nil && memory.Compare(header.Format, memory.Bytes(format)) != 0 {
		err = otherFormat(len(header.Format), len(format))
	}
	return err
}
