package encryption

import (
	"bytes"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// A master key's life: written under k1, rotated to k2, k1 dropped.
func TestRotationStory(t *testing.T) {
	k1, k2 := testKey(0x11), testKey(0x22)
	cacheKey, tenant := []byte("users:42"), []byte("acme")
	ringOf := func(current []byte, decryptOnly ...[]byte) *TenantKeyring {
		ring, err := NewKeyring(current, decryptOnly...)
		if err != nil {
			t.Fatal(err)
		}
		defer ring.Wipe()
		k, err := ring.ForTenant(tenant)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}

	before := ringOf(k1)
	old, err := before.Seal(cacheKey, []byte("old entry"), "msgpack")
	if err != nil {
		t.Fatal(err)
	}

	during := ringOf(k2, k1)
	fresh, err := during.Seal(cacheKey, []byte("new entry"), "msgpack")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sealed []byte
		want   string
		index  int
	}{{old, "old entry", 1}, {fresh, "new entry", 0}} {
		got, index, err := during.Open(cacheKey, c.sealed, "msgpack")
		if err != nil || string(got) != c.want || index != c.index {
			t.Errorf("during the rotation: %q by key %d, %v", got, index, err)
		}
	}
	oldFingerprint, _ := before.Fingerprint(0)
	if fp, err := during.Fingerprint(1); err != nil || fp != oldFingerprint || during.KeyCount() != 2 {
		t.Errorf("fingerprint of the retired key: %x, %v", fp, err)
	}

	after := ringOf(k2)
	if got, _, err := after.Open(cacheKey, old, "msgpack"); got != nil || !errors.Is(err, core.ErrDecryptionFailed) {
		t.Errorf("old entry after k1 is gone: %q, %v", got, err)
	}
	if got, index, err := after.Open(cacheKey, fresh, "msgpack"); err != nil || string(got) != "new entry" || index != 0 {
		t.Errorf("new entry after k1 is gone: %q by key %d, %v", got, index, err)
	}
	if _, _, err := before.Open(cacheKey, fresh, "msgpack"); !errors.Is(err, core.ErrDecryptionFailed) {
		t.Errorf("new entry for who has not rotated yet: %v", err)
	}
}

func TestKeyringConfigurationErrors(t *testing.T) {
	a, b, c, d, e := testKey(1), testKey(2), testKey(3), testKey(4), testKey(5)
	for _, row := range []struct {
		name        string
		current     []byte
		decryptOnly [][]byte
		tenant      string
		want        error
	}{
		{"one key", a, nil, "t", nil},
		{"four keys", a, [][]byte{b, c, d}, "t", nil},
		{"five keys", a, [][]byte{b, c, d, e}, "t", ErrTooManyKeys},
		{"five keys, all bad", nil, [][]byte{nil, nil, nil, nil}, "", ErrTooManyKeys},
		{"16 bytes", a[:16], [][]byte{b[:16]}, "t", nil},
		{"short current key", a[:15], nil, "t", core.ErrInvalidKeyLength},
		{"short retired key", a, [][]byte{b, c[:15]}, "t", core.ErrInvalidKeyLength},
		{"no current key", nil, [][]byte{b}, "t", core.ErrInvalidKeyLength},
		{"current key retired, first", a, [][]byte{testKey(1), b}, "t", ErrCurrentKeyTwice},
		{"current key retired, last", a, [][]byte{b, c, testKey(1)}, "t", ErrCurrentKeyTwice},
		{"a prefix of the current key retired", a, [][]byte{a[:16]}, "t", nil},
		{"a retired key twice", a, [][]byte{b, b}, "t", nil},
		{"no tenant", a, nil, "", core.ErrInvalidInput},
		{"longest tenant", a, nil, strings.Repeat("t", 1024), nil},
		{"too long a tenant", a, nil, strings.Repeat("t", 1025), core.ErrSaltTooLong},
	} {
		k, err := NewTenantKeyring(row.current, row.decryptOnly, []byte(row.tenant))
		if !errors.Is(err, row.want) || (k == nil) != (err != nil) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
		master, err := NewKeyring(row.current, row.decryptOnly...)
		if err == nil {
			k, err = master.ForTenant([]byte(row.tenant))
		}
		if !errors.Is(err, row.want) {
			t.Errorf("%s: in two steps: %v, want %v", row.name, err, row.want)
		}
		if err == nil && (k.KeyCount() != 1+len(row.decryptOnly) || string(k.TenantID()) != row.tenant) {
			t.Errorf("%s: %d keys for %q", row.name, k.KeyCount(), k.TenantID())
		}
	}
	for _, err := range []error{ErrTooManyKeys, ErrCurrentKeyTwice} {
		if codes.Of(err) != codes.InvalidInput {
			t.Errorf("%v has code %v", err, codes.Of(err))
		}
	}
}

