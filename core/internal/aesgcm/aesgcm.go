// Package aesgcm is AES-256-GCM (NIST SP 800-38D) with 12-byte nonces and
// 16-byte tags, on expanded keys that can be kept and wiped.
//
// It is the one place that knows which implementation does the work.
package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
	"reflect"

	"golang.org/x/sys/cpu"
)

// Sizes in bytes.
const (
	KeySize   = 32
	NonceSize = 12
	TagSize   = 16
)

// Key is an expanded key. After NewKey it is read-only, so that any number of
// goroutines may share it, until Wipe.
type Key struct {
	block cipher.Block
	aead  cipher.AEAD
}

// NewKey expands key, which must be KeySize bytes and is not kept.
func NewKey(key []byte) *Key {
	if len(key) != KeySize {
		panic("aesgcm: wrong key size")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("aesgcm: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("aesgcm: " + err.Error())
	}
	return &Key{block, aead}
}

// Seal encrypts plaintext into dst, which must be len(plaintext)+TagSize
// bytes long and must not overlap plaintext unless both start at one address.
func (k *Key) Seal(dst, nonce, plaintext, aad []byte) {
	if len(dst) != len(plaintext)+TagSize || len(nonce) != NonceSize {
		panic("aesgcm: wrong size")
	}
	k.aead.Seal(dst[:0], nonce, plaintext, aad)
}

// Open decrypts ciphertext (with its tag at the end) into dst, which must be
// len(ciphertext)-TagSize bytes long and must not overlap ciphertext unless
// both start at one address. If the tag is wrong it returns false and dst
// holds zeros.
func (k *Key) Open(dst, nonce, ciphertext, aad []byte) bool {
	if len(ciphertext) < TagSize || len(dst) != len(ciphertext)-TagSize || len(nonce) != NonceSize {
		panic("aesgcm: wrong size")
	}
	_, err := k.aead.Open(dst[:0], nonce, ciphertext, aad)
	if err != nil {
		clear(dst)
	}
	return err == nil
}

// Wipe overwrites the expanded key. The key must not be in use and cannot be
// used again.
func (k *Key) Wipe() {
	for _, part := range []any{k.block, k.aead} {
		if part != nil {
			reflect.ValueOf(part).Elem().SetZero()
		}
	}
	*k = Key{}
}

// SealOnce is NewKey, Seal and Wipe for a key that serves one message.
func SealOnce(key, dst, nonce, plaintext, aad []byte) {
	k := NewKey(key)
	defer k.Wipe()
	k.Seal(dst, nonce, plaintext, aad)
}

// OpenOnce is NewKey, Open and Wipe for a key that serves one message.
func OpenOnce(key, dst, nonce, ciphertext, aad []byte) bool {
	k := NewKey(key)
	defer k.Wipe()
	return k.Open(dst, nonce, ciphertext, aad)
}

// SetupIsCheap tells whether NewKey costs so little that keeping a key for
// its next use is not worth the bookkeeping; SealOnce and OpenOnce are then
// the calls to use.
func SetupIsCheap() bool { return false }

// Path names the implementation that does the work.
func Path() string { return "stdlib" }

// Accelerated tells whether the work is done by the CPU's AES and carry-less
// multiplication instructions. The conditions are those of crypto/aes.
func Accelerated() bool {
	return cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ && cpu.X86.HasSSE41 && cpu.X86.HasSSSE3 ||
		cpu.ARM64.HasAES && cpu.ARM64.HasPMULL ||
		cpu.S390X.HasAES && cpu.S390X.HasAESGCM
}
