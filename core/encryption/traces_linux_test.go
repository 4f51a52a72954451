//go:build !race

// The race detector keeps copies of its own.

package encryption

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

// A key stands in memory only while something uses it; the first round keys of
// AES-256 are the key itself. A hash keeps its state, whose last value is the
// key, in 32-bit words.
func TestNothingIsLeftOfKeys(t *testing.T) {
	if !alone.Run(t, traces.Encryptions...) {
		return
	}
	var master, key [KeySize]byte
	keys := traces.HideKeys(t, DeriveDomainKeyInto)
	hexadecimal := strings.Repeat("30313233343536373839616263646566", 2)

	data := make([]byte, 3*64<<10)
	out, back := traces.Pages(t, len(data)+1000), traces.Pages(t, len(data)+1000)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	fails := func(err, want error) {
		t.Helper()
		if codes.Of(err) != codes.Of(want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	withKeyring := func() {
		traces.Master(master[:])
		ring, err := NewTenantKeyring(master[:], nil, []byte(traces.Tenant))
		must(err)
		for _, n := range []int{64, len(data)} {
			n, _, err := ring.SealInto(out, []byte("k"), data[:n], "msgpack")
			must(err)
			_, _, err = ring.Open([]byte("k"), out[:n], "msgpack")
			must(err)
			_, _, err = ring.Open([]byte("l"), out[:n], "msgpack")
			fails(err, core.ErrDecryptionFailed)
		}
		ring.Wipe()
		clear(master[:])
	}
	withTenantKeys := func() {
		var all TenantKeys
		traces.Master(master[:])
		must(DeriveTenantKeysInto(&all, master[:], []byte(traces.Tenant)))
		clear(master[:])
		all.Wipe()
	}
	withEncryptor := func(open bool) {
		keys.Derive(t, &key)
		defer clear(key[:])
		e := newEncryptor(t)
		for _, n := range []int{64, len(data)} {
			sealed, _, err := e.EncryptInto(out, key[:], data[:n], nil)
			must(err)
			if open {
				_, err = e.DecryptInto(back, key[:], out[:sealed], nil)
				must(err)
				_, err = e.DecryptInto(back, key[:], out[:sealed], []byte("aad"))
				fails(err, core.ErrDecryptionFailed)
			}
		}
		e.Wipe()
	}
	fromEnvironment := func(current, previous string, want error) {
		t.Setenv(MasterKeyVariable, current)
		t.Setenv(PreviousMasterKeysVariable, previous)
		ring, err := KeyringFromEnv()
		fails(err, want)
		if ring != nil {
			ring.Wipe()
		}
	}
	other := strings.Repeat("5a", 32)
	for name, f := range map[string]func(){
		"keyring":                withKeyring,
		"derivation":             func() { keys.Derive(t, &key); clear(key[:]) },
		"fingerprint":            func() { keys.Derive(t, &key); KeyFingerprint(key[:]); clear(key[:]) },
		"tenant keys":            withTenantKeys,
		"encryption":             func() { withEncryptor(false) },
		"decryption":             func() { withEncryptor(true) },
		"environment":            func() { fromEnvironment(hexadecimal, "", nil) },
		"environment, previous":  func() { fromEnvironment(other, hexadecimal, nil) },
		"environment, too short": func() { fromEnvironment(hexadecimal[:48], "", core.ErrInvalidKeyLength) },
		"environment, not hex":   func() { fromEnvironment(hexadecimal+"x", "", core.ErrInvalidInput) },
		"environment, twice":     func() { fromEnvironment(hexadecimal, hexadecimal, core.ErrInvalidInput) },
		"environment, previous not hex": func() {
			fromEnvironment(other, hexadecimal+",x", core.ErrInvalidInput)
		},
		"environment, too many": func() {
			fromEnvironment(other, strings.Repeat(hexadecimal+",", MaxDecryptOnlyKeys+1), ErrTooManyKeys)
		},
	} {
		keys.Check(t, name, f)
	}
	keys.MustFind(t)
}

// Who wipes what he gave and what he got has wiped everything; a call that fails
// leaves nothing to wipe.
func TestNothingIsLeftOfPlaintexts(t *testing.T) {
	if !alone.Run(t, traces.Encryptions...) {
		return
	}
	const most, format = 2 << 20, "json"
	data, sealed, out := traces.Pages(t, most), traces.Pages(t, most+most/64), traces.Pages(t, most+most/64)
	aad, cacheKey := []byte("aad"), []byte("k")
	e, ring := newEncryptor(t), testKeyring(t, testKey(1), [][]byte{testKey(2)}, "t")
	other := testKeyring(t, testKey(3), nil, "t")
	interopAAD := entryAAD(t, ring, "k", core.DefaultFormat, false)
	encrypted := func(data []byte) []byte {
		n, _, err := e.EncryptInto(sealed, testKey(1), data, aad)
		if err != nil {
			t.Fatal(err)
		}
		return sealed[:n]
	}
	ringEncrypted := func(data []byte) []byte {
		n, _, err := ring.EncryptInto(sealed, data, aad)
		if err != nil {
			t.Fatal(err)
		}
		return sealed[:n]
	}
	entry := func(data []byte) []byte {
		n, _, err := ring.SealInto(sealed, cacheKey, data, format)
		if err != nil {
			t.Fatal(err)
		}
		return sealed[:n]
	}
	interop := func(data []byte, more ...byte) []byte { // data, and more, in a document with an array of bytes
		doc := append(binary.BigEndian.AppendUint32(append(out[:0], 0xc6), uint32(len(data))), data...)
		n, _, err := ring.EncryptInto(sealed, append(doc, more...), interopAAD)
		if err != nil {
			t.Fatal(err)
		}
		clear(out[:n])
		return sealed[:n]
	}
	storage := core.NewByteStorage(format)
	// What damage makes of the envelope of data is authentic.
	entryOf := func(data []byte, format string, damage func(envelope []byte)) []byte {
		n, err := storage.StoreInto(sealed[NonceSize:], data, format)
		if err != nil {
			t.Fatal(err)
		}
		damage(sealed[NonceSize : NonceSize+n])
		n, _, err = ring.EncryptInto(sealed, sealed[NonceSize:NonceSize+n], entryAAD(t, ring, "k", "json", true))
		if err != nil {
			t.Fatal(err)
		}
		return sealed[:n]
	}
	forged := func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	wiped := testKeyring(t, testKey(1), nil, "t")
	wiped.Wipe()
	for i, c := range []struct {
		name string
		call func(data []byte) error
		want error
	}{
		{"Encrypt", func(data []byte) error { encrypted(data); return nil }, nil},
		{"Encrypt, one byte too short", func(data []byte) error {
			_, _, err := e.EncryptInto(sealed[:len(data)+Overhead-1], testKey(1), data, aad)
			return err
		}, core.ErrBufferTooSmall},
		{"Decrypt", func(data []byte) error { p, err := e.Decrypt(testKey(1), encrypted(data), aad); clear(p); return err }, nil},
		{"Decrypt, other key", func(data []byte) error {
			_, err := e.DecryptInto(out, testKey(2), encrypted(data), aad)
			return err
		}, core.ErrDecryptionFailed},
		{"Decrypt, other tag", func(data []byte) error {
			_, err := e.DecryptInto(out, testKey(1), forged(encrypted(data)), aad)
			return err
		}, core.ErrDecryptionFailed},
		{"Decrypt, other tag, in place", func(data []byte) error {
			b := forged(encrypted(data))
			_, err := e.DecryptInto(b[NonceSize:], testKey(1), b, aad)
			return err
		}, core.ErrDecryptionFailed},
		{"keyring, Decrypt", func(data []byte) error {
			p, _, err := ring.Decrypt(ringEncrypted(data), aad)
			clear(p)
			return err
		}, nil},
		{"keyring, Decrypt, other keys", func(data []byte) error {
			_, _, err := other.DecryptInto(out, ringEncrypted(data), aad)
			return err
		}, core.ErrDecryptionFailed},
		{"keyring, Decrypt, other tag", func(data []byte) error {
			_, _, err := ring.DecryptInto(out, forged(ringEncrypted(data)), aad)
			return err
		}, core.ErrDecryptionFailed},
		{"keyring, DecryptAt, other tag, in place", func(data []byte) error {
			b := forged(ringEncrypted(data))
			_, err := ring.DecryptAtInto(b[NonceSize:], 0, b, aad)
			return err
		}, core.ErrDecryptionFailed},
		{"Seal", func(data []byte) error { _, err := ring.Seal(cacheKey, data, format); return err }, nil},
		{"SealInto", func(data []byte) error { entry(data); return nil }, nil},
		{"Seal, wiped", func(data []byte) error { _, err := wiped.Seal(cacheKey, data, format); return err }, ErrWiped},
		{"Open", func(data []byte) error { p, _, err := ring.Open(cacheKey, entry(data), format); clear(p); return err }, nil},
		{"Open, other cache key", func(data []byte) error {
			_, _, err := ring.Open([]byte("l"), entry(data), format)
			return err
		}, core.ErrDecryptionFailed},
		{"Open, other format inside", func(data []byte) error {
			_, _, err := ring.Open(cacheKey, entryOf(data, "text", func([]byte) {}), format)
			return err
		}, core.ErrInvalidInput},
		{"Open, other block inside", func(data []byte) error {
			_, _, err := ring.Open(cacheKey, entryOf(data, format, func(e []byte) { e[len(e)-40] ^= 0x55 }), format)
			return err
		}, core.ErrChecksumMismatch},
		{"Open, nothing behind the block", func(data []byte) error {
			_, _, err := ring.Open(cacheKey, entryOf(data, format, func(e []byte) { e[len(e)-30] = 0xc1; clear(e[len(e)-29:]) }), format)
			return err
		}, core.ErrInvalidInput},
		{"AppendOpen", func(data []byte) error {
			p, _, err := ring.AppendOpen(out[:0], cacheKey, entry(data), format)
			clear(p)
			return err
		}, nil},
		{"AppendOpen, other block inside", func(data []byte) error {
			_, _, err := ring.AppendOpen(out[:0], cacheKey, entryOf(data, format, func(e []byte) { e[len(e)-40] ^= 0x55 }), format)
			return err
		}, core.ErrChecksumMismatch},
		{"SealInterop", func(data []byte) error { _, err := ring.SealInterop("k", data); return err }, core.ErrInvalidInput},
		{"OpenInterop", func(data []byte) error { p, _, err := ring.OpenInterop("k", interop(data)); clear(p); return err }, nil},
		{"OpenInteropInto, no document", func(data []byte) error {
			_, _, err := ring.OpenInteropInto(out, "k", interop(data, 0))
			return err
		}, core.ErrInvalidInput},
		{"OpenInteropInto, other cache key", func(data []byte) error {
			_, _, err := ring.OpenInteropInto(out, "l", interop(data))
			return err
		}, core.ErrDecryptionFailed},
		{"a key of that size", func(data []byte) error {
			var key [KeySize]byte
			return DeriveDomainKeyInto(&key, data, []byte("salt"), []byte("domain"))
		}, nil},
		{"its fingerprint", func(data []byte) error { KeyFingerprint(data); return nil }, nil},
	} {
		for _, n := range []int{40, 63, 100, 100 << 10, most} {
			payload := traces.Payload(1000*i + n)
			payload.Fill(data[:n])
			err := payload.Check(t, c.name, n, func() error { return c.call(data[:n]) }, data)
			if codes.Of(err) != codes.Of(c.want) {
				t.Errorf("%s of %d bytes: %v", c.name, n, err)
			}
		}
	}
}
