package crypt

import (
	"encoding/binary"
	"math"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

const aadVersion = 3

// aadRoom is the size of an AAD that fits on the stack: tenant, cache key and
// format of some 300 bytes together. The longest cache key of package interop
// leaves 100 for the tenant.
const aadRoom = 336

// AAD is the additional authenticated data, version 3, of the cachekit family in
// memory from dst: what binds a ciphertext to its tenant, its cache key, the format
// of its plaintext and whether that is a compressed envelope. originalType is a fifth
// component that the Python library writes. A nil one is none, an empty one a
// component of no bytes.
//
// Errors: InputTooLarge for a component of 4 GiB, or more in all than an int counts;
// InvalidInput for a format or type that is not valid UTF-8.
func AAD(dst *memory.Dest, tenantID, cacheKey []byte, format string, compressed bool, originalType *string) ([]byte, error) {
	n, err := aadSize(tenantID, cacheKey, format, compressed, originalType)
	if err != nil {
		return nil, err
	}
	room, err := dst.Take(n)
	if err != nil {
		return nil, err
	}
	return appendAAD(room[:0], tenantID, cacheKey, format, compressed, originalType), nil
}

// appendAAD appends the AAD to dst, which has room for it.
func appendAAD(dst, tenantID, cacheKey []byte, format string, compressed bool, originalType *string) []byte {
	dst = append(dst, aadVersion)
	dst = appendComponent(dst, tenantID)
	dst = appendComponent(dst, cacheKey)
	dst = appendComponent(dst, memory.Bytes(format))
	dst = appendComponent(dst, memory.Bytes(compressedFlag(compressed)))
	if originalType != nil {
		dst = appendComponent(dst, memory.Bytes(*originalType))
	}
	return dst
}

// aadSize returns the size of the AAD, or its error.
func aadSize(tenantID, cacheKey []byte, format string, compressed bool, originalType *string) (int, error) {
	n := uint64(1 + 4 + 4 + 4 + 4 + len(compressedFlag(compressed)))
	kind := ""
	if originalType != nil {
		kind = *originalType
		n += 4
	}
	n += uint64(len(tenantID)) + uint64(len(cacheKey)) + uint64(len(format)) + uint64(len(kind))
	switch longest := max(len(tenantID), len(cacheKey), len(format), len(kind)); {
	case uint64(longest) > math.MaxUint32, n > math.MaxInt:
		return 0, codes.InputTooLarge.Because("a component of %d bytes of the AAD, or all together", longest)
	case !memory.ValidUTF8(memory.Bytes(format)):
		return 0, codes.InvalidInput.Because("the format is not UTF-8")
	case !memory.ValidUTF8(memory.Bytes(kind)):
		return 0, codes.InvalidInput.Because("the original type is not UTF-8")
	}
	return int(n), nil
}

func appendComponent(dst, component []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(component)))
	return memory.Append(dst, component)
}

// compressedFlag is the boolean as Python prints it, which is what the format
// was first defined by.
func compressedFlag(compressed bool) string {
	if compressed {
		return "True"
	}
	return "False"
}

// aad is the AAD of an entry of this keyring. It lies in room if that is enough.
func (k *TenantKeyring) aad(room, cacheKey []byte, format string, compressed bool) ([]byte, error) {
	n, err := aadSize(k.tenant, cacheKey, format, compressed, nil)
	if err != nil {
		return nil, err
	}
	if n > len(room) {
		room = make([]byte, n)
	}
	return appendAAD(room[:0], k.tenant, cacheKey, format, compressed, nil), nil
}
