package crypt

import (
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// ciphertextSize returns the size of the ciphertext of so many bytes, of which there
// are most at most.
func ciphertextSize(plaintext, most int) (int, error) {
	if plaintext > most {
		return 0, codes.InputTooLarge
	}
	return plaintext + limits.Overhead, nil
}

// What is wrong with a ciphertext, and can be wrong with arguments too.
var (
	errTooShort = codes.Entry(codes.InvalidInput)
	errTooLong  = codes.Entry(codes.InputTooLarge)
)

// plaintextSize returns the size of the plaintext, of most bytes at most, in a
// ciphertext of so many.
func plaintextSize(ciphertext, most int) (int, error) {
	switch n := ciphertext - limits.Overhead; {
	case n < 0:
		return 0, errTooShort
	case n > most:
		return 0, errTooLong
	default:
		return n, nil
	}
}
