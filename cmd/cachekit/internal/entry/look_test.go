package entry

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"
)

func unhex(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// keysOf are keys that the test wipes.
func keysOf(t testing.TB, masters ...[]byte) *Keys {
	t.Helper()
	keyring, err := encryption.NewKeyring(masters[0], masters[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	keys := NewKeys(keyring, len(masters))
	t.Cleanup(keys.Wipe)
	return keys
}

// wantSum fails unless the parts of a report, and of those inside it, add up.
func wantSum(t testing.TB, r *Report) {
	t.Helper()
	sum := 0
	for _, p := range r.Parts {
		if p.Size < 0 {
			t.Errorf("%s: part %q has %d bytes", r.Kind, p.Name, p.Size)
		}
		sum += p.Size
	}
	if sum != r.Size {
		t.Errorf("%s: the parts have %d bytes, the whole %d", r.Kind, sum, r.Size)
	}
	if r.Inside != nil {
		wantSum(t, r.Inside)
	}
}

func envelopeOf(t testing.TB, payload string, format string) []byte {
	t.Helper()
	e, err := core.NewByteStorage(format).Store([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestKindsAreRecognised(t *testing.T) {
	envelope := envelopeOf(t, "hello, cachekit!", "msgpack")
	flipped := bytes.Clone(envelope)
	flipped[5] ^= 1
	frame := `{"s": "default", "m": {"format": "msgpack", "compressed": true}, "v": "2.0"}`
	for _, test := range []struct {
		name   string
		value  string
		kind   Kind
		state  State
		damage string
		inside Kind
	}{
		{"nothing", "", Empty, Damaged, "no writer", ""},
		{"an envelope", string(envelope), Envelope, Intact, "", Text},
		{"an envelope of nothing", string(envelopeOf(t, "", "x")), Envelope, Intact, "", Empty},
		{"an envelope of JSON", string(envelopeOf(t, `{"a":1}`, "json")), Envelope, Intact, "", JSON},
		{"an envelope with another byte", string(flipped), Envelope, Damaged, "checksum", ""},
		{"an envelope that is cut", string(envelope[:20]), Envelope, Damaged, "truncated at byte 20", ""},
		{"an envelope of two bytes", "\x94\xc4", Envelope, Damaged, "truncated at byte 2", ""},
		{"an envelope with a byte more", string(envelope) + "x", Envelope, Damaged, "at byte 42", ""},
		{"a bomb", "\x94\xc4\x01\x00\x98\x00\x00\x00\x00\x00\x00\x00\x00\xce\x00\x01\x00\x00\xa1x", Envelope, Damaged, "bomb", ""},
		{"a frame", "CK\x03\x00\x00\x00" + string(rune(len(frame))) + frame + string(envelope), PythonFrame, Intact, "", Envelope},
		{"a frame of version 4", "CK\x04\x00\x00\x00\x00", PythonFrame, Damaged, "version 4", ""},
		{"a frame that is cut", "CK\x03\x00\x00\x00\xff{}", PythonFrame, Damaged, "the header has 255 bytes, and 2 are there", ""},
		{"a frame without JSON", "CK\x03\x00\x00\x00\x02{]", PythonFrame, Damaged, "from byte 7 to byte 9", ""},
		{"a container", "\xc1\x02\x93\x00\x01\xc4\x01\x2a", ContainerV2, Intact, "", ""},
		{"a container with LZ4", "\xc1\x02\x93\x01\x04\xc4\x05\x40\x93\x01\x02\x03", ContainerV2, Intact, "", Document},
		{"a container that is cut", "\xc1\x02\x93\x01\x04\xc4\x05\x40", ContainerV2, Damaged, "truncated at byte 8", ""},
		{"a container that claims too much", "\xc1\x02\x93\x00\x05\xc4\x01\x2a", ContainerV2, Damaged, "claims 5 bytes", ""},
		{"a container with a byte more", "\xc1\x02\x93\x00\x01\xc4\x01\x2ax", ContainerV2, Damaged, "at byte 8", ""},
		{"a container of another method", "\xc1\x02\x93\x02\x01\xc4\x01\x2a", ContainerV2, Damaged, "method at byte 3", ""},
		{"a document", "\x81\xa1a\x01", Document, Intact, "", ""},
		{"None of Python", "\xc0", Document, Intact, "", ""},
		{"an empty list", "\x90", Document, Intact, "", ""},
		{"a digit", "7", Text, Strange, "", ""},
		{"MessagePack in a longer form", "\x81\xa1a\xcd\x00\x01", MessagePack, Intact, "", ""},
		{"four numbers", "\x94\x01\x02\x03\x04", Document, Intact, "", ""},
		{"JSON", ` {"a": [1, 2]}`, JSON, Intact, "", ""},
		{"text", "hello, wörld\n", Text, Strange, "", ""},
		{"a letter", "5", Text, Strange, "", ""},
		{"gzip", "\x1f\x8b\x08\x00\x00", Foreign, Strange, "", ""},
		{"a pickle", "\x80\x04\x95\x05\x00", Foreign, Strange, "", ""},
		{"bytes", "\xff\x00\xff\x00", Unknown, Strange, "", ""},
		{"bytes that may be a ciphertext", strings.Repeat("\xff\x00", 14), Unopened, Encrypted, "", ""},
	} {
		r := Look([]byte(test.value), Options{})
		if r.Kind != test.kind || r.State != test.state || !strings.Contains(r.Damage, test.damage) || test.damage == "" && r.Damage != "" {
			t.Errorf("%s: %s, %s, %q; want %s, %s, %q", test.name, r.Kind, r.State, r.Damage, test.kind, test.state, test.damage)
		}
		if test.inside != "" && (r.Inside == nil || r.Inside.Kind != test.inside) {
			t.Errorf("%s: %+v inside, want %s", test.name, r.Inside, test.inside)
		}
		wantSum(t, r)
	}
}

// All ways in which this library makes entries are found, with the key that made them.
func TestCiphertextsAreOpened(t *testing.T) {
	current, previous, lost := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 32)
	keys := keysOf(t, current, previous)
	cacheKey := []byte("users:1")
	make := func(master []byte, seal func(k *encryption.TenantKeyring) ([]byte, error)) []byte {
		k, err := encryption.NewTenantKeyring(master, nil, []byte("acme"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := seal(k)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	sealed := func(k *encryption.TenantKeyring) ([]byte, error) { return k.Seal(cacheKey, []byte(`{"a":1}`), "json") }
	document, err := interop.Value([]any{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		value   []byte
		kind    Kind
		index   int
		binding Binding
	}{
		{"sealed", make(current, sealed), Sealed, 0, Binding{aadV3, "acme", "json", true, ""}},
		{"sealed under the previous key", make(previous, sealed), Sealed, 1, Binding{aadV3, "acme", "json", true, ""}},
		{"interop", make(current, func(k *encryption.TenantKeyring) ([]byte, error) { return k.SealInterop("users:1", document) }),
			Ciphertext, 0, Binding{aadV3, "acme", "msgpack", false, ""}},
		{"bound to the cache key", make(current, func(k *encryption.TenantKeyring) ([]byte, error) { return k.Encrypt([]byte("x"), cacheKey) }),
			Ciphertext, 0, Binding{AAD: aadCacheKey, Tenant: "acme"}},
		{"bound to nothing", make(current, func(k *encryption.TenantKeyring) ([]byte, error) { return k.Encrypt(nil, nil) }),
			Ciphertext, 0, Binding{AAD: aadNone, Tenant: "acme"}},
	} {
		r := Look(test.value, Options{Keys: keys, CacheKey: cacheKey, Tenants: []string{"other", "acme"}})
		wantSum(t, r)
		if r.Kind != test.kind || r.State != Intact || r.Opened == nil || r.Opened.KeyIndex != test.index || r.Opened.Binding != test.binding {
			t.Errorf("%s: %s, %s, %+v", test.name, r.Kind, r.State, r.Opened)
			continue
		}
		k, err := keys.Tenant("acme")
		if err != nil {
			t.Fatal(err)
		}
		fingerprint, err := k.Fingerprint(test.index)
		if err != nil {
			t.Fatal(err)
		}
		if r.Opened.Fingerprint != hex.EncodeToString(fingerprint[:]) {
			t.Errorf("%s: fingerprint %s, want %x", test.name, r.Opened.Fingerprint, fingerprint)
		}
		if last := r.Tried[len(r.Tried)-1]; last != test.binding {
			t.Errorf("%s: tried last %v", test.name, last)
		}
	}

	value := make(lost, sealed)
	r := Look(value, Options{Keys: keys, CacheKey: cacheKey, Tenants: []string{"acme"}})
	if r.Kind != Unopened || r.State != Encrypted || r.KeyCount != 2 || r.Opened != nil || r.Payload != nil {
		t.Errorf("under a lost key: %+v", r)
	}
	if len(r.Tried) != len(Options{CacheKey: cacheKey, Tenants: []string{"acme"}}.bindings()) {
		t.Errorf("tried %v", r.Tried)
	}
	if r := Look(value, Options{Keys: keys}); r.Missing != MissingCacheKey {
		t.Errorf("without the cache key: %+v", r)
	}
	if r := Look(value, Options{}); r.Missing != MissingKeys {
		t.Errorf("without keys: %+v", r)
	}
}

// What opens and is damaged inside says so: its writer made it that way.
func TestDamageInsideACiphertext(t *testing.T) {
	master := bytes.Repeat([]byte{1}, 32)
	k, err := encryption.NewTenantKeyring(master, nil, []byte("default"))
	if err != nil {
		t.Fatal(err)
	}
	envelope := envelopeOf(t, "hello, cachekit!", "msgpack")
	envelope[5] ^= 1
	aad, err := encryption.AppendAAD(nil, []byte("default"), []byte("k"), "msgpack", true, "")
	if err != nil {
		t.Fatal(err)
	}
	value, err := k.Encrypt(envelope, aad)
	if err != nil {
		t.Fatal(err)
	}
	r := Look(value, Options{Keys: keysOf(t, master), CacheKey: []byte("k")})
	if r.Kind != Sealed || r.State != Damaged || r.Code != "CACHEKIT_CHECKSUM_MISMATCH" {
		t.Errorf("%s, %s, %s", r.Kind, r.State, r.Code)
	}
}

// The limit holds for what an entry claims, before memory is taken.
func TestMaxPayload(t *testing.T) {
	envelope := envelopeOf(t, strings.Repeat("a", 10_000), "x")
	if r := Look(envelope, Options{MaxPayload: 9_999}); r.State != Damaged || r.Code != "CACHEKIT_INPUT_TOO_LARGE" {
		t.Errorf("%s, %s", r.State, r.Code)
	}
	if r := Look(envelope, Options{MaxPayload: 10_000}); r.State != Intact {
		t.Errorf("%s: %s", r.State, r.Damage)
	}
}

// Whatever the bytes, there is an answer, and its parts add up.
func TestDamagedEntries(t *testing.T) {
	whole := [][]byte{envelopeOf(t, "hello, cachekit!", "msgpack"), []byte("\xc1\x02\x93\x01\x04\xc4\x05\x40\x93\x01\x02\x03"),
		append([]byte("CK\x03\x00\x00\x00\x21"+`{"s":"a","m":{"encrypted":true}} `), make([]byte, 40)...)}
	keys := keysOf(t, bytes.Repeat([]byte{1}, 32))
	for _, value := range whole {
		for n := range value {
			wantSum(t, Look(value[:n], Options{Keys: keys, CacheKey: []byte("k")}))
			for bit := range 8 {
				damaged := bytes.Clone(value)
				damaged[n] ^= 1 << bit
				wantSum(t, Look(damaged, Options{Keys: keys, CacheKey: []byte("k")}))
			}
		}
	}
	for range 2000 {
		value := make([]byte, 64)
		rand.Read(value)
		r := Look(value, Options{})
		wantSum(t, r)
		if r.State == Intact && r.Kind == Envelope {
			t.Errorf("%x is an envelope", value)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(envelopeOf(f, "hello, cachekit!", "msgpack"))
	f.Add([]byte("\xc1\x02\x93\x01\x04\xc4\x05\x40\x93\x01\x02\x03"))
	f.Add([]byte("CK\x03\x00\x00\x00\x02{}"))
	f.Add([]byte(`{"a":1}`))
	f.Add([]byte("\x84\xaccompressed_data\xc4\x01\x00\xa8checksum\x98\x00\x00\x00\x00\x00\x00\x00\x00\xadoriginal_size\x00\xa6format\xa1x"))
	keys := keysOf(f, bytes.Repeat([]byte{1}, 32))
	f.Fuzz(func(t *testing.T, value []byte) {
		r := Look(value, Options{Keys: keys, CacheKey: []byte("k"), MaxPayload: 1 << 20})
		wantSum(t, r)
		if (r.State == Damaged) != (r.Damage != "") {
			t.Errorf("%s, and damage %q", r.State, r.Damage)
		}
		for _, b := range r.Tried {
			if strings.ContainsFunc(b.String(), func(c rune) bool { return c < ' ' || c == 0x7f }) {
				t.Errorf("binding %q", b)
			}
		}
	})
}
