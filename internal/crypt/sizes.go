package crypt

import (
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// ciphertextSize returns the size of the ciphertext of so many bytes, of which there
// are most at most.
func ciphertextSize(plaintext, most int) (int, error) {
	if plaintext > most {
		return 0, codes.InputTooLarge.Because("a plaintext of %d bytes, at most %d", plaintext, most)
	}
	return plaintext + limits.Overhead, nil
}

// plaintextSize returns the size of the plaintext, of most bytes at most, in a
// ciphertext of so many.
func plaintextSize(ciphertext, most int) (int, error) {
	if n := ciphertext - limits.Overhead; n >= 0 && n <= most {
		return n, nil
	}
	return 0, wrongCiphertextSize(ciphertext, most)
}
