//go:build !race

// The race detector allocates too.

package encryption

import (
	"runtime/debug"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
)

// The forms that write into memory of the caller's allocate nothing, and the others
// their result alone, but for Seal of a large payload that gets much smaller, which
// gives the first memory up. Deriving keys takes the states of its hashes.
func TestAllocations(t *testing.T) {
	// A collection would empty the pools.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	everyPath(t, func(t *testing.T) {
		e, ring := newEncryptor(t), testKeyring(t, testKey(1), [][]byte{testKey(2)}, "tenant")
		key, aad, cacheKey := testKey(1), []byte("aad"), []byte("users:42")
		const interopKey = "users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875"
		for _, n := range []int{0, 64, 4096, 100_000, 100_001} {
			data := append([]byte{0xc6, 0, byte(n >> 16), byte(n >> 8), byte(n)}, make([]byte, n)...) // an array of bytes
			for i := range data[5:] {
				data[5+i] = byte(i>>3) * byte(i)
			}
			if n%2 != 0 {
				copy(data[5:], bytetest.Noise(n)) // so that its envelope does not fit into memory that is kept
			}
			sealed, err1 := e.Encrypt(key, data, aad)
			ringSealed, err2 := ring.Encrypt(data, aad)
			entry, err3 := ring.Seal(cacheKey, data, "msgpack")
			interop, err4 := ring.SealInterop(interopKey, data)
			if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
				t.Fatal(err1, err2, err3, err4)
			}
			bound := SealBound(len(data), len("msgpack"))
			room, out := make([]byte, bound), make([]byte, len(data)+1)
			seal, scratch := 1.0, 0.0
			if bound > 64<<10 && len(entry) < bound/2 {
				seal = 2
			}
			if len(entry)-Overhead > 64<<10 {
				scratch = 1
			}
			var derived [KeySize]byte
			var keys TenantKeys
			for _, c := range []struct {
				name string
				want float64
				call func() error
			}{
				{"Encryptor.Encrypt", 1, func() error { _, err := e.Encrypt(key, data, aad); return err }},
				{"Encryptor.AppendEncrypt", 0, func() error { _, err := e.AppendEncrypt(room[:0], key, data, aad); return err }},
				{"Encryptor.EncryptInto", 0, func() error { _, _, err := e.EncryptInto(room, key, data, aad); return err }},
				{"Encryptor.Decrypt", 1, func() error { _, err := e.Decrypt(key, sealed, aad); return err }},
				{"Encryptor.AppendDecrypt", 0, func() error { _, err := e.AppendDecrypt(out[:0], key, sealed, aad); return err }},
				{"Encryptor.DecryptInto", 0, func() error { _, err := e.DecryptInto(out, key, sealed, aad); return err }},
				{"Encrypt", 1, func() error { _, err := ring.Encrypt(data, aad); return err }},
				{"AppendEncrypt", 0, func() error { _, err := ring.AppendEncrypt(room[:0], data, aad); return err }},
				{"EncryptInto", 0, func() error { _, _, err := ring.EncryptInto(room, data, aad); return err }},
				{"Decrypt", 1, func() error { _, _, err := ring.Decrypt(ringSealed, aad); return err }},
				{"AppendDecrypt", 0, func() error { _, _, err := ring.AppendDecrypt(out[:0], ringSealed, aad); return err }},
				{"DecryptInto", 0, func() error { _, _, err := ring.DecryptInto(out, ringSealed, aad); return err }},
				{"DecryptAt", 1, func() error { _, err := ring.DecryptAt(0, ringSealed, aad); return err }},
				{"DecryptAtInto", 0, func() error { _, err := ring.DecryptAtInto(out, 0, ringSealed, aad); return err }},
				{"Seal", seal, func() error { _, err := ring.Seal(cacheKey, data, "msgpack"); return err }},
				{"AppendSeal", 0, func() error { _, err := ring.AppendSeal(room[:0], cacheKey, data, "msgpack"); return err }},
				{"SealInto", 0, func() error { _, _, err := ring.SealInto(room, cacheKey, data, "msgpack"); return err }},
				{"Open", 1 + scratch, func() error { _, _, err := ring.Open(cacheKey, entry, "msgpack"); return err }},
				{"AppendOpen", scratch, func() error { _, _, err := ring.AppendOpen(out[:0], cacheKey, entry, "msgpack"); return err }},
				{"SealInterop", 1, func() error { _, err := ring.SealInterop(interopKey, data); return err }},
				{"AppendSealInterop", 0, func() error { _, err := ring.AppendSealInterop(room[:0], interopKey, data); return err }},
				{"SealInteropInto", 0, func() error { _, _, err := ring.SealInteropInto(room, interopKey, data); return err }},
				{"OpenInterop", 1, func() error { _, _, err := ring.OpenInterop(interopKey, interop); return err }},
				{"AppendOpenInterop", 0, func() error { _, _, err := ring.AppendOpenInterop(out[:0], interopKey, interop); return err }},
				{"OpenInteropInto", 0, func() error { _, _, err := ring.OpenInteropInto(out, interopKey, interop); return err }},
				{"AppendAAD", 0, func() error {
					_, err := AppendAAD(room[:0], []byte("tenant"), cacheKey, "msgpack", true, "")
					return err
				}},
				{"Metrics", 0, func() error { e.Metrics(); ring.Metrics(); return nil }},
				{"DeriveDomainKeyInto", 3, func() error { return DeriveDomainKeyInto(&derived, key, aad, cacheKey) }},
				{"DeriveTenantKeysInto", 12, func() error { return DeriveTenantKeysInto(&keys, key, aad) }},
				{"KeyFingerprint", 1, func() error { KeyFingerprint(key); return nil }},
			} {
				var err error
				got := testing.AllocsPerRun(5, func() { err = c.call() })
				if err != nil || got != c.want {
					t.Errorf("%s of %d bytes: %.0f allocations, want %.0f; %v", c.name, n, got, c.want, err)
				}
			}
		}
	})
}

