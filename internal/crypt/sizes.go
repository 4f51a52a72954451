package crypt

import (
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// ciphertextSize returns the size of the ciphertext of so many bytes.
func ciphertextSize(plaintext int) (int, error) {
	if plaintext > limits.MaxPlaintextSize {
		return 0, codes.InputTooLarge
	}
	return plaintext + limits.Overhead, nil
}

// What is wrong with a ciphertext, and can be wrong with arguments too.
var (
	errTooShort = codes.Entry(codes.InvalidInput)
	errTooLong  = codes.Entry(codes.InputTooLarge)
)

// plaintextSize returns the size of the plaintext of so many bytes.
func plaintextSize(ciphertext int) (int, error) {
	switch n := ciphertext - limits.Overhead; {
	case n < 0:
		return 0, errTooShort
	case n > limits.MaxPlaintextSize:
		return 0, errTooLong
	default:
		return n, nil
	}
}
