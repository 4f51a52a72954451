//go:build linux

package aesgcm

import (
	"bytes"
	"syscall"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// TestGuardPages puts every buffer against an unmapped page, at its end and at
// its beginning: a read or write outside of a slice kills the test. On the
// other side of the output, bytes that must survive.
func TestGuardPages(t *testing.T) {
	lengths := []int{1500, 1535, 1536, 1537, 2048, 2049, part - 1, part, part + 1, part + 511, part + 512, part + 513}
	for n := range 1025 {
		lengths = append(lengths, n)
	}
	eachPath(t, func(t *testing.T) {
		plain, sealed := newGuarded(t, part+600), newGuarded(t, part+600)
		aads, nonces, keys := newGuarded(t, 2000), newGuarded(t, NonceSize), newGuarded(t, KeySize)
		data := newSource(20).bytes(part + 2000)
		want := make([]byte, 0, part+2000)
		for i, n := range lengths {
			for _, atEnd := range []bool{true, false} {
				for _, aadLen := range []int{0, i % 17, i % 70, i % 301, 512 + i%3} {
					place := func(g guarded, n int, from []byte) []byte {
						b := g.place(n, atEnd)
						copy(b, from)
						return b
					}
					key, nonce := place(keys, KeySize, data[i%100:]), place(nonces, NonceSize, data[i%90:])
					aad := place(aads, aadLen, data[i%80:])
					want = twin(t, key).Seal(want[:0], nonce, data[:n], aad)

					p, s := place(plain, n, data), place(sealed, n+TagSize, nil)
					sealed.fence(n+TagSize, atEnd)
					k := NewKey(key)
					k.Seal(s, nonce, p, aad)
					sealed.check(t, n+TagSize, atEnd)
					if !bytes.Equal(s, want) {
						t.Fatalf("Seal: %d bytes", n)
					}
					clear(s)
					SealOnce(key, s, nonce, p, aad)
					if !bytes.Equal(s, want) {
						t.Fatalf("SealOnce: %d bytes", n)
					}
					plain.fence(n, atEnd)
					if !k.Open(p, nonce, s, aad) || !bytes.Equal(p, data[:n]) {
						t.Fatalf("Open: %d bytes", n)
					}
					plain.check(t, n, atEnd)
					clear(p)
					if !OpenOnce(key, p, nonce, s, aad) || !bytes.Equal(p, data[:n]) {
						t.Fatalf("OpenOnce: %d bytes", n)
					}
					if !k.Open(s[:n], nonce, s, aad) || !bytes.Equal(s[:n], data[:n]) {
						t.Fatalf("Open in place: %d bytes", n)
					}
					k.Seal(s, nonce, s[:n], aad)
					if !bytes.Equal(s, want) {
						t.Fatalf("Seal in place: %d bytes", n)
					}
					sealed.check(t, n+TagSize, atEnd)
				}
			}
		}
	})
}

// TestTooLong: one byte more than GCM allows is refused, before any is read.
func TestTooLong(t *testing.T) {
	var tooLong uint64 = MaxPlaintext + 1
	n := int(tooLong)
	if uint64(n) != tooLong {
		t.Skip("SKIPPED: no slice is that long on this platform")
	}
	b, err := syscall.Mmap(-1, 0, n+TagSize, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		need.Missing(t, "no 64 GiB of addresses: "+err.Error())
	}
	defer func() { _ = syscall.Munmap(b) }()
	eachPath(t, func(t *testing.T) {
		key, nonce := make([]byte, KeySize), make([]byte, NonceSize)
		k := NewKey(key)
		for name, f := range map[string]func(){
			"Seal":     func() { k.Seal(b, nonce, b[:n], nil) },
			"Open":     func() { k.Open(b[:n], nonce, b, nil) },
			"SealOnce": func() { SealOnce(key, b, nonce, b[:n], nil) },
			"OpenOnce": func() { OpenOnce(key, b[:n], nonce, b, nil) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic", name)
					}
				}()
				f()
			}()
		}
	})
}

// guarded is whole pages between two that fault.
type guarded []byte

func newGuarded(t testing.TB, size int) guarded { return bytetest.Guarded(t, size) }

// place returns n bytes that touch the guard page behind or the one before.
func (g guarded) place(n int, atEnd bool) []byte {
	if atEnd {
		return g[len(g)-n:][:n:n]
	}
	return g[:n:n]
}

// beside is up to 128 bytes on the other side.
func (g guarded) beside(n int, atEnd bool) []byte {
	if atEnd {
		b := g[:len(g)-n]
		return b[max(0, len(b)-128):]
	}
	return g[n:min(len(g), n+128)]
}

func (g guarded) fence(n int, atEnd bool) {
	b := g.beside(n, atEnd)
	for i := range b {
		b[i] = 0x5a
	}
}

func (g guarded) check(t *testing.T, n int, atEnd bool) {
	t.Helper()
	for _, v := range g.beside(n, atEnd) {
		if v != 0x5a {
			t.Fatalf("wrote outside of a buffer of %d bytes", n)
		}
	}
}
