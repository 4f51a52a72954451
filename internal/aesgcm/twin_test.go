package aesgcm

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"os"
	"testing"
	"unsafe"
)

// TestEveryLengthAndAlignment has every length up to 4096 at every alignment to a
// cache line, of the input and, in another order, of the output.
func TestEveryLengthAndAlignment(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		const most = 4096
		r := newSource(1)
		key, nonce, aad, msg := r.bytes(KeySize), r.bytes(NonceSize), r.bytes(300), r.bytes(most)
		k, aead := NewKey(key), twin(t, key)
		in, out := newLines(most+TagSize+64), newLines(most+TagSize+64)
		want := make([]byte, 0, most+TagSize)
		step := 1
		if testing.Short() {
			step = 7
		}
		for n := 0; n <= most; n += step {
			aad := aad[:n%len(aad)]
			want = aead.Seal(want[:0], nonce, msg[:n], aad)
			for align := range 64 {
				other := (align*29 + n) % 64 // 29 and 64 have no common factor
				plain, sealed := in[align:][:n], out[other:][:n+TagSize]
				copy(plain, msg)
				k.Seal(sealed, nonce, plain, aad)
				if !bytes.Equal(sealed, want) || !bytes.Equal(plain, msg[:n]) {
					t.Fatalf("Seal: length %d, from alignment %d to %d", n, align, other)
				}
				clear(plain)
				if !k.Open(plain, nonce, sealed, aad) || !bytes.Equal(plain, msg[:n]) || !bytes.Equal(sealed, want) {
					t.Fatalf("Open: length %d, from alignment %d to %d", n, other, align)
				}
				k.Open(sealed[:n], nonce, sealed, aad) // in place
				if !bytes.Equal(sealed[:n], msg[:n]) {
					t.Fatalf("Open in place: length %d, alignment %d", n, other)
				}
				k.Seal(sealed, nonce, sealed[:n], aad)
				if !bytes.Equal(sealed, want) {
					t.Fatalf("Seal in place: length %d, alignment %d", n, other)
				}
			}
		}
	})
}

// TestEveryAADLength has lengths around the limits of one call, and each of up to
// 300 bytes at several alignments, with the messages of each part of the code.
func TestEveryAADLength(t *testing.T) {
	lengths := []int{511, 512, 513, 767, 768, 769, 1023, 1024, 1025, part - 1, part, part + 1, 3*part + 100}
	for n := range 301 {
		lengths = append(lengths, n)
	}
	eachPath(t, func(t *testing.T) {
		r := newSource(2)
		key, nonce, msg := r.bytes(KeySize), r.bytes(NonceSize), r.bytes(1100)
		c := newChecker(t, key)
		aad := newLines(3*part + 200)
		r.bytesOf.Read(aad)
		for _, n := range lengths {
			for _, size := range []int{0, 1, 16, 33, 200, 256, 257, 512, 513, 1100} {
				for _, align := range []int{0, 1, 15, 63} {
					c.check(nonce, msg[:size], aad[align:][:n])
				}
			}
		}
	})
}

// TestRandom has messages up to 4 MiB; most are short.
func TestRandom(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newSource(3)
		data := r.bytes(4 << 20)
		messages := 20_000
		if testing.Short() {
			messages = 1000
		}
		for i := range messages {
			n, most := 0, 1<<(4+r.IntN(9))
			if i%500 == 0 {
				most = len(data)
			}
			n = r.IntN(most + 1)
			aad := r.IntN(min(most, 700) + 1)
			start := r.IntN(len(data) - n + 1)
			newChecker(t, r.bytes(KeySize)).check(r.bytes(NonceSize), data[start:][:n], data[r.IntN(1000):][:aad])
		}
	})
}

// TestChunks has messages around the sizes at which a message is cut in parts.
func TestChunks(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newSource(4)
		c := newChecker(t, r.bytes(KeySize))
		nonce, data := r.bytes(NonceSize), r.bytes(3*part+600)
		for parts := 1; parts <= 3; parts++ {
			for _, d := range []int{-513, -512, -511, -257, -256, -255, -17, -16, -1, 0, 1, 15, 16, 17, 255, 256, 257, 511, 512, 513} {
				for _, aad := range []int{0, 100, 600} {
					c.check(nonce, data[:parts*part+d], data[:aad])
				}
			}
		}
	})
}

