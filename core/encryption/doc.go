// Package encryption keeps cache entries secret and authentic: AES-256-GCM
// with counter nonces, keys derived for each tenant, and keyrings through which
// master keys can be replaced while old entries stay readable.
//
// There are three ways in, from the most complete to the most basic:
//
//   - TenantKeyring.Seal and Open turn a payload into a cache entry and back:
//     compressed, encrypted, and bound to the tenant, the cache key and the
//     format, so that an entry moved to another key does not open.
//   - TenantKeyring.Encrypt and Decrypt do the encryption alone, with keys
//     derived and expanded once.
//   - Encryptor takes the key with each call.
//
// A ciphertext is nonce (12 bytes) || AES-256-GCM ciphertext || tag (16). The
// nonce is an instance id of 8 bytes, from a process-wide counter that starts
// at a random number, and a counter of 4 bytes; neither ever repeats in a
// process. Two processes under one key are told apart by their random starts.
//
// Two things wear out. An Encryptor or TenantKeyring counts its encryptions, and
// makes way for a new one, with the same keys, after RotationThreshold. A key wears
// out with what all instances in all processes encrypt under it: replace the master
// key before one tenant's key, or a key given to an Encryptor, has encrypted 2^48
// blocks of 16 bytes (4 PiB), or has served 92,000 process starts with one instance
// each, or 2,000 with a thousand each. That keeps the advantage of an attacker who
// looks for patterns, blocks^2 / 2^129 (draft-irtf-cfrg-aead-limits, section 5.1; RFC
// 8645 says why keys have lifetimes), and the chance of a nonce that repeats below
// 2^-32, the bound of NIST SP 800-38D, section 8.
//
// Inputs and outputs must be private to a call until it returns. If an input changes
// during the call, the result can be wrong and still count as authentic; and until the
// call returns, an output can hold plaintext that is not authenticated yet, or not
// encrypted yet.
//
// An Encryptor, a Keyring and a TenantKeyring work only as the pointers that their
// constructors return. Zero values and copies, which would repeat nonces, answer
// ErrNotMade.
//
// SealMany and OpenMany take many entries in one call. SetLevel chooses between speed
// and size, and SetMaxPayload lowers the limit of what is sealed and opened.
//
// Most functions come in three forms: a plain one that allocates its result, an
// Append form that extends a slice, and an Into form that writes into memory of
// a known size and allocates nothing.
//
// Keys live in memory of this package only as long as they are needed; Wipe
// overwrites those that it keeps. This is best effort: a copy that the runtime
// made in a register or on a stack can outlive it. No error, metric or printed
// value holds a byte of a key or a plaintext.
package encryption
