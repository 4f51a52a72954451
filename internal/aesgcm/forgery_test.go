package aesgcm

import (
	"bytes"
	"testing"
)

// TestForgeries changes each bit of the tag and some of everything else. Open must
// refuse each time and leave zeros, in another buffer and in place.
func TestForgeries(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newSource(10)
		key := r.bytes(KeySize)
		k := NewKey(key)
		for _, n := range []int{0, 1, 15, 16, 33, 64, 200, 256, 257, 512, 513, 1024, 5000, 70_000} {
			for _, aadLen := range []int{0, 1, 100, 600} {
				nonce, msg, aad := r.bytes(NonceSize), r.bytes(n), r.bytes(aadLen)
				sealed := make([]byte, n+TagSize)
				k.Seal(sealed, nonce, msg, aad)
				out, inPlace := make([]byte, n+1), make([]byte, n+TagSize)
				refused := func(name string, open func(dst, nonce, ciphertext, aad []byte) bool) {
					t.Helper()
					for i := range out {
						out[i] = 0xaa
					}
					if open(out[:n], nonce, sealed, aad) {
						t.Fatalf("%s accepted: %d bytes, %d of additional data", name, n, aadLen)
					}
					if !zero(out[:n]) || out[n] != 0xaa {
						t.Fatalf("%s: output not erased: %d bytes, %d of additional data", name, n, aadLen)
					}
					copy(inPlace, sealed)
					if open(inPlace[:n], nonce, inPlace, aad) || !zero(inPlace[:n]) {
						t.Fatalf("%s in place: %d bytes, %d of additional data", name, n, aadLen)
					}
				}
				flip := func(name string, b []byte, bit int) {
					t.Helper()
					b[bit/8] ^= 1 << (bit % 8)
					refused(name, k.Open)
					if bit%8 == 0 {
						refused(name+" once", func(dst, nonce, ciphertext, aad []byte) bool {
							return OpenOnce(key, dst, nonce, ciphertext, aad)
						})
					}
					b[bit/8] ^= 1 << (bit % 8)
				}
				for bit := range TagSize * 8 {
					flip("tag", sealed[n:], bit)
				}
				for range 10 {
					flip("nonce", nonce, r.IntN(NonceSize*8))
					if n > 0 {
						flip("ciphertext", sealed, r.IntN(n*8))
					}
					if aadLen > 0 {
						flip("additional data", aad, r.IntN(aadLen*8))
					}
				}
				if !k.Open(out[:n], nonce, sealed, aad) || !bytes.Equal(out[:n], msg) {
					t.Fatal("the original does not open any more")
				}
			}
		}
	})
}

func zero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// TestWrongSizes: mistakes of the caller are panics, before anything is written.
func TestWrongSizes(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		key, nonce := make([]byte, KeySize), make([]byte, NonceSize)
		k := NewKey(key)
		b := bytes.Repeat([]byte{0xaa}, 200)
		for name, f := range map[string]func(){
			"key too short":               func() { NewKey(key[1:]) },
			"key too long":                func() { NewKey(append(key, 0)) },
			"once, key too short":         func() { SealOnce(key[1:], b[:116], nonce, b[:100], nil) },
			"once, key too short to open": func() { OpenOnce(key[1:], b[:84], nonce, b[:100], nil) },
			"nonce too short":             func() { k.Seal(b[:116], nonce[1:], b[:100], nil) },
			"nonce too long":              func() { k.Seal(b[:116], append(nonce, 0), b[:100], nil) },
			"nonce missing":               func() { OpenOnce(key, b[:84], nil, b[:100], nil) },
			"no room for the tag":         func() { k.Seal(b[:115], nonce, b[:100], nil) },
			"output too long":             func() { SealOnce(key, b[:117], nonce, b[:100], nil) },
			"output of open too short":    func() { k.Open(b[:83], nonce, b[:100], nil) },
			"output of open too long":     func() { OpenOnce(key, b[:85], nonce, b[:100], nil) },
			"less than a tag":             func() { k.Open(nil, nonce, b[:15], nil) },
			"overlap, seal":               func() { k.Seal(b[1:117], nonce, b[:100], nil) },
			"overlap, output first":       func() { k.Seal(b[:116], nonce, b[1:101], nil) },
			"overlap of one byte":         func() { SealOnce(key, b[:66], nonce, b[65:115], nil) },
			"overlap, open":               func() { k.Open(b[:84], nonce, b[83:183], nil) },
			"overlap, open once":          func() { OpenOnce(key, b[1:85], nonce, b[:100], nil) },
			"nonce over the plaintext":    func() { k.Seal(b[12:29], b[:12], b[:1], nil) },
			"nonce over it, once":         func() { SealOnce(key, b[20:37], b[8:20], b[8:9], nil) },
			"nonce over additional data":  func() { k.Seal(b[12:29], b[:12], b[100:101], b[11:12]) },
			"nonce over the key":          func() { SealOnce(b[11:43], b[12:29], b[:12], b[100:101], nil) },
			"a Key without key":           func() { new(Key).Seal(b[:116], nonce, b[:100], nil) },
			"a Key without key, open":     func() { new(Key).Open(b[:84], nonce, b[:100], nil) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic", name)
					}
				}()
				f()
			}()
			if !bytes.Equal(b, bytes.Repeat([]byte{0xaa}, 200)) {
				t.Fatalf("%s: something was written", name)
			}
		}
		k.Seal(b[:66], nonce, b[66:116], nil) // side by side is allowed
		// Nothing overlaps with nothing, wherever that is.
		k.Seal(b[:16], nonce, b[8:8], nil)
		k.Seal(b[12:28], b[:12], b[6:6], b[6:6])
		SealOnce(key, b[:16], nonce, b[8:8], nil)
		if !k.Open(b[8:8], nonce, b[:16], nil) || !OpenOnce(key, b[8:8], nonce, b[:16], nil) {
			t.Error("an empty message does not open")
		}
	})
}
