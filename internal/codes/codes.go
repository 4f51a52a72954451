// Package codes is the one table of errors. The errors of the Go packages, the
// codes and texts of the C library and what the documentation says of each come
// from it.
package codes

import "errors"

// Code is what went wrong, and as an error it is what Go functions return. Its
// number is the one that it has in C; the numbers never change.
type Code uint32

// All codes, in the order of their numbers.
const (
	OK Code = iota
	InvalidInput
	ChecksumMismatch
	DecompressionFailed
	DecryptionFailed
	RotationNeeded
	CounterExhausted
	InvalidKeyLength
	BufferTooSmall
	NullPointer
	InputTooLarge
	DecompressionBomb
	SizeValidationFailed
	RNGFailure
	DomainTooLong
	SaltTooLong
	InvalidHandle
	OutOfMemory
	Forked
	Internal
)

var table = [...]struct {
	name string // in C
	text string
	miss bool // always the fault of an entry that was read
}{
	OK:                   {name: "CACHEKIT_OK", text: "ok"},
	InvalidInput:         {name: "CACHEKIT_INVALID_INPUT", text: "invalid input"},
	ChecksumMismatch:     {name: "CACHEKIT_CHECKSUM_MISMATCH", text: "checksum mismatch", miss: true},
	DecompressionFailed:  {name: "CACHEKIT_DECOMPRESSION_FAILED", text: "decompression failed", miss: true},
	DecryptionFailed:     {name: "CACHEKIT_DECRYPTION_FAILED", text: "decryption failed", miss: true},
	RotationNeeded:       {name: "CACHEKIT_ROTATION_NEEDED", text: "key rotation needed soon (the call succeeded)"},
	CounterExhausted:     {name: "CACHEKIT_COUNTER_EXHAUSTED", text: "nonce counter exhausted"},
	InvalidKeyLength:     {name: "CACHEKIT_INVALID_KEY_LENGTH", text: "invalid key length"},
	BufferTooSmall:       {name: "CACHEKIT_BUFFER_TOO_SMALL", text: "buffer too small"},
	NullPointer:          {name: "CACHEKIT_NULL_POINTER", text: "null pointer"},
	InputTooLarge:        {name: "CACHEKIT_INPUT_TOO_LARGE", text: "input too large"},
	DecompressionBomb:    {name: "CACHEKIT_DECOMPRESSION_BOMB", text: "decompression bomb", miss: true},
	SizeValidationFailed: {name: "CACHEKIT_SIZE_VALIDATION_FAILED", text: "size validation failed", miss: true},
	RNGFailure:           {name: "CACHEKIT_RNG_FAILURE", text: "random number generator failure"},
	DomainTooLong:        {name: "CACHEKIT_DOMAIN_TOO_LONG", text: "domain too long"},
	SaltTooLong:          {name: "CACHEKIT_SALT_TOO_LONG", text: "salt too long"},
	InvalidHandle:        {name: "CACHEKIT_INVALID_HANDLE", text: "invalid handle"},
	OutOfMemory:          {name: "CACHEKIT_OUT_OF_MEMORY", text: "out of memory"},
	Forked:               {name: "CACHEKIT_FORKED", text: "process forked after the library had started"},
	Internal:             {name: "CACHEKIT_INTERNAL", text: "internal error"},
}

// All returns every code, in order.
func All() []Code {
	all := make([]Code, len(table))
	for i := range all {
		all[i] = Code(i)
	}
	return all
}

// Of returns the code of err: OK for nil, Internal for an error that is not from
// this module.
func Of(err error) Code {
	if err == nil {
		return OK
	}
	if code, plain := err.(Code); plain {
		return code
	}
	var code Code
	if errors.As(err, &code) {
		return code
	}
	return Internal
}

// Text is what a person reads, such as "checksum mismatch".
func (c Code) Text() string {
	if c < Code(len(table)) {
		return table[c].text
	}
	return "unknown error"
}

// Name is the code's name in C, such as "CACHEKIT_CHECKSUM_MISMATCH".
func (c Code) Name() string {
	if c < Code(len(table)) {
		return table[c].name
	}
	return "CACHEKIT_UNKNOWN"
}

// Error is the text of a Go error that is nothing but its code.
func (c Code) Error() string { return "cachekit: " + c.Text() }

// Entry is err of a call that read an entry, where wrong arguments cause such an error
// too, but now the entry is at fault.
func Entry(err error) error { return entryError{err} }

type entryError struct{ error }

func (e entryError) Unwrap() error { return e.error }

// IsMiss tells whether err means that an entry cannot be used, which is as if it
// were not there.
func IsMiss(err error) bool {
	var entry entryError
	code := Of(err)
	return code < Code(len(table)) && table[code].miss || errors.As(err, &entry)
}
