package crypt

import (
	"crypto/sha256"

	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// hkdfSHA256 writes the first 32 bytes of HKDF-SHA256 (RFC 5869) to out: one
// block of output is all that a 32-byte key needs.
//
// It is spelled out on one hash value instead of calling crypto/hkdf, which
// leaves the pseudorandom key and three hash states behind it on the heap. Here
// everything is overwritten before it returns.
func hkdfSHA256(out *[32]byte, secret, salt, info []byte) {
	memory.HoldStack()
	h := sha256.New()
	var pad [sha256.BlockSize]byte
	// hmac is RFC 2104: H(key^opad || H(key^ipad || message || suffix)).
	hmac := func(mac *[32]byte, key, message, suffix []byte) {
		clear(pad[:])
		if len(key) > len(pad) {
			h.Reset()
			memory.Write(h, key)
			h.Sum(pad[:0])
		} else {
			copy(pad[:], key)
		}
		for i := range pad {
			pad[i] ^= 0x36
		}
		h.Reset()
		h.Write(pad[:])
		memory.Write(h, message)
		h.Write(suffix)
		h.Sum(mac[:0])
		for i := range pad {
			pad[i] ^= 0x36 ^ 0x5c
		}
		h.Reset()
		h.Write(pad[:])
		h.Write(mac[:])
		h.Sum(mac[:0])
	}
	var key [32]byte
	hmac(&key, salt, secret, nil)      // extract
	hmac(out, key[:], info, []byte{1}) // expand, T(1)

	// The pseudorandom key; what the hash buffered, where 63 bytes cover the
	// tail of any single write; and what Sum left on the stack, a copy of the
	// hash's state: the derived key.
	clear(key[:])
	clear(pad[:])
	h.Reset()
	h.Write(pad[1:])
	memory.ClearStack()
}
