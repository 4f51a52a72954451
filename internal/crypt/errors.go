// Package crypt encrypts: what package encryption and the C library share. Its results
// lie in memory from a memory.Dest; which memory that is, those above decide.
package crypt

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// What is wrong with a keyring's keys, beyond their length.
var (
	ErrTooManyKeys     = codes.InvalidInput.Because("more than %d decrypt-only keys", limits.MaxDecryptOnlyKeys)
	ErrCurrentKeyTwice = codes.InvalidInput.Because("the current key is among the decrypt-only ones")
)

// ErrFIPS140 is the answer of constructors where Go's FIPS 140-3 mode is enforced and
// the standard library would have to encrypt, which is then not allowed to do so with
// nonces from a counter.
var ErrFIPS140 = codes.InvalidInput.Because("GODEBUG=fips140=only forbids encryption by the standard library, " +
	"which this CPU or CACHEKIT_AES=stdlib asks for")

// ErrWiped is the answer of everything that Wipe was called on.
var ErrWiped = codes.InvalidHandle.Because("used after Wipe")

// ErrNotMade is the answer of what no constructor made: a zero value would make the
// same nonces as any other, and a copy the same as its original.
var ErrNotMade = codes.InvalidHandle.Because("not made by its constructor, or a copy of what was")

var errExhausted = codes.CounterExhausted.Because("2^32 encryptions were made")

// What is wrong with sizes and numbers. These are functions so that whoever succeeds does
// not carry the making of the error.

// wrongCiphertextSize is for a ciphertext that no plaintext of most bytes or less has.
func wrongCiphertextSize(n, most int) error {
	if n < limits.Overhead {
		return codes.Entry(codes.InvalidInput.Because("a ciphertext of %d bytes, at least %d needed", n, limits.Overhead))
	}
	return codes.Entry(codes.InputTooLarge.Because("a plaintext of %d bytes, at most %d", n-limits.Overhead, most))
}

func wrongKeySize(n int) error {
	return codes.InvalidKeyLength.Because("a key of %d bytes, %d needed", n, limits.KeySize)
}

func noSuchKey(index, count int) error {
	return codes.InvalidInput.Because("no key has the index %d, there are %d", index, count)
}

func cacheKeyTooLong(n int) error {
	return codes.InputTooLarge.Because("a cache key of %d bytes, at most %d", n, limits.MaxCacheKeySize)
}

// notOpened is the answer to a tag that does not fit under so many keys. Whether it was
// the key, the AAD or a changed byte nobody can tell.
func notOpened(ciphertext, aad, keys int) error {
	return codes.DecryptionFailed.Because("keys tried: %d, ciphertext: %d bytes, AAD: %d bytes", keys, ciphertext, aad)
}

// rngFailure is what it means that the operating system gave no random bytes.
func rngFailure(err error) error {
	why := error(codes.RNGFailure)
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		why = codes.RNGFailure.Because("error %d of the operating system", int(number))
	}
	return fmt.Errorf("%w: %w", why, err)
}
