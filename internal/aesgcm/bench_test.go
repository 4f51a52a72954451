package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"testing"
)

// The benchmarks compare with "twin", crypto/cipher used directly, in the same
// run: the speed of a shared machine drifts.
//
//	kept/   a key that is expanded once
//	once/   a key for each message
//
// Additional data is as long as that of a small entry.

var benchSizes = []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20}

const benchAAD = 80

func BenchmarkSeal(b *testing.B) {
	key, nonce, aad := make([]byte, KeySize), make([]byte, NonceSize), make([]byte, benchAAD)
	for _, n := range benchSizes {
		src, dst := make([]byte, n), make([]byte, n+TagSize)
		compare(b, n, "kept", func(b *testing.B) {
			k := NewKey(key)
			for b.Loop() {
				k.Seal(dst, nonce, src, aad)
			}
		}, func(b *testing.B) {
			aead := twin(b, key)
			for b.Loop() {
				aead.Seal(dst[:0], nonce, src, aad)
			}
		})
		compare(b, n, "once", func(b *testing.B) {
			for b.Loop() {
				SealOnce(key, dst, nonce, src, aad)
			}
		}, func(b *testing.B) {
			for b.Loop() {
				twin(b, key).Seal(dst[:0], nonce, src, aad)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	key, nonce, aad := make([]byte, KeySize), make([]byte, NonceSize), make([]byte, benchAAD)
	for _, n := range benchSizes {
		src, dst := twin(b, key).Seal(nil, nonce, make([]byte, n), aad), make([]byte, n)
		check := func(b *testing.B, ok bool) {
			if !ok {
				b.Fatal("does not open")
			}
		}
		compare(b, n, "kept", func(b *testing.B) {
			k := NewKey(key)
			for b.Loop() {
				check(b, k.Open(dst, nonce, src, aad))
			}
		}, func(b *testing.B) {
			aead := twin(b, key)
			for b.Loop() {
				_, err := aead.Open(dst[:0], nonce, src, aad)
				check(b, err == nil)
			}
		})
		compare(b, n, "once", func(b *testing.B) {
			for b.Loop() {
				check(b, OpenOnce(key, dst, nonce, src, aad))
			}
		}, func(b *testing.B) {
			for b.Loop() {
				_, err := twin(b, key).Open(dst[:0], nonce, src, aad)
				check(b, err == nil)
			}
		})
	}
}

// compare runs ours once for each path and theirs.
func compare(b *testing.B, n int, what string, ours, theirs func(b *testing.B)) {
	size := fmt.Sprintf("%dB", n)
	if n >= 1<<10 {
		size = fmt.Sprintf("%dKiB", n>>10)
	}
	run := func(name string, f func(b *testing.B)) {
		b.Run(what+"/"+size+"/"+name, func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			f(b)
		})
	}
	for _, p := range availablePaths() {
		run(p.String(), func(b *testing.B) {
			use(b, p)
			ours(b)
		})
	}
	run("twin", theirs)
}

func BenchmarkExpand(b *testing.B) {
	key := make([]byte, KeySize)
	for _, p := range availablePaths() {
		b.Run(p.String(), func(b *testing.B) {
			use(b, p)
			b.ReportAllocs()
			var k Key
			for b.Loop() {
				k.Expand(key)
			}
		})
	}
	b.Run("twin", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			block, _ := aes.NewCipher(key)
			_, _ = cipher.NewGCM(block)
		}
	})
}