func TestDecryptTriesKeysInOrderAndDecryptAtOnlyOne(t *testing.T) {
	masters := [][]byte{testKey(1), testKey(2), testKey(3), testKey(4)}
	ring := testKeyring(t, masters[0], masters[1:], "t")
	for i, master := range masters {
		sealed, err := testKeyring(t, master, nil, "t").Encrypt([]byte("data"), []byte("aad"))
		if err != nil {
			t.Fatal(err)
		}
		if got, index, err := ring.Decrypt(sealed, []byte("aad")); err != nil || index != i || string(got) != "data" {
			t.Errorf("key %d: %q by key %d, %v", i, got, index, err)
		}
		room := make([]byte, 100)
		if n, index, err := ring.DecryptInto(room, sealed, []byte("aad")); err != nil || index != i || string(room[:n]) != "data" {
			t.Errorf("key %d, DecryptInto: %q by key %d, %v", i, room[:n], index, err)
		}
		interop, err := testKeyring(t, master, nil, "t").AppendSealInterop([]byte("abc"), "k", []byte("\xa4data"))
		if err != nil || string(interop[:3]) != "abc" {
			t.Fatal(err)
		}
		interop = interop[3:]
		if got, index, err := ring.OpenInterop("k", interop); err != nil || index != i || string(got) != "\xa4data" {
			t.Errorf("key %d, OpenInterop: %q by key %d, %v", i, got, index, err)
		}
		if got, index, err := ring.AppendOpenInterop([]byte("abc"), "k", interop); err != nil || index != i || string(got) != "abc\xa4data" {
			t.Errorf("key %d, AppendOpenInterop: %q by key %d, %v", i, got, index, err)
		}
		if n, index, err := ring.OpenInteropInto(room, "k", interop); err != nil || index != i || string(room[:n]) != "\xa4data" {
			t.Errorf("key %d, OpenInteropInto: %q by key %d, %v", i, room[:n], index, err)
		}
		for at := -1; at <= len(masters); at++ {
			got, err := ring.DecryptAt(at, sealed, []byte("aad"))
			var want error
			switch {
			case at < 0 || at == len(masters):
				want = core.ErrInvalidInput
			case at != i:
				want = core.ErrDecryptionFailed
			}
			if !errors.Is(err, want) || (err == nil) != (string(got) == "data") {
				t.Errorf("key %d by DecryptAt(%d): %q, %v, want %v", i, at, got, err, want)
			}
		}
		if n, err := ring.DecryptAtInto(sealed[NonceSize:], i, sealed, []byte("aad")); err != nil || string(sealed[NonceSize:NonceSize+n]) != "data" {
			t.Errorf("key %d in place: %v", i, err)
		}
	}
	for _, index := range []int{-1, 4} {
		if fp, err := ring.Fingerprint(index); !errors.Is(err, core.ErrInvalidInput) || fp != [FingerprintSize]byte{} {
			t.Errorf("Fingerprint(%d): %x, %v", index, fp, err)
		}
	}
	if _, _, err := ring.Decrypt(make([]byte, Overhead-1), nil); !errors.Is(err, core.ErrInvalidInput) {
		t.Errorf("too short: %v", err)
	}
	if n, _, err := ring.DecryptInto(nil, make([]byte, Overhead+5), nil); n != 5 || !errors.Is(err, core.ErrBufferTooSmall) {
		t.Errorf("no room: %d, %v", n, err)
	}
	if n, _, err := ring.EncryptInto(make([]byte, Overhead), []byte("x"), nil); n != Overhead+1 || !errors.Is(err, core.ErrBufferTooSmall) || ring.Counter() != 0 {
		t.Errorf("no room: %d, %v, %d nonces spent", n, err, ring.Counter())
	}
	huge := hugeSlice(t)
	if _, err := ring.Encrypt(huge, nil); !errors.Is(err, core.ErrInputTooLarge) {
		t.Errorf("too much: %v", err)
	}
	if _, _, err := ring.Decrypt(huge, nil); !errors.Is(err, core.ErrInputTooLarge) {
		t.Errorf("too much: %v", err)
	}
}

