package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
	"reflect"

	"golang.org/x/sys/cpu"
)

// stdlibKey is a key for the standard library.
type stdlibKey struct {
	block cipher.Block
	aead  cipher.AEAD
}

func (k *stdlibKey) expand(key []byte) {
	var err error
	if k.block, err = aes.NewCipher(key); err == nil {
		k.aead, err = cipher.NewGCM(k.block)
	}
	if err != nil {
		panic("aesgcm: " + err.Error())
	}
}

func (k *stdlibKey) seal(dst, nonce, plaintext, aad []byte) {
	n, a := onHeap(nonce, aad)
	k.aead.Seal(dst[:0], n, plaintext, a)
}

func (k *stdlibKey) open(dst, nonce, ciphertext, aad []byte) bool {
	n, a := onHeap(nonce, aad)
	_, err := k.aead.Open(dst[:0], n, ciphertext, a)
	return err == nil
}

// onHeap returns copies. Arguments of an interface method escape to the heap.
// Nonce and additional data are often small arrays on the caller's stack, and
// without the copies each would cost an allocation on the other paths too,
// where none is needed.
func onHeap(nonce, aad []byte) (n, a []byte) {
	buf := append(append(make([]byte, 0, NonceSize+len(aad)), nonce...), aad...)
	return buf[:NonceSize:NonceSize], buf[NonceSize:]
}

// wipe overwrites the round keys and the powers of H inside the standard library's
// objects. They have no method for that.
func (k *stdlibKey) wipe() {
	for _, part := range []any{k.block, k.aead} {
		if part != nil {
			reflect.ValueOf(part).Elem().SetZero()
		}
	}
}

func stdlibSealOnce(key, dst, nonce, plaintext, aad []byte) {
	k := NewKey(key)
	defer k.Wipe()
	k.Seal(dst, nonce, plaintext, aad)
}

func stdlibOpenOnce(key, dst, nonce, ciphertext, aad []byte) bool {
	k := NewKey(key)
	defer k.Wipe()
	return k.Open(dst, nonce, ciphertext, aad)
}

// Accelerated tells whether the work is done by the CPU's AES and carry-less
// multiplication instructions.
func Accelerated() bool {
	// The conditions are those of crypto/aes; the other paths have more.
	return active != stdlib ||
		cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ && cpu.X86.HasSSE41 && cpu.X86.HasSSSE3 ||
		cpu.ARM64.HasAES && cpu.ARM64.HasPMULL ||
		cpu.S390X.HasAES && cpu.S390X.HasAESGCM
}