// A buffer that a caller has on its stack stays there: no call keeps it anywhere.
func TestBuffersOfCallersStayOnTheStack(t *testing.T) {
	e, ring := newEncryptor(t), testKeyring(t, testKey(1), [][]byte{testKey(2)}, "tenant")
	key, data := testKey(1), []byte("\xa4data")
	sealed, err1 := e.Encrypt(key, data, nil)
	ringSealed, err2 := ring.Encrypt(data, nil)
	entry, err3 := ring.Seal(nil, data, "json")
	interop, err4 := ring.SealInterop("k", data)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
		t.Fatal(err1, err2, err3, err4)
	}
	type buffer = [200]byte
	for name, call := range map[string]func() error{
		"Encryptor.EncryptInto":   func() error { var b buffer; _, _, err := e.EncryptInto(b[:], key, data, nil); return err },
		"Encryptor.AppendEncrypt": func() error { var b buffer; _, err := e.AppendEncrypt(b[:0], key, data, nil); return err },
		"Encryptor.DecryptInto":   func() error { var b buffer; _, err := e.DecryptInto(b[:], key, sealed, nil); return err },
		"Encryptor.AppendDecrypt": func() error { var b buffer; _, err := e.AppendDecrypt(b[:0], key, sealed, nil); return err },
		"EncryptInto":             func() error { var b buffer; _, _, err := ring.EncryptInto(b[:], data, nil); return err },
		"AppendEncrypt":           func() error { var b buffer; _, err := ring.AppendEncrypt(b[:0], data, nil); return err },
		"DecryptInto":             func() error { var b buffer; _, _, err := ring.DecryptInto(b[:], ringSealed, nil); return err },
		"AppendDecrypt":           func() error { var b buffer; _, _, err := ring.AppendDecrypt(b[:0], ringSealed, nil); return err },
		"DecryptAtInto":           func() error { var b buffer; _, err := ring.DecryptAtInto(b[:], 0, ringSealed, nil); return err },
		"SealInto":                func() error { var b buffer; _, _, err := ring.SealInto(b[:], nil, data, "json"); return err },
		"AppendSeal":              func() error { var b buffer; _, err := ring.AppendSeal(b[:0], nil, data, "json"); return err },
		"AppendOpen":              func() error { var b buffer; _, _, err := ring.AppendOpen(b[:0], nil, entry, "json"); return err },
		"SealInteropInto":         func() error { var b buffer; _, _, err := ring.SealInteropInto(b[:], "k", data); return err },
		"AppendSealInterop":       func() error { var b buffer; _, err := ring.AppendSealInterop(b[:0], "k", data); return err },
		"OpenInteropInto":         func() error { var b buffer; _, _, err := ring.OpenInteropInto(b[:], "k", interop); return err },
		"AppendOpenInterop":       func() error { var b buffer; _, _, err := ring.AppendOpenInterop(b[:0], "k", interop); return err },
		"AppendAAD":               func() error { var b buffer; _, err := AppendAAD(b[:0], data, data, "json", true, ""); return err },

		// Inputs too.
		"plaintext and key": func() error {
			var b, in buffer
			_, _, err := e.EncryptInto(b[:], in[:KeySize], in[:100], in[:10])
			return err
		},
		"plaintext": func() error { var b, in buffer; _, _, err := ring.EncryptInto(b[:], in[:100], in[:10]); return err },
		"payload": func() error {
			var b, in buffer
			_, _, err := ring.SealInto(b[:], in[:10], in[:100], "json")
			return err
		},
		"entry": func() error {
			var b, in buffer
			_, _, err := ring.AppendOpen(b[:0], nil, in[:copy(in[:], entry)], "json")
			return err
		},
	} {
		var err error
		if n := testing.AllocsPerRun(5, func() { err = call() }); n != 0 || err != nil {
			t.Errorf("%s: %.0f allocations, %v", name, n, err)
		}
	}
}
