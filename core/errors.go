package core

import "github.com/cachekit-go/cachekit-core/internal/codes"

// The errors of this module. Functions return them as they are or wrapped
// with detail, so compare with errors.Is. No text ever holds payload or key
// bytes.
var (
	ErrInvalidInput         error = codes.InvalidInput
	ErrChecksumMismatch     error = codes.ChecksumMismatch
	ErrDecompressionFailed  error = codes.DecompressionFailed
	ErrDecryptionFailed     error = codes.DecryptionFailed
	ErrCounterExhausted     error = codes.CounterExhausted
	ErrInvalidKeyLength     error = codes.InvalidKeyLength
	ErrBufferTooSmall       error = codes.BufferTooSmall
	ErrInputTooLarge        error = codes.InputTooLarge
	ErrDecompressionBomb    error = codes.DecompressionBomb
	ErrSizeValidationFailed error = codes.SizeValidationFailed
	ErrRNGFailure           error = codes.RNGFailure
	ErrDomainTooLong        error = codes.DomainTooLong
	ErrSaltTooLong          error = codes.SaltTooLong
	ErrInvalidHandle        error = codes.InvalidHandle
	ErrOutOfMemory          error = codes.OutOfMemory
	ErrInternal             error = codes.Internal
)

// IsMiss tells whether err, of a call that read an entry, means that the entry
// cannot be used: it was damaged, or it is not one, or it was made under another
// key, tenant, cache key or format. Treat that as if it were not in the cache. It
// is false for nil, and for errors that another entry would meet too, such as a key
// of the wrong length.
func IsMiss(err error) bool { return codes.IsMiss(err) }
