package core

import "errors"

// Code is the number that an error has in the C interface. The numbers never
// change; CachekitError in cachekit.h is the same list.
type Code uint32

// The codes. Those from CodeBufferTooSmall on that have no sentinel in the
// table below arise only at the C boundary.
const (
	CodeOK Code = iota
	CodeInvalidInput
	CodeChecksumMismatch
	CodeDecompressionFailed
	CodeDecryptionFailed
	CodeRotationNeeded
	CodeCounterExhausted
	CodeInvalidKeyLength
	CodeBufferTooSmall
	CodeNullPointer
	CodeInputTooLarge
	CodeDecompressionBomb
	CodeSizeValidationFailed
	CodeRNGFailure
	CodeDomainTooLong
	CodeSaltTooLong
	CodeInvalidHandle
	CodeOutOfMemory
	CodeForked
	CodeInternal
)

// The errors of this module. Functions return them as they are or wrapped
// with detail, so compare with errors.Is. No text ever holds payload or key
// bytes.
var (
	ErrInvalidInput         error = sentinel(CodeInvalidInput)
	ErrChecksumMismatch     error = sentinel(CodeChecksumMismatch)
	ErrDecompressionFailed  error = sentinel(CodeDecompressionFailed)
	ErrDecryptionFailed     error = sentinel(CodeDecryptionFailed)
	ErrCounterExhausted     error = sentinel(CodeCounterExhausted)
	ErrInvalidKeyLength     error = sentinel(CodeInvalidKeyLength)
	ErrBufferTooSmall       error = sentinel(CodeBufferTooSmall)
	ErrInputTooLarge        error = sentinel(CodeInputTooLarge)
	ErrDecompressionBomb    error = sentinel(CodeDecompressionBomb)
	ErrSizeValidationFailed error = sentinel(CodeSizeValidationFailed)
	ErrRNGFailure           error = sentinel(CodeRNGFailure)
	ErrDomainTooLong        error = sentinel(CodeDomainTooLong)
	ErrSaltTooLong          error = sentinel(CodeSaltTooLong)
	ErrInvalidHandle        error = sentinel(CodeInvalidHandle)
	ErrOutOfMemory          error = sentinel(CodeOutOfMemory)
	ErrInternal             error = sentinel(CodeInternal)
)

// codes is the one table of errors. The C library's texts are generated from
// it (capi/error_table.h), and tests in every language walk it.
var codes = [...]struct{ name, text string }{
	CodeOK:                   {"CACHEKIT_OK", "ok"},
	CodeInvalidInput:         {"CACHEKIT_INVALID_INPUT", "invalid input"},
	CodeChecksumMismatch:     {"CACHEKIT_CHECKSUM_MISMATCH", "checksum mismatch"},
	CodeDecompressionFailed:  {"CACHEKIT_DECOMPRESSION_FAILED", "decompression failed"},
	CodeDecryptionFailed:     {"CACHEKIT_DECRYPTION_FAILED", "decryption failed"},
	CodeRotationNeeded:       {"CACHEKIT_ROTATION_NEEDED", "key rotation needed soon (the call succeeded)"},
	CodeCounterExhausted:     {"CACHEKIT_COUNTER_EXHAUSTED", "nonce counter exhausted"},
	CodeInvalidKeyLength:     {"CACHEKIT_INVALID_KEY_LENGTH", "invalid key length"},
	CodeBufferTooSmall:       {"CACHEKIT_BUFFER_TOO_SMALL", "buffer too small"},
	CodeNullPointer:          {"CACHEKIT_NULL_POINTER", "null pointer"},
	CodeInputTooLarge:        {"CACHEKIT_INPUT_TOO_LARGE", "input too large"},
	CodeDecompressionBomb:    {"CACHEKIT_DECOMPRESSION_BOMB", "decompression bomb"},
	CodeSizeValidationFailed: {"CACHEKIT_SIZE_VALIDATION_FAILED", "size validation failed"},
	CodeRNGFailure:           {"CACHEKIT_RNG_FAILURE", "random number generator failure"},
	CodeDomainTooLong:        {"CACHEKIT_DOMAIN_TOO_LONG", "domain too long"},
	CodeSaltTooLong:          {"CACHEKIT_SALT_TOO_LONG", "salt too long"},
	CodeInvalidHandle:        {"CACHEKIT_INVALID_HANDLE", "invalid handle"},
	CodeOutOfMemory:          {"CACHEKIT_OUT_OF_MEMORY", "out of memory"},
	CodeForked:               {"CACHEKIT_FORKED", "process forked after the library had started"},
	CodeInternal:             {"CACHEKIT_INTERNAL", "internal error"},
}

// sentinel is an error that is nothing but its code.
type sentinel Code

func (s sentinel) Error() string { return "cachekit: " + Code(s).String() }

// Codes returns every code, in order.
func Codes() []Code {
	all := make([]Code, len(codes))
	for i := range all {
		all[i] = Code(i)
	}
	return all
}

// CodeOf returns the code of err: CodeOK for nil, CodeInternal for an error
// that did not come from this module.
func CodeOf(err error) Code {
	if err == nil {
		return CodeOK
	}
	var s sentinel
	if errors.As(err, &s) {
		return Code(s)
	}
	return CodeInternal
}

// String returns the text of c, such as "checksum mismatch".
func (c Code) String() string {
	if c < Code(len(codes)) {
		return codes[c].text
	}
	return "unknown error"
}

// Name returns the name of c in C, such as "CACHEKIT_CHECKSUM_MISMATCH".
func (c Code) Name() string {
	if c < Code(len(codes)) {
		return codes[c].name
	}
	return "CACHEKIT_UNKNOWN"
}
