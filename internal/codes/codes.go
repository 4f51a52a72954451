// Package codes is the one table of errors. The errors of the Go packages, the
// codes and texts of the C library and what the documentation says of each come
// from it: after a change, make generate writes them.
package codes

import "errors"

//go:generate go run ./gen

// Code is what went wrong, and as an error it is what Go functions return. Its
// number is the one that it has in C.
type Code uint32

// All codes. C programs are compiled against the numbers, so they never change,
// and a new code takes the next one.
const (
	OK                   Code = 0
	InvalidInput         Code = 1
	ChecksumMismatch     Code = 2
	DecompressionFailed  Code = 3
	DecryptionFailed     Code = 4
	RotationNeeded       Code = 5
	CounterExhausted     Code = 6
	InvalidKeyLength     Code = 7
	BufferTooSmall       Code = 8
	NullPointer          Code = 9
	InputTooLarge        Code = 10
	DecompressionBomb    Code = 11
	SizeValidationFailed Code = 12
	RNGFailure           Code = 13
	DomainTooLong        Code = 14
	SaltTooLong          Code = 15
	InvalidHandle        Code = 16
	OutOfMemory          Code = 17
	Forked               Code = 18
	Internal             Code = 19
)

// Row is what the table says of a code.
type Row struct {
	Name   string // in C
	Text   string // what a person reads
	Miss   bool   // always the fault of an entry that was read
	Go     string // the variable of package core; none where Go never returns the code
	GoDoc  string // its comment, where that is not what README says
	Header string // the comment in include/cachekit.h
	Readme string // what it means and what to do; for a miss, treating it as one is added
}

var table = [...]Row{
	OK: {
		Name:   "CACHEKIT_OK",
		Text:   "ok",
		Readme: "done",
	},
	InvalidInput: {
		Name: "CACHEKIT_INVALID_INPUT",
		Text: "invalid input",
		Go:   "ErrInvalidInput",
		Header: "The input is not what the function reads: it is not an envelope, it is a ciphertext shorter " +
			"than 28 bytes, text that is not UTF-8, an empty name, a level or a limit that there is not, a " +
			"struct_size of 0.",
		Readme: "the input is not what the function reads: not an envelope, too short, not UTF-8, an empty " +
			"name",
	},
	ChecksumMismatch: {
		Name:   "CACHEKIT_CHECKSUM_MISMATCH",
		Text:   "checksum mismatch",
		Miss:   true,
		Go:     "ErrChecksumMismatch",
		Header: "The payload is not the one that was stored.",
		Readme: "the entry is damaged",
	},
	DecompressionFailed: {
		Name:   "CACHEKIT_DECOMPRESSION_FAILED",
		Text:   "decompression failed",
		Miss:   true,
		Go:     "ErrDecompressionFailed",
		Header: "The LZ4 block inside the envelope is damaged.",
		Readme: "the entry is damaged",
	},
	DecryptionFailed: {
		Name: "CACHEKIT_DECRYPTION_FAILED",
		Text: "decryption failed",
		Miss: true,
		Go:   "ErrDecryptionFailed",
		Header: "Another key, another AAD (tenant, cache key, format) or a changed ciphertext: nobody can " +
			"tell which.",
		Readme: "another key, tenant, cache key or format, or changed bytes",
	},
	RotationNeeded: {
		Name: "CACHEKIT_ROTATION_NEEDED",
		Text: "key rotation needed soon (the call succeeded)",
		Header: "A warning, not an error: the call did its work and its output is complete, but this " +
			"encryptor or keyring had made 2^31 encryptions or more before it. Make a new one, which " +
			"starts at 0, before this one reaches 2^32. It may have the same keys; \"Wear\" above says " +
			"how long those last.",
		Readme: "the call did its work and its output is complete; make a new encryptor or keyring soon",
	},
	CounterExhausted: {
		Name: "CACHEKIT_COUNTER_EXHAUSTED",
		Text: "nonce counter exhausted",
		Go:   "ErrCounterExhausted",
		Header: "This encryptor or keyring has made 2^32 encryptions. It makes no more, so that no nonce " +
			"repeats. It still decrypts.",
		Readme: "this encryptor or keyring encrypts no more: make a new one",
	},
	InvalidKeyLength: {
		Name: "CACHEKIT_INVALID_KEY_LENGTH",
		Text: "invalid key length",
		Go:   "ErrInvalidKeyLength",
		Header: "A key of the wrong length: an encryption key has 32 bytes, a master key at least 16, or 64 " +
			"digits as text.",
		Readme: "a master key is too short (16 bytes; 64 digits as text), or an encryption key is not 32 bytes",
	},
	BufferTooSmall: {
		Name:   "CACHEKIT_BUFFER_TOO_SMALL",
		Text:   "buffer too small",
		Go:     "ErrBufferTooSmall",
		GoDoc:  "nothing happened; the size needed is what was returned",
		Header: "The caller's buffer is too small; the size needed is in *out_len.",
		Readme: "nothing happened; the size needed is in `*out_len`",
	},
	NullPointer: {
		Name:   "CACHEKIT_NULL_POINTER",
		Text:   "null pointer",
		Header: "A pointer that must not be NULL is NULL.",
		Readme: "a pointer that must not be NULL is NULL",
	},
	InputTooLarge: {
		Name: "CACHEKIT_INPUT_TOO_LARGE",
		Text: "input too large",
		Go:   "ErrInputTooLarge",
		Header: "More than 512 MiB or than the limit that was set, an envelope that claims more, or a name " +
			"(format, cache key, interop key) that is longer than its limit.",
		Readme: "more than 512 MiB or than the limit that was set, an envelope that claims more, or a name that is " +
			"longer than its limit",
	},
	DecompressionBomb: {
		Name:   "CACHEKIT_DECOMPRESSION_BOMB",
		Text:   "decompression bomb",
		Miss:   true,
		Go:     "ErrDecompressionBomb",
		Header: "An envelope that claims more than 1000 payload bytes for each byte of its compressed block.",
		Readme: "an envelope claims more than 1000 payload bytes for each byte of its compressed block",
	},
	SizeValidationFailed: {
		Name:   "CACHEKIT_SIZE_VALIDATION_FAILED",
		Text:   "size validation failed",
		Miss:   true,
		Go:     "ErrSizeValidationFailed",
		Header: "The payload is shorter than its envelope says, although its checksum is right.",
		Readme: "the payload is shorter than its envelope says",
	},
	RNGFailure: {
		Name:   "CACHEKIT_RNG_FAILURE",
		Text:   "random number generator failure",
		Go:     "ErrRNGFailure",
		Header: "The operating system gave no random bytes.",
		Readme: "the operating system gave no random bytes",
	},
	DomainTooLong: {
		Name:   "CACHEKIT_DOMAIN_TOO_LONG",
		Text:   "domain too long",
		Go:     "ErrDomainTooLong",
		Header: "A domain above 255 bytes.",
		Readme: "a domain over 255 bytes",
	},
	SaltTooLong: {
		Name:   "CACHEKIT_SALT_TOO_LONG",
		Text:   "salt too long",
		Go:     "ErrSaltTooLong",
		Header: "A salt or tenant id above 1024 bytes.",
		Readme: "a salt or tenant id over 1024 bytes",
	},
	InvalidHandle: {
		Name:   "CACHEKIT_INVALID_HANDLE",
		Text:   "invalid handle",
		Go:     "ErrInvalidHandle",
		GoDoc:  "the object was wiped, or it is a zero value or a copy",
		Header: "The handle is NULL, was freed, is of another type, or never was a handle.",
		Readme: "the handle is NULL, was freed, is of another type, or never was one; in Go the object was " +
			"wiped, or is a zero value or a copy",
	},
	OutOfMemory: {
		Name: "CACHEKIT_OUT_OF_MEMORY",
		Text: "out of memory",
		Header: "There is no memory for the result, or no handle left, or too little for the library to " +
			"start. Nothing else has happened.",
		Readme: "there is no memory for the result, too little to start, or no handle left; nothing else has " +
			"happened",
	},
	Forked: {
		Name:   "CACHEKIT_FORKED",
		Text:   "process forked after the library had started",
		Header: "This process was forked after the library had started.",
		Readme: "the process was forked after the library had started: call the library only in the children, after the fork",
	},
	Internal: {
		Name: "CACHEKIT_INTERNAL",
		Text: "internal error",
		Header: "Input and output overlap as they must not. If they do not, it is a defect in the library: " +
			"please report it.",
		Readme: "input and output overlap as they must not; if they do not, it is a defect in the library: " +
			"please report it",
	},
}