func TestTenantsDoNotReadEachOther(t *testing.T) {
	master, err := NewKeyring(testKey(1))
	if err != nil {
		t.Fatal(err)
	}
	a, errA := master.ForTenant([]byte("a"))
	b, errB := master.ForTenant([]byte("b"))
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	sealed, err := a.Encrypt([]byte("data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Decrypt(sealed, nil); !errors.Is(err, core.ErrDecryptionFailed) {
		t.Error(err)
	}
	if a.InstanceID() == b.InstanceID() {
		t.Error("two keyrings share an instance id")
	}
}

func TestEnvironment(t *testing.T) {
	one, two, three := strings.Repeat("1a", 32), strings.Repeat("2B", 40), strings.Repeat("3c", 32)
	for _, row := range []struct {
		name, current, previous string
		keys                    int
		want                    error
	}{
		{"one key", one, "", 1, nil},
		{"upper case and longer keys", two, three, 2, nil},
		{"a list", one, two + "," + three + "," + strings.Repeat("4d", 32), 4, nil},
		{"blanks around a comma", one, two + ", " + three, 3, nil},
		{"a list too long", one, strings.Repeat(two+",", 3) + two, 0, ErrTooManyKeys},
		{"white space and empty places", one, "\t" + two + ",, " + three + ",\n", 3, nil},
		{"only a comma", one, ",", 1, nil},
		{"white space inside a key", one, strings.Repeat("2a ", 32), 0, core.ErrInvalidInput},
		{"no hexadecimal", one, strings.Repeat("2x", 32), 0, core.ErrInvalidInput},
		{"no current key", "", two, 0, core.ErrInvalidInput},
		{"current key again", one, two + "," + strings.ToUpper(one), 0, ErrCurrentKeyTwice},
	} {
		t.Setenv(MasterKeyVariable, row.current)
		t.Setenv(PreviousMasterKeysVariable, row.previous)
		ring, err := KeyringFromEnv()
		if !errors.Is(err, row.want) || (ring == nil) != (err != nil) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
		if err != nil {
			for _, secret := range []string{"1a1a", "2b2b", "2B2B", "2x", "3c3c"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s: the error shows a key: %v", row.name, err)
				}
			}
			continue
		}
		k, err := ring.ForTenant([]byte(DefaultTenant))
		if err != nil || k.KeyCount() != row.keys {
			t.Errorf("%s: %d keys, %v", row.name, k.KeyCount(), err)
		}
	}
}

// What a call can be given wrong, it must not repeat: no byte of a key or a
// plaintext, plain or in hexadecimal, may stand in an error.
func TestNoErrorHoldsSecrets(t *testing.T) {
	secret := []byte("SECRETSECRETSECRETSECRETSECRETSE")
	e := newEncryptor(t)
	ring := testKeyring(t, secret, nil, "t")
	var texts []string
	collect := func(errs ...error) {
		for _, err := range errs {
			if err == nil {
				t.Fatal("an expected error is missing")
			}
			texts = append(texts, err.Error())
		}
	}
	_, err1 := e.Encrypt(secret[:31], secret, secret)
	_, err2 := e.Decrypt(secret, append(secret, secret...), nil)
	_, err3 := NewKeyring(secret[:12])
	_, err4 := NewKeyring(secret, secret)
	_, err5 := ParseMasterKey(string(secret))
	_, err6 := ParseMasterKey(hex.EncodeToString(secret[:31]))
	_, _, err7 := ring.Open(secret, append(secret, secret...), "SECRET")
	_, err8 := ring.Seal(secret, secret, "\xffSECRET")
	_, err9 := DeriveTenantKeys(secret[:15], secret)
	collect(err1, err2, err3, err4, err5, err6, err7, err8, err9)
	for _, text := range texts {
		if strings.Contains(text, "SECRET") || strings.Contains(text, "534543") {
			t.Errorf("%q shows a secret", text)
		}
	}
}

func TestKeyringMetrics(t *testing.T) {
	ring := testKeyring(t, testKey(1), [][]byte{testKey(2), testKey(3)}, "t")
	old, _ := testKeyring(t, testKey(3), nil, "t").Encrypt(make([]byte, 10), nil)
	ring.Encrypt(make([]byte, 100), nil)
	ring.Decrypt(old, nil) // the third key: still one decryption
	ring.DecryptAt(5, old, nil)
	sealed, err := ring.Seal([]byte("k"), make([]byte, 10000), "msgpack")
	if err != nil {
		t.Fatal(err)
	}
	ring.Open([]byte("k"), sealed, "msgpack")
	ring.Open([]byte("other"), sealed, "msgpack")
	envelope := uint64(len(sealed) - Overhead)
	m := ring.Metrics()
	for name, c := range map[string]struct {
		got                      core.OperationMetrics
		operations, bad, in, out uint64
	}{
		"store":    {m.Store, 1, 0, 10000, envelope},
		"encrypt":  {m.Encrypt, 2, 0, 100 + envelope, 128 + envelope + Overhead},
		"decrypt":  {m.Decrypt, 4, 2, 38 + envelope + Overhead, 10 + envelope},
		"retrieve": {m.Retrieve, 1, 0, m.Retrieve.BytesIn, 10000},
	} {
		if c.got.Operations != c.operations || c.got.Errors != c.bad || c.got.BytesIn != c.in || c.got.BytesOut != c.out {
			t.Errorf("%s: %+v", name, c.got)
		}
	}
	if want := 10000 / float64(envelope); m.LastCompressionRatio != want {
		t.Errorf("ratio %v, want %v", m.LastCompressionRatio, want)
	}
}

