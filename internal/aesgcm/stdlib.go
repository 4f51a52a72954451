package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
	"reflect"
	"sync"
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
	c := copies.Get().(*copied)
	additional := c.fill(nonce, aad)
	k.aead.Seal(dst[:0], c.nonce[:], plaintext, additional)
	copies.Put(c)
}

func (k *stdlibKey) open(dst, nonce, ciphertext, aad []byte) bool {
	c := copies.Get().(*copied)
	additional := c.fill(nonce, aad)
	_, err := k.aead.Open(dst[:0], c.nonce[:], ciphertext, additional)
	copies.Put(c)
	return err == nil
}

// copied is a nonce and additional data on the heap. Arguments of an interface
// method escape to it. These two are often small arrays on the caller's stack, and
// without copies each would cost an allocation on the other paths too, where none
// is needed.
type copied struct {
	nonce [NonceSize]byte
	aad   [1 << 10]byte
}

// fill copies the nonce, and returns the additional data: a copy, or where it is too
// long for that, itself, behind the back of the compiler. The ciphers of the standard
// library keep nothing of it, wherever it lies.
func (c *copied) fill(nonce, aad []byte) []byte {
	copy(c.nonce[:], nonce)
	if len(aad) <= len(c.aad) {
		return c.aad[:copy(c.aad[:], aad)]
	}
	return unsafe.Slice((*byte)(noescape(unsafe.Pointer(unsafe.SliceData(aad)))), len(aad))
}

// noescape returns p. The compiler does not see that, and so has what p points to
// stay on the stack.
//
//go:nosplit
func noescape(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
}

var copies = sync.Pool{New: func() any { return new(copied) }}

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
