package encryption

import (
	"bytes"
	"fmt"
	"testing"
)

var benchSizes = []int{64, 1 << 10, 64 << 10}

// benchPayload is JSON-like text of n bytes.
func benchPayload(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, `{"id":%d,"name":"user-%x","score":%d,"tags":["a","b"]},`, i*7919%100003, i*i, i*31%997)
	}
	return b.Bytes()[:n]
}

// bench runs f on each size and reports bytes and allocations.
func bench(b *testing.B, f func(b *testing.B, data []byte)) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			f(b, benchPayload(size))
		})
	}
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkKeyringEncrypt(b *testing.B) {
	ring := testKeyring(b, testKey(1), nil, "tenant")
	bench(b, func(b *testing.B, data []byte) {
		dst := make([]byte, len(data)+Overhead)
		for b.Loop() {
			_, _, err := ring.EncryptInto(dst, data, nil)
			must(b, err)
		}
	})
}

func BenchmarkKeyringDecrypt(b *testing.B) {
	ring := testKeyring(b, testKey(1), nil, "tenant")
	bench(b, func(b *testing.B, data []byte) {
		sealed, err := ring.Encrypt(data, nil)
		must(b, err)
		dst := make([]byte, len(data))
		for b.Loop() {
			_, _, err := ring.DecryptInto(dst, sealed, nil)
			must(b, err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	ring := testKeyring(b, testKey(1), nil, "tenant")
	cacheKey := []byte("users:get_user:42")
	bench(b, func(b *testing.B, data []byte) {
		dst := make([]byte, SealBound(len(data), len("msgpack")))
		for b.Loop() {
			_, _, err := ring.SealInto(dst, cacheKey, data, "msgpack")
			must(b, err)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	ring := testKeyring(b, testKey(1), nil, "tenant")
	cacheKey := []byte("users:get_user:42")
	bench(b, func(b *testing.B, data []byte) {
		sealed, err := ring.Seal(cacheKey, data, "msgpack")
		must(b, err)
		dst := make([]byte, 0, len(data)+1)
		for b.Loop() {
			_, _, err := ring.AppendOpen(dst, cacheKey, sealed, "msgpack")
			must(b, err)
		}
	})
}

// A key with every call: the same one, and a new one each time.
func BenchmarkEncryptor(b *testing.B) {
	for name, keys := range map[string]int{"sameKey": 1, "newKey": 64} {
		b.Run(name, func(b *testing.B) {
			e := newEncryptor(b)
			bench(b, func(b *testing.B, data []byte) {
				dst := make([]byte, len(data)+Overhead)
				key := testKey(1)
				for i := 0; b.Loop(); i++ {
					key[0] = byte(i % keys)
					_, _, err := e.EncryptInto(dst, key, data, nil)
					must(b, err)
				}
			})
		})
	}
}

func BenchmarkNewEncryptor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, err := NewEncryptor()
		must(b, err)
	}
}

func BenchmarkDeriveDomainKey(b *testing.B) {
	b.ReportAllocs()
	var key [KeySize]byte
	master, tenant, domain := testKey(1), []byte("tenant"), []byte("encryption")
	for b.Loop() {
		must(b, DeriveDomainKeyInto(&key, master, tenant, domain))
	}
}

func BenchmarkKeyFingerprint(b *testing.B) {
	b.ReportAllocs()
	key := testKey(1)
	for b.Loop() {
		KeyFingerprint(key)
	}
}

func BenchmarkNewTenantKeyring(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		testKeyring(b, testKey(1), [][]byte{testKey(2)}, "tenant").Wipe()
	}
}
