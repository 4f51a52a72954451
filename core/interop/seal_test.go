package interop

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
)

const testKey = "users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875"

func keyring(t testing.TB, tenant string, masters ...[]byte) *encryption.TenantKeyring {
	t.Helper()
	k, err := encryption.NewTenantKeyring(masters[0], masters[1:], []byte(tenant))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func master(c byte) []byte { return bytes.Repeat([]byte{c}, 32) }

func TestAADVectors(t *testing.T) {
	v := readInteropVectors(t)
	count(t, "AAD vectors", len(v.AAD), 1)
	for _, c := range v.AAD {
		got, err := encryption.AppendAAD(nil, []byte(c.Tenant), []byte(c.CacheKey), core.DefaultFormat, false, "")
		if err != nil || hex.EncodeToString(got) != c.AAD {
			t.Errorf("%s: %x, %v; want %s", c.Name, got, err, c.AAD)
		}
	}
}

func TestEncryptionVectors(t *testing.T) {
	v := readInteropVectors(t)
	count(t, "encryption vectors", len(v.Encryption), 1)
	for _, c := range v.Encryption {
		k := keyring(t, c.Tenant, bytetest.Unhex(t, c.Master))
		if got, err := k.Fingerprint(0); err != nil || hex.EncodeToString(got[:]) != c.Fingerprint {
			t.Errorf("%s: fingerprint %x, %v; want %s", c.Name, got, err, c.Fingerprint)
		}
		if got, index, err := k.OpenInterop(c.CacheKey, bytetest.Unhex(t, c.Ciphertext)); err != nil || index != 0 || hex.EncodeToString(got) != c.Plaintext {
			t.Errorf("%s: opens to %x with key %d, %v; want %s", c.Name, got, index, err, c.Plaintext)
		}
	}
}

// The rows of encryption-1.5.0.json that concern interop entries: the tenant
// of whoever names none, master keys, and what a decrypted entry may hold.
func TestSealedEntryVectors(t *testing.T) {
	type row struct {
		Name       string
		Reader     string
		Outcome    string
		Master     string `json:"master_key_hex"`
		CacheKey   string `json:"cache_key"`
		Plaintext  string `json:"plaintext_hex"`
		Ciphertext string `json:"ciphertext_hex"`
	}
	var v struct {
		Master        string `json:"master_key_hex"`
		Tenant        string `json:"tenant_id"`
		DefaultTenant struct {
			Tenant  string `json:"tenant_id"`
			Vectors []row
		} `json:"default_tenant"`
		MasterKeys struct {
			Accept []row `json:"accept_vectors"`
		} `json:"master_key_input"`
		Containers struct{ Vectors []row } `json:"decrypted_container"`
	}
	readVectors(t, "encryption-1.5.0.json", &v)

	if v.DefaultTenant.Tenant != encryption.DefaultTenant {
		t.Errorf("the default tenant is %q", v.DefaultTenant.Tenant)
	}
	entries := slices.Clone(v.DefaultTenant.Vectors)
	for i := range entries {
		entries[i].Master = v.Master
	}
	entries = append(entries, v.MasterKeys.Accept...)
	count(t, "entries of the default tenant", len(entries), 3)
	for _, c := range entries {
		k := keyring(t, encryption.DefaultTenant, bytetest.Unhex(t, c.Master))
		if got, index, err := k.OpenInterop(c.CacheKey, bytetest.Unhex(t, c.Ciphertext)); err != nil || index != 0 || hex.EncodeToString(got) != c.Plaintext {
			t.Errorf("%s: opens to %x with key %d, %v; want %s", c.Name, got, index, err, c.Plaintext)
		}
	}

	count(t, "containers", len(v.Containers.Vectors), 6)
	k := keyring(t, v.Tenant, bytetest.Unhex(t, v.Master))
	refused, kept := 0, 0
	for _, c := range v.Containers.Vectors {
		got, _, err := k.OpenInterop(c.CacheKey, bytetest.Unhex(t, c.Ciphertext))
		switch {
		case c.Reader == "interop":
			refused++
			if got != nil || !errors.Is(err, core.ErrInvalidInput) {
				t.Errorf("%s: opens to %x, %v", c.Name, got, err)
			}
		case c.Outcome == "not_unwrapped":
			kept++ // an envelope is a MessagePack document, and stays one
			if err != nil || hex.EncodeToString(got) != c.Plaintext {
				t.Errorf("%s: opens to %x, %v; want %s", c.Name, got, err, c.Plaintext)
			}
		}
	}
	count(t, "containers for an interop reader", refused, 2)
	count(t, "containers that are not unwrapped", kept, 1)
}

func TestSealedValuesComeBack(t *testing.T) {
	k := keyring(t, "t1", master(1))
	for _, value := range []string{"\xc0", "\x82\xa1b\x02\xa1a\x01", "\x81\x01\xd4\x01\x2a", "\xc5\x04\x00" + string(make([]byte, 1024))} {
		sealed, err := k.SealInterop(testKey, []byte(value))
		if err != nil || len(sealed) != len(value)+encryption.Overhead {
			t.Fatalf("%x seals to %d bytes, %v", value, len(sealed), err)
		}
		if got, index, err := k.OpenInterop(testKey, sealed); err != nil || index != 0 || string(got) != value {
			t.Errorf("%x came back as %x, %v", value, got, err)
		}
		appended, err := k.AppendSealInterop([]byte("before "), testKey, []byte(value))
		if err != nil || string(appended[:7]) != "before " {
			t.Fatalf("%q, %v", appended, err)
		}
		if got, _, err := k.AppendOpenInterop([]byte("before "), testKey, appended[7:]); err != nil || string(got) != "before "+value {
			t.Errorf("%x came back as %q, %v", value, got, err)
		}
	}
}

// An entry opens for its tenant and its cache key, whole and unchanged, and in
// no other way: not under the AAD of a compressed entry either.
func TestSealedValuesAreBound(t *testing.T) {
	k := keyring(t, "t1", master(1))
	value := []byte("\xa5hello")
	sealed, err := k.SealInterop(testKey, value)
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := encryption.AppendAAD(nil, k.TenantID(), []byte(testKey), core.DefaultFormat, true, "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := k.Encrypt(value, compressed)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]func() ([]byte, int, error){
		"another tenant":             func() ([]byte, int, error) { return keyring(t, "t2", master(1)).OpenInterop(testKey, sealed) },
		"another master key":         func() ([]byte, int, error) { return keyring(t, "t1", master(2)).OpenInterop(testKey, sealed) },
		"another cache key":          func() ([]byte, int, error) { return k.OpenInterop(testKey[:len(testKey)-1]+"6", sealed) },
		"no cache key":               func() ([]byte, int, error) { return k.OpenInterop("", sealed) },
		"sealed for an envelope":     func() ([]byte, int, error) { return k.OpenInterop(testKey, other) },
		"one byte less at the end":   func() ([]byte, int, error) { return k.OpenInterop(testKey, sealed[:len(sealed)-1]) },
		"one byte less at the start": func() ([]byte, int, error) { return k.OpenInterop(testKey, sealed[1:]) },
	}
	for i := range sealed {
		cases[fmt.Sprintf("byte %d changed", i)] = func() ([]byte, int, error) {
			b := bytes.Clone(sealed)
			b[i] ^= 0x10
			return k.OpenInterop(testKey, b)
		}
	}
	for name, open := range cases {
		if got, _, err := open(); got != nil || !errors.Is(err, core.ErrDecryptionFailed) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
	if got, _, err := k.OpenInterop(testKey, sealed[:encryption.Overhead-1]); got != nil || !errors.Is(err, core.ErrInvalidInput) {
		t.Errorf("shorter than an entry can be: %x, %v", got, err)
	}
	if got, _, err := k.OpenInterop(testKey, []byte("CK\x03\x00\x00\x00\x02{}, and enough of it to be an entry")); got != nil || !errors.Is(err, core.ErrDecryptionFailed) {
		t.Errorf("a frame of the Python SDK: %x, %v", got, err)
	}
}

func TestSealRefusesWhatIsNotOneDocument(t *testing.T) {
	k := keyring(t, "t1", master(1))
	for _, value := range []string{"", "\xc1", "\xc0\xc0", "\xa5hell", "CK\x03\x00\x00\x00\x02{}"} {
		dst := bytes.Repeat([]byte{0xee}, 64)
		if n, _, err := k.SealInteropInto(dst, testKey, []byte(value)); n != 0 || !errors.Is(err, core.ErrInvalidInput) || len(bytes.Trim(dst, "\xee")) > 0 {
			t.Errorf("%x: %d, %v, dst % x", value, n, err, dst)
		}
	}
	if n, _, err := k.SealInteropInto(nil, testKey, []byte("\xa5hello")); n != 6+encryption.Overhead || !errors.Is(err, core.ErrBufferTooSmall) {
		t.Errorf("no room: %d, %v", n, err)
	}
	if got := k.Counter(); got != 0 {
		t.Errorf("refusals took %d nonces", got)
	}
}

// What was authenticated and is still no value does not stay in the caller's
// memory.
func TestOpenLeavesNoPlaintextBehind(t *testing.T) {
	k := keyring(t, "t1", master(1))
	aad, err := encryption.AppendAAD(nil, k.TenantID(), []byte(testKey), core.DefaultFormat, false, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, plaintext := range []string{"\xa5hello\x00", "CK\x03secret", "\xd9\xffsecret"} {
		sealed, err := k.Encrypt([]byte(plaintext), aad)
		if err != nil {
			t.Fatal(err)
		}
		dst := bytes.Repeat([]byte{0xee}, 64)
		if n, _, err := k.OpenInteropInto(dst, testKey, sealed); n != 0 || !errors.Is(err, core.ErrInvalidInput) {
			t.Errorf("%q: %d, %v", plaintext, n, err)
		}
		if left := bytes.Trim(dst, "\x00\xee"); len(left) > 0 {
			t.Errorf("%q: %q stays", plaintext, left)
		}
		if n, _, err := k.OpenInteropInto(dst[:1], testKey, sealed); n != len(plaintext) || !errors.Is(err, core.ErrBufferTooSmall) {
			t.Errorf("%q, no room: %d, %v", plaintext, n, err)
		}
	}
}

// Every error of every function counts once among the keyring's encryptions or
// decryptions; a buffer that is too small does not.
func TestEachErrorCountsOnce(t *testing.T) {
	k, wiped, other := keyring(t, "t1", master(1)), keyring(t, "t1", master(1)), keyring(t, "t1", master(2))
	wiped.Wipe()
	value, tooMuch := []byte("\xa5hello"), make([]byte, core.MaxPayloadSize+encryption.Overhead+1)
	sealed, err := k.SealInterop(testKey, value)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(plaintext string) []byte {
		aad, err := encryption.AppendAAD(nil, k.TenantID(), []byte(testKey), core.DefaultFormat, false, "")
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := k.Encrypt([]byte(plaintext), aad)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	type row struct {
		k     *encryption.TenantKeyring
		input []byte
		room  int
		want  error
	}
	check := func(name string, r row, call func() error, of func(core.Metrics) core.OperationMetrics) {
		t.Helper()
		before := r.k.Metrics()
		if err := call(); !errors.Is(err, r.want) {
			t.Errorf("%s: %v, want %v", name, err, r.want)
		}
		after := r.k.Metrics()
		want := of(before)
		if r.want != core.ErrBufferTooSmall {
			want.Operations++
			want.Errors++
		}
		if got := of(after); got != want {
			t.Errorf("%s, %v: %+v, want %+v", name, r.want, got, want)
		}
		if sum := after.Encrypt.Operations + after.Decrypt.Operations - before.Encrypt.Operations - before.Decrypt.Operations; sum > 1 {
			t.Errorf("%s, %v: %d operations", name, r.want, sum)
		}
	}
	for _, r := range []row{
		{k, nil, 64, core.ErrInvalidInput}, {k, []byte("\xc0\xc0"), 64, core.ErrInvalidInput}, {k, []byte("\xc1"), 0, core.ErrInvalidInput},
		{k, tooMuch, 0, core.ErrInputTooLarge}, {wiped, value, 64, encryption.ErrWiped}, {k, value, 10, core.ErrBufferTooSmall},
	} {
		encrypt := func(m core.Metrics) core.OperationMetrics { return m.Encrypt }
		check("SealInteropInto", r, func() error { _, _, err := r.k.SealInteropInto(make([]byte, r.room), testKey, r.input); return err }, encrypt)
		if r.want != core.ErrBufferTooSmall {
			check("SealInterop", r, func() error { _, err := r.k.SealInterop(testKey, r.input); return err }, encrypt)
			check("AppendSealInterop", r, func() error { _, err := r.k.AppendSealInterop(nil, testKey, r.input); return err }, encrypt)
		}
	}
	for _, r := range []row{
		{k, nil, 64, core.ErrInvalidInput}, {k, refused(""), 64, core.ErrInvalidInput}, {k, refused("\xc0\xc0"), 64, core.ErrInvalidInput},
		{k, tooMuch, 64, core.ErrInputTooLarge}, {wiped, sealed, 64, encryption.ErrWiped}, {k, sealed, 5, core.ErrBufferTooSmall},
		{other, sealed, 64, core.ErrDecryptionFailed},
	} {
		decrypt := func(m core.Metrics) core.OperationMetrics { return m.Decrypt }
		check("OpenInteropInto", r, func() error { _, _, err := r.k.OpenInteropInto(make([]byte, r.room), testKey, r.input); return err }, decrypt)
		if r.want != core.ErrBufferTooSmall {
			check("OpenInterop", r, func() error { _, _, err := r.k.OpenInterop(testKey, r.input); return err }, decrypt)
			check("AppendOpenInterop", r, func() error { _, _, err := r.k.AppendOpenInterop(nil, testKey, r.input); return err }, decrypt)
		}
	}
}

// Written under k1; after a change to k2, with k1 for decryption only, both
// entries open and tell which key it took; without k1 the old one is lost.
func TestRotation(t *testing.T) {
	k1, k2 := master(1), master(2)
	value := []byte("\xa5hello")
	before, err := keyring(t, "t", k1).SealInterop(testKey, value)
	if err != nil {
		t.Fatal(err)
	}
	during := keyring(t, "t", k2, k1)
	after, err := during.SealInterop(testKey, value)
	if err != nil {
		t.Fatal(err)
	}
	for want, sealed := range [][]byte{after, before} {
		if got, index, err := during.OpenInterop(testKey, sealed); err != nil || index != want || !bytes.Equal(got, value) {
			t.Errorf("%q with key %d, %v; want key %d", got, index, err, want)
		}
	}
	if got, _, err := keyring(t, "t", k2).OpenInterop(testKey, before); got != nil || !errors.Is(err, core.ErrDecryptionFailed) {
		t.Errorf("without k1: %q, %v", got, err)
	}
}

func BenchmarkSeal(b *testing.B) {
	k := keyring(b, "t", master(1))
	benchmarkSizes(b, func(b *testing.B, _ any, value, _ []byte) {
		dst := make([]byte, len(value)+encryption.Overhead)
		for b.Loop() {
			if _, _, err := k.SealInteropInto(dst, testKey, value); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	k := keyring(b, "t", master(1))
	benchmarkSizes(b, func(b *testing.B, _ any, value, _ []byte) {
		sealed, err := k.SealInterop(testKey, value)
		if err != nil {
			b.Fatal(err)
		}
		dst := make([]byte, len(value))
		for b.Loop() {
			if _, _, err := k.OpenInteropInto(dst, testKey, sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
}
