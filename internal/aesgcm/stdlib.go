package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
	"reflect"
	"unsafe"
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
	k.aead.Seal(hidden(dst)[:0], hidden(nonce), hidden(plaintext), hidden(aad))
}

func (k *stdlibKey) open(dst, nonce, ciphertext, aad []byte) bool {
	_, err := k.aead.Open(hidden(dst)[:0], hidden(nonce), hidden(ciphertext), hidden(aad))
	return err == nil
}

// hidden returns b, behind the back of the compiler. Arguments of an interface method
// escape to the heap: the buffers of callers would have to be there, on the other
// paths too. The ciphers of the standard library keep nothing of them.
func hidden(b []byte) []byte {
	return unsafe.Slice((*byte)(noescape(unsafe.Pointer(unsafe.SliceData(b)))), len(b))
}

// noescape returns p. The compiler does not see that, and so has what p points to
// stay on the stack.
//
//go:nosplit
func noescape(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
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
