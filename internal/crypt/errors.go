// Package crypt encrypts: what package encryption and the C library share. Its results
// lie in memory from a memory.Dest; which memory that is, those above decide.
package crypt

import (
	"fmt"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// What is wrong with a keyring's keys, beyond their length.
var (
	ErrTooManyKeys     = fmt.Errorf("%w: more than %d decrypt-only keys", codes.InvalidInput, limits.MaxDecryptOnlyKeys)
	ErrCurrentKeyTwice = fmt.Errorf("%w: the current key is among the decrypt-only ones", codes.InvalidInput)
)

// ErrFIPS140 is the answer of constructors where Go's FIPS 140-3 mode is enforced and
// the standard library would have to encrypt, which is then not allowed to do so with
// nonces from a counter.
var ErrFIPS140 = fmt.Errorf("%w: GODEBUG=fips140=only forbids encryption by the standard library, "+
	"which this CPU or CACHEKIT_AES=stdlib asks for", codes.InvalidInput)

// ErrWiped is the answer of everything that Wipe was called on.
var ErrWiped = fmt.Errorf("%w: used after Wipe", codes.InvalidHandle)

// ErrNotMade is the answer of what no constructor made: a zero value would make the
// same nonces as any other, and a copy the same as its original.
var ErrNotMade = fmt.Errorf("%w: not made by its constructor, or a copy of what was", codes.InvalidHandle)