// All returns every code, in order.
func All() []Code {
	all := make([]Code, len(table))
	for i := range all {
		all[i] = Code(i)
	}
	return all
}

// Row is the row of a code that is in the table.
func (c Code) Row() Row { return table[c] }

// Of returns the code of err: OK for nil, Internal for an error that is not from
// this module.
func Of(err error) Code {
	for {
		switch e := err.(type) {
		case nil:
			return OK
		case Code:
			return e
		case *reason:
			return e.code
		case *place:
			err = e.err
		case entryError:
			err = e.error
		default:
			return ofOther(err)
		}
	}
}

// ofOther is Of for an error that is not of this package, but may wrap one that is.
func ofOther(err error) Code {
	var code Code
	if errors.As(err, &code) {
		return code
	}
	return Internal
}

// Text is what a person reads, such as "checksum mismatch".
func (c Code) Text() string {
	if c < Code(len(table)) {
		return table[c].Text
	}
	return "unknown error"
}

// Name is the code's name in C, such as "CACHEKIT_CHECKSUM_MISMATCH".
func (c Code) Name() string {
	if c < Code(len(table)) {
		return table[c].Name
	}
	return "CACHEKIT_UNKNOWN"
}

// Error is the text of a Go error that is nothing but its code.
func (c Code) Error() string { return "cachekit: " + c.Text() }

// Entry is err of a call that read an entry, where wrong arguments cause such an error
// too, but now the entry is at fault.
func Entry(err error) error {
	if err == nil {
		return nil
	}
	return entryError{err}
}

type entryError struct{ error }

func (e entryError) Unwrap() error { return e.error }

// IsMiss tells whether err means that an entry cannot be used, which is as if it
// were not there.
func IsMiss(err error) bool {
	var entry entryError
	code := Of(err)
	return code < Code(len(table)) && table[code].Miss || errors.As(err, &entry)
}
