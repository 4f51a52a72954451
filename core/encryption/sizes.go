package encryption

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// checkEncrypt returns the size of the ciphertext of plaintextSize bytes.
func checkEncrypt(dstSize, plaintextSize int) (int, error) {
	if plaintextSize > MaxPlaintextSize {
		return 0, core.ErrInputTooLarge
	}
	n := plaintextSize + Overhead
	if dstSize < n {
		return n, core.ErrBufferTooSmall
	}
	return n, nil
}

// checkDecrypt returns the size of the plaintext of ciphertextSize bytes.
func checkDecrypt(dstSize, ciphertextSize int) (int, error) {
	switch n := ciphertextSize - Overhead; {
	case n < 0:
		return 0, core.ErrInvalidInput
	case n > MaxPlaintextSize:
		return 0, core.ErrInputTooLarge
	case dstSize < n:
		return n, core.ErrBufferTooSmall
	default:
		return n, nil
	}
}

// growForCiphertext makes room in dst for the ciphertext of plaintextSize
// bytes, if that is a size to be encrypted.
func growForCiphertext(dst []byte, plaintextSize int) []byte {
	if plaintextSize > MaxPlaintextSize {
		return dst
	}
	return memory.Grow(dst, plaintextSize+Overhead)
}

// growForPlaintext makes room in dst for the plaintext of ciphertextSize
// bytes, if that is a size to be decrypted.
func growForPlaintext(dst []byte, ciphertextSize int) []byte {
	n, err := checkDecrypt(0, ciphertextSize)
	if err != nil && err != core.ErrBufferTooSmall {
		return dst
	}
	return memory.Grow(dst, max(n, 1)) // not nil, for an empty plaintext too
}

// count ends one operation of op. A destination that is too short is not
// counted: nothing was attempted, and the caller comes back.
func count(op *meter.Operation, span meter.Span, in, out int, err error) {
	switch {
	case err == nil:
		op.End(span, in, out)
	case err != core.ErrBufferTooSmall:
		op.Fail(span)
	}
}
