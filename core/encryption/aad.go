package encryption

import (
	"encoding/binary"
	"math"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

const aadVersion = 3

// aadRoom is the size of an AAD that fits on the stack: tenant, cache key and
// format of some 300 bytes together. The longest cache key of package interop
// leaves 100 for the tenant.
const aadRoom = 336

// AppendAAD appends the family's additional authenticated data, version 3, to
// dst: what binds a ciphertext to its tenant, its cache key, the format of its
// plaintext and whether that is a compressed envelope. originalType is a fifth
// component that the Python library writes; empty means that there is none.
//
// Errors: core.ErrInputTooLarge for a component of 4 GiB, or more in all than an
// int counts; core.ErrInvalidInput for a format or type that is not valid UTF-8.
func AppendAAD(dst, tenantID, cacheKey []byte, format string, compressed bool, originalType string) ([]byte, error) {
	if originalType == "" {
		return appendAAD(dst, tenantID, cacheKey, format, compressed, nil)
	}
	return appendAAD(dst, tenantID, cacheKey, format, compressed, &originalType)
}

// AADInto writes what AppendAAD appends to dst and returns its size; if dst is
// too short, the answer is core.ErrBufferTooSmall and the size needed. A nil
// originalType is none, an empty one a component of no bytes.
func AADInto(dst, tenantID, cacheKey []byte, format string, compressed bool, originalType *string) (int, error) {
	n, err := aadSize(tenantID, cacheKey, format, compressed, originalType)
	if err != nil {
		return 0, err
	}
	if len(dst) < n {
		return n, core.ErrBufferTooSmall
	}
	aad, err := appendAAD(dst[:0], tenantID, cacheKey, format, compressed, originalType)
	return len(aad), err
}

func appendAAD(dst, tenantID, cacheKey []byte, format string, compressed bool, originalType *string) ([]byte, error) {
	n, err := aadSize(tenantID, cacheKey, format, compressed, originalType)
	if err != nil {
		return dst, err
	}
	// All of it at once: append would copy a long component in one piece.
	if n > cap(dst)-len(dst) {
		dst = memory.Grow(dst, n)
	}
	dst = append(dst, aadVersion)
	dst = appendComponent(dst, tenantID)
	dst = appendComponent(dst, cacheKey)
	dst = appendComponent(dst, memory.Bytes(format))
	dst = appendComponent(dst, memory.Bytes(compressedFlag(compressed)))
	if originalType != nil {
		dst = appendComponent(dst, memory.Bytes(*originalType))
	}
	return dst, nil
}

// aadSize returns the size of the AAD, or the error that AppendAAD documents.
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
		return 0, core.ErrInputTooLarge
	case !memory.ValidUTF8(memory.Bytes(format)), !memory.ValidUTF8(memory.Bytes(kind)):
		return 0, core.ErrInvalidInput
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

// AppendAAD appends the AAD that this keyring's tenant, a cache key and a
// format make: AppendAAD without an original type.
func (k *TenantKeyring) AppendAAD(dst, cacheKey []byte, format string, compressed bool) ([]byte, error) {
	if err := k.check(); err != nil { // it has no tenant
		return dst, err
	}
	return appendAAD(dst, k.tenant, cacheKey, format, compressed, nil)
}