// TestLongMessage has a message with more than 2^24 blocks, so that the counter
// carries into its last byte on the way. The counters of TestCounterCarries are
// the same with little data.
func TestLongMessage(t *testing.T) {
	if os.Getenv("CACHEKIT_LONG_TESTS") == "" {
		t.Skip("SKIPPED: takes 800 MiB of memory; set CACHEKIT_LONG_TESTS=1")
	}
	eachKernel(t, func(t *testing.T) {
		key, nonce := counting(1, KeySize), counting(2, NonceSize)
		const n = 256<<20 + 5000
		msg := func(i int) uint64 { return uint64(i) * 0x9e3779b97f4a7c15 }
		buf := make([]byte, n+TagSize)
		for i := 0; i < n; i += 8 {
			binary.LittleEndian.PutUint64(buf[i:], msg(i))
		}
		want := twin(t, key).Seal(nil, nonce, buf[:n], nil)
		k := NewKey(key)
		k.Seal(buf, nonce, buf[:n], nil)
		if !bytes.Equal(buf, want) {
			t.Fatal("Seal differs")
		}
		if !k.Open(buf[:n], nonce, buf, nil) {
			t.Fatal("Open fails")
		}
		for i := 0; i < n; i += 8 {
			if binary.LittleEndian.Uint64(buf[i:]) != msg(i) {
				t.Fatalf("Open differs at %d", i)
			}
		}
	})
}

// FuzzPaths compares all paths with crypto/cipher.
func FuzzPaths(f *testing.F) {
	f.Add([]byte("key"), []byte("nonce"), []byte("message"), []byte("additional data"))
	f.Add([]byte{}, []byte{}, []byte{}, []byte{})
	f.Add([]byte{0xff}, []byte{0xff}, make([]byte, 300), make([]byte, 33))
	f.Add([]byte{1}, []byte{2}, make([]byte, 1100), make([]byte, 600))
	f.Fuzz(func(t *testing.T, key, nonce, msg, aad []byte) {
		var k [KeySize]byte
		var n [NonceSize]byte
		copy(k[:], key)
		copy(n[:], nonce)
		for _, p := range availablePaths() {
			use(t, p)
			newChecker(t, k[:]).check(n[:], msg, aad)
		}
	})
}

// checker compares the active path with crypto/cipher for one key.
type checker struct {
	t    *testing.T
	key  []byte
	kept *Key
	aead cipher.AEAD
	want []byte
	got  []byte
}

func newChecker(t *testing.T, key []byte) *checker {
	return &checker{t: t, key: key, kept: NewKey(key), aead: twin(t, key)}
}

// check seals and opens, with the kept key and with one for this message, the latter
// in place.
func (c *checker) check(nonce, msg, aad []byte) {
	c.t.Helper()
	fail := func(what string) {
		c.t.Helper()
		c.t.Fatalf("%s, %s: %d bytes, %d of additional data, key %x, nonce %x", Path(), what, len(msg), len(aad), c.key, nonce)
	}
	c.want = c.aead.Seal(c.want[:0], nonce, msg, aad)
	if cap(c.got) < len(c.want) {
		c.got = make([]byte, len(c.want)+1000)
	}
	got := c.got[:len(c.want)]
	clear(got)
	c.kept.Seal(got, nonce, msg, aad)
	if !bytes.Equal(got, c.want) {
		fail("Seal")
	}
	clear(got)
	if !c.kept.Open(got[:len(msg)], nonce, c.want, aad) || !bytes.Equal(got[:len(msg)], msg) {
		fail("Open")
	}
	SealOnce(c.key, got, nonce, got[:len(msg)], aad)
	if !bytes.Equal(got, c.want) {
		fail("SealOnce in place")
	}
	if !OpenOnce(c.key, got[:len(msg)], nonce, got, aad) || !bytes.Equal(got[:len(msg)], msg) {
		fail("OpenOnce in place")
	}
}

// newLines returns n bytes at the start of a cache line.
func newLines(n int) []byte {
	b := make([]byte, n+63)
	skip := -uintptr(unsafe.Pointer(&b[0])) % 64
	return b[skip:][:n]
}