func TestKeyringsWipedUnderLoad(t *testing.T) {
	masters := [][]byte{testKey(2), testKey(1)}
	master, err := NewKeyring(masters[0], masters[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := master.ForTenant([]byte("t"))
	if err != nil {
		t.Fatal(err)
	}
	sealed, _ := ring.Encrypt([]byte("data"), nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				got, _, err := ring.Decrypt(sealed, nil)
				if err == ErrWiped {
					break
				}
				if err != nil || string(got) != "data" {
					t.Errorf("%q, %v", got, err)
					return
				}
				if _, err := ring.Encrypt(got, nil); err != nil && !errors.Is(err, ErrWiped) {
					t.Error(err)
				}
			}
			for {
				if _, err := master.ForTenant([]byte("t")); err == ErrWiped {
					return
				} else if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for ring.Counter() < 100 {
		runtime.Gosched()
	}
	ring.Wipe()
	ring.Wipe()
	master.Wipe()
	master.Wipe()
	wg.Wait()
	if fp, err := ring.Fingerprint(0); err != nil || fp == [FingerprintSize]byte{} || ring.KeyCount() != 2 {
		t.Errorf("what is not secret is still told: %x, %v", fp, err)
	}
	if _, err := ring.Seal(nil, nil, ""); codes.Of(err) != codes.InvalidHandle {
		t.Errorf("Seal after Wipe: %v", err)
	}
	if !bytes.Equal(masters[0], testKey(2)) || !bytes.Equal(masters[1], testKey(1)) {
		t.Error("the caller's keys were wiped")
	}
}

// A key that fails leaves zeros, so with a ciphertext in their place the next
// key would have nothing to open. With one key it would go well, until the
// first rotation.
func TestKeyringDoesNotDecryptInPlace(t *testing.T) {
	old, master := testKeyring(t, testKey(1), nil, "t"), testKey(2)
	sealed, err := old.Encrypt([]byte("data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	kept := bytes.Clone(sealed)
	for name, ring := range map[string]*TenantKeyring{
		"one key":  old,
		"two keys": testKeyring(t, master, [][]byte{testKey(1)}, "t"),
	} {
		for _, at := range []int{0, NonceSize} {
			func() {
				defer func() {
					if recover() == nil || !bytes.Equal(sealed, kept) {
						t.Errorf("%s, at byte %d: no panic, or the ciphertext is lost", name, at)
					}
				}()
				ring.DecryptInto(sealed[at:], sealed, nil)
			}()
		}
	}
}

// A mistake that panics is somebody else's to recover from, as the C library
// does; the keyring must not wait for that call for ever.
func TestWipeAfterAPanic(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "t")
	buffer := make([]byte, 200)
	for name, f := range map[string]func(){
		"encrypt":    func() { ring.EncryptInto(buffer, buffer[NonceSize+1:100], nil) },
		"decrypt":    func() { ring.DecryptInto(buffer[1:], buffer[:100], nil) },
		"decrypt at": func() { ring.DecryptAtInto(buffer[1:], 0, buffer[:100], nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: buffers that overlap went unnoticed", name)
				}
			}()
			f()
		}()
	}
	if m := ring.Metrics(); m.Encrypt.Errors != 1 || m.Decrypt.Errors != 2 || m.Encrypt.BytesOut+m.Decrypt.BytesOut != 0 {
		t.Errorf("counted as %+v and %+v", m.Encrypt, m.Decrypt)
	}
	ring.Wipe()
}

func TestWipeLeavesNothingOfMasterKeys(t *testing.T) {
	k, err := NewKeyring(testKey(1), testKey(2), testKey(3))
	if err != nil {
		t.Fatal(err)
	}
	masters := append([][]byte(nil), *k.masters.Load()...)
	if len(masters) != 3 || masters[2][0] != 3 {
		t.Fatal("the keyring does not hold what this test looks at")
	}
	k.Wipe()
	for i := range masters {
		if !bytetest.Only(masters[i], 0) {
			t.Errorf("master key %d is still in memory", i)
		}
	}
}
