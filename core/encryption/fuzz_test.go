package encryption

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/codestest"
)

// Whatever is cut off or flipped, nothing comes out.
func FuzzDamagedCiphertext(f *testing.F) {
	f.Add([]byte("plaintext"), []byte("aad"), uint16(5), uint16(0))
	f.Add([]byte{}, []byte{}, uint16(1), uint16(0))
	f.Add([]byte("x"), []byte{}, uint16(0), uint16(100))
	ring := testKeyring(f, testKey(1), [][]byte{testKey(2)}, "t")
	f.Fuzz(func(t *testing.T, plaintext, aad []byte, cut, flip uint16) {
		sealed, err := ring.Encrypt(plaintext, aad)
		if err != nil {
			t.Fatal(err)
		}
		damaged := bytes.Clone(sealed[:len(sealed)-min(len(sealed), int(cut))])
		if i := int(flip) / 8; cut == 0 {
			damaged[i%len(damaged)] ^= 1 << (flip % 8)
		}
		got, _, err := ring.Decrypt(damaged, aad)
		codestest.Explained(t, err)
		want := core.ErrDecryptionFailed
		if len(damaged) < Overhead {
			want = core.ErrInvalidInput
		}
		if got != nil || !errors.Is(err, want) || !core.IsMiss(err) {
			t.Fatalf("%x, %v", got, err)
		}
	})
}

// Bytes from nowhere never open, and never do worse than fail.
func FuzzOpenForeignBytes(f *testing.F) {
	ring := testKeyring(f, testKey(1), [][]byte{testKey(2), testKey(3)}, "t")
	sealed, err := testKeyring(f, testKey(9), nil, "t").Seal([]byte("k"), []byte("data"), "json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, []byte("k"), "json")
	f.Add([]byte{}, []byte{}, "")
	f.Fuzz(func(t *testing.T, sealed, cacheKey []byte, format string) {
		got, _, err := ring.Open(cacheKey, sealed, format)
		codestest.Explained(t, err)
		// No entry can help who asks for a format that there is not.
		if got != nil || !errors.Is(err, core.ErrDecryptionFailed) && !errors.Is(err, core.ErrInvalidInput) || core.IsMiss(err) != utf8.ValidString(format) {
			t.Fatalf("%x, %v", got, err)
		}
	})
}

// An envelope that its sealer got wrong is as hostile as one from outside.
func FuzzOpenForeignEnvelope(f *testing.F) {
	ring := testKeyring(f, testKey(1), nil, "t")
	f.Add(envelopeOf(f, []byte("some data, some data, some data"), "json"))
	f.Add([]byte{0x94})
	f.Fuzz(func(t *testing.T, envelope []byte) {
		sealed := sealRaw(t, ring, "", "json", envelope)
		got, _, err := ring.Open(nil, sealed, "json")
		codestest.Explained(t, err)
		e, wantErr := core.Inspect(envelope)
		if wantErr == nil && string(e.Format) != "json" {
			wantErr = core.ErrInvalidInput
		}
		var want []byte
		if wantErr == nil {
			want, wantErr = core.Decompress(envelope)
		}
		if codes.Of(err) != codes.Of(wantErr) || core.IsMiss(err) != (err != nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%x, %v; want %x, %v", got, err, want, wantErr)
		}
	})
}

// Two different sets of components never give the same AAD.
func FuzzAAD(f *testing.F) {
	f.Add([]byte("t"), []byte("k"), "json", true, "", []byte("t"), []byte("k"), "json", false, "")
	f.Add([]byte("tk"), []byte(""), "json", true, "x", []byte("t"), []byte("k"), "json", true, "x")
	f.Fuzz(func(t *testing.T, t1, k1 []byte, f1 string, c1 bool, o1 string, t2, k2 []byte, f2 string, c2 bool, o2 string) {
		a, err1 := AppendAAD(nil, t1, k1, f1, c1, o1)
		b, err2 := AppendAAD(nil, t2, k2, f2, c2, o2)
		codestest.Explained(t, err1)
		codestest.Explained(t, err2)
		valid1 := utf8.ValidString(f1) && utf8.ValidString(o1)
		valid2 := utf8.ValidString(f2) && utf8.ValidString(o2)
		if (err1 == nil) != valid1 || (err2 == nil) != valid2 {
			t.Fatal(err1, err2)
		}
		if !valid1 || !valid2 {
			return
		}
		same := bytes.Equal(t1, t2) && bytes.Equal(k1, k2) && f1 == f2 && c1 == c2 && o1 == o2
		if bytes.Equal(a, b) != same {
			t.Fatalf("%x and %x", a, b)
		}
	})
}

func FuzzDeriveDomainKey(f *testing.F) {
	f.Add(testKey(1), []byte("tenant"), []byte("encryption"))
	f.Add([]byte("short"), []byte{}, bytes.Repeat([]byte("d"), 256))
	f.Add(bytes.Repeat([]byte("m"), 100), bytes.Repeat([]byte("s"), 1024), bytes.Repeat([]byte("d"), 255))
	f.Fuzz(func(t *testing.T, master, salt, domain []byte) {
		key, err := DeriveDomainKey(master, salt, domain)
		codestest.Explained(t, err)
		valid := len(master) >= 16 && len(salt) >= 1 && len(salt) <= 1024 &&
			len(domain) >= 1 && len(domain) <= 255 && utf8.Valid(domain)
		if (err == nil) != valid {
			t.Fatal(err)
		}
		if !valid {
			return
		}
		full := append([]byte("cachekit_v1_"), byte(len(domain)))
		full = append(full, domain...)
		full = append(full, byte(len(salt)>>8), byte(len(salt)))
		full = append(full, salt...)
		want, err := hkdf.Key(sha256.New, master, full, string(domain), KeySize)
		if err != nil || !bytes.Equal(key[:], want) {
			t.Fatalf("%x, want %x, %v", key, want, err)
		}
	})
}

func FuzzKeyring(f *testing.F) {
	f.Add(testKey(1), testKey(2), []byte("tenant"), []byte("data"))
	f.Add(testKey(1), testKey(1), []byte("tenant"), []byte("data"))
	f.Add([]byte("short"), []byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, current, retired, tenant, data []byte) {
		ring, err := NewTenantKeyring(current, [][]byte{retired}, tenant)
		codestest.Explained(t, err)
		valid := len(current) >= 16 && len(retired) >= 16 && !bytes.Equal(current, retired) && len(tenant) >= 1 && len(tenant) <= 1024
		if (err == nil) != valid {
			t.Fatal(err)
		}
		if !valid {
			return
		}
		old, err := NewTenantKeyring(retired, nil, tenant)
		if err != nil {
			t.Fatal(err)
		}
		for want, writer := range []*TenantKeyring{ring, old} {
			sealed, err := writer.Seal(tenant, data, "json")
			if err != nil {
				t.Fatal(err)
			}
			got, index, err := ring.Open(tenant, sealed, "json")
			if err != nil || index != want || !bytes.Equal(got, data) {
				t.Fatalf("%x by key %d, %v", got, index, err)
			}
		}
	})
}
