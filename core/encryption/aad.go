package encryption

import (
	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// AppendAAD appends the family's additional authenticated data, version 3, to
// dst: what binds a ciphertext to its tenant, its cache key, the format of its
// plaintext and whether that is a compressed envelope. originalType is a fifth
// component that the Python library writes; empty means that there is none.
//
// Errors: core.ErrInputTooLarge for a component of 4 GiB, or more in all than an
// int counts; core.ErrInvalidInput for a format or type that is not valid UTF-8.
func AppendAAD(dst, tenantID, cacheKey []byte, format string, compressed bool, originalType string) ([]byte, error) {
	fifth := &originalType
	if originalType == "" {
		fifth = nil
	}
	to := memory.Behind(dst)
	aad, err := crypt.AAD(&to, tenantID, cacheKey, format, compressed, fifth)
	if err != nil {
		return dst, err
	}
	return to.With(aad), nil
}
