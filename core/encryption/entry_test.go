package encryption

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// payloads are what compresses well, badly and not at all, in sizes around
// every header width.
func payloads() map[string][]byte {
	rng := rand.New(rand.NewPCG(5, 6))
	noise := make([]byte, 70000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	text := []byte(strings.Repeat(`{"id":12345,"name":"someone","active":true},`, 2000))
	all := map[string][]byte{"empty": {}}
	for _, n := range []int{1, 15, 64, 200, 255, 256, 1000, 4096, 65535, 65536, 70000} {
		all["noise "+string(rune('a'+len(all)))] = noise[:n]
		all["text "+string(rune('a'+len(all)))] = text[:n]
	}
	return all
}

func TestSealAndOpen(t *testing.T) {
	ring := testKeyring(t, testKey(1), [][]byte{testKey(2)}, "tenant")
	longKey := []byte(strings.Repeat("key", 1000)) // its AAD does not fit on the stack
	for name, data := range payloads() {
		for _, cacheKey := range [][]byte{[]byte("users:42"), nil, longKey} {
			sealed, err := ring.Seal(cacheKey, data, "msgpack")
			if err != nil || len(sealed) > SealBound(len(data), len("msgpack")) {
				t.Fatalf("%s: %d bytes, %v", name, len(sealed), err)
			}
			got, index, err := ring.Open(cacheKey, sealed, "msgpack")
			if err != nil || index != 0 || got == nil || !bytes.Equal(got, data) {
				t.Fatalf("%s: key %d, %v", name, index, err)
			}

			// It is what the layers below make of it.
			aad, err := AppendAAD(nil, []byte("tenant"), cacheKey, "msgpack", true, "")
			if err != nil {
				t.Fatal(err)
			}
			envelope, _, err := ring.Decrypt(sealed, aad)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got, err := core.AppendPayload(nil, envelope); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%s: the envelope inside: %v", name, err)
			}
		}
	}
}

func TestEntryIsBoundToTenantKeyAndFormat(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "tenant")
	sealed, err := ring.Seal([]byte("key"), []byte("data"), "json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ tenant, key, format string }{
		{"tenant", "kez", "json"}, {"tenant", "key", "msgpack"}, {"tenanu", "key", "json"},
		{"tenant", "", "json"}, {"tenant", "key", ""}, {"tenant", "keyj", "son"},
	} {
		got, _, err := testKeyring(t, testKey(1), nil, c.tenant).Open([]byte(c.key), sealed, c.format)
		if got != nil || err != core.ErrDecryptionFailed {
			t.Errorf("%v: %q, %v", c, got, err)
		}
	}
}

// sealRaw seals any plaintext as if it were an envelope.
func sealRaw(t testing.TB, ring *TenantKeyring, cacheKey, format string, plaintext []byte) []byte {
	t.Helper()
	aad, err := ring.AppendAAD(nil, []byte(cacheKey), format, true)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := ring.Encrypt(plaintext, aad)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestOpenRefusesWhatIsNotItsEnvelope(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "tenant")
	data := []byte(strings.Repeat("payload ", 100))
	good, err := core.AppendEnvelope(nil, data, "json")
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(good)
	damaged[20] ^= 0xff // inside the block
	bomb := unhex(t, "94c41000000000000000000000000000000000 98 0000000000000000 ce1fffffff a46a736f6e")
	for _, c := range []struct {
		name     string
		envelope []byte
		want     []error
	}{
		{"other format inside", appendEnvelope(t, data, "msgpack"), []error{core.ErrInvalidInput}},
		{"no envelope", []byte{0x83}, []error{core.ErrInvalidInput}},
		{"nothing", nil, []error{core.ErrInvalidInput}},
		{"a byte after it", append(bytes.Clone(good), 0), []error{core.ErrInvalidInput}},
		{"bomb", bomb, []error{core.ErrDecompressionBomb}},
		{"damaged block", damaged, []error{core.ErrChecksumMismatch, core.ErrDecompressionFailed}},
	} {
		sealed := sealRaw(t, ring, "k", "json", c.envelope)
		got, _, err := ring.Open([]byte("k"), sealed, "json")
		ok := false
		for _, want := range c.want {
			ok = ok || err == want
		}
		if got != nil || !ok {
			t.Errorf("%s: %q, %v; want one of %v", c.name, got, err, c.want)
		}
		dst := bytes.Repeat([]byte{0xaa}, len(c.envelope))
		env, _, err := ring.OpenEnvelopeInto(dst, []byte("k"), sealed, "json")
		if err == nil {
			out := bytes.Repeat([]byte{0xaa}, env.OriginalSize)
			if err := ring.Extract(&env, out); err == nil || !bytes.Equal(out, make([]byte, len(out))) {
				t.Errorf("%s: Extract: %v, and not zeros", c.name, err)
			}
		} else if !bytes.Equal(dst, make([]byte, len(dst))) {
			t.Errorf("%s: OpenEnvelopeInto left %x", c.name, dst)
		}
	}
	for _, n := range []int{0, 1, Overhead - 1} {
		if _, _, err := ring.Open([]byte("k"), make([]byte, n), "json"); err != core.ErrInvalidInput {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func appendEnvelope(t *testing.T, data []byte, format string) []byte {
	t.Helper()
	envelope, err := core.AppendEnvelope(nil, data, format)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

func TestSealBoundDoesNotOverflow(t *testing.T) {
	for _, c := range [][3]int{
		{core.MaxPayloadSize, core.MaxEnvelopeSize, core.EnvelopeBound(core.MaxPayloadSize, core.MaxEnvelopeSize) + Overhead},
		{0, math.MaxInt - 49 - Overhead, math.MaxInt}, {0, math.MaxInt - 49, math.MaxInt}, {math.MaxInt, math.MaxInt, math.MaxInt},
	} {
		if got := SealBound(c[0], c[1]); got != c[2] {
			t.Errorf("SealBound(%d, %d) = %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestSealSizesAndTheirOrder(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "tenant")
	data := []byte("data")
	bound := SealBound(len(data), 4)
	huge := hugeSlice(t)
	for _, c := range []struct {
		name, format string
		dst, data    []byte
		n            int
		err          error
	}{
		{"too much", "\xff", nil, huge[:core.MaxPayloadSize+1], 0, core.ErrInputTooLarge},
		{"no room", "json", nil, data, bound, core.ErrBufferTooSmall},
		{"one byte too little", "json", make([]byte, bound-1), data, bound, core.ErrBufferTooSmall},
		{"format not UTF-8", "js\xff\xff", make([]byte, bound), data, 0, core.ErrInvalidInput},
	} {
		if n, _, err := ring.SealInto(c.dst, nil, c.data, c.format); n != c.n || err != c.err {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
		if ring.Counter() != 0 {
			t.Fatalf("%s: a nonce was spent", c.name)
		}
	}
	if n, rotate, err := ring.SealInto(make([]byte, bound), nil, data, "json"); n == 0 || rotate || err != nil {
		t.Errorf("just enough: %d, %v", n, err)
	}
	ring.made.Store(RotationThreshold)
	if _, rotate, err := ring.SealInto(make([]byte, bound), nil, data, "json"); !rotate || err != nil {
		t.Errorf("rotation is not announced: %v", err)
	}
}

// Nothing of the payload stays in the destination: not beyond the entry, where
// the LZ4 encoder may have written, and not after an error.
func TestSealLeavesNoPayloadInItsDestination(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "tenant")
	const mark = 0xa5
	for name, data := range payloads() {
		dst := bytes.Repeat([]byte{mark}, SealBound(len(data), 4)+1000)
		n, _, err := ring.SealInto(dst, nil, data, "json")
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range dst[n:] {
			if b != 0 && b != mark {
				t.Fatalf("%s: byte %d after the entry is %x", name, i, b)
			}
		}
		ring.made.Store(MaxEncryptions)
		dst = bytes.Repeat([]byte{mark}, SealBound(len(data), 4)+1000)
		if n, _, err := ring.SealInto(dst, nil, data, "json"); n != 0 || err != core.ErrCounterExhausted {
			t.Fatalf("%s: %d, %v", name, n, err)
		}
		for i, b := range dst {
			if b != 0 && b != mark {
				t.Fatalf("%s: byte %d is %x though nothing was encrypted", name, i, b)
			}
		}
		ring.made.Store(0)
	}
}

func TestAppendSealAndAppendOpenKeepWhatIsThere(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "tenant")
	for _, room := range []int{0, 1000} {
		dst := append(make([]byte, 0, 3+room), "abc"...)
		sealed, err := ring.AppendSeal(dst, []byte("k"), []byte("data"), "json")
		if err != nil || string(sealed[:3]) != "abc" {
			t.Fatalf("%q, %v", sealed, err)
		}
		opened, _, err := ring.AppendOpen([]byte("abc"), []byte("k"), sealed[3:], "json")
		if err != nil || string(opened) != "abcdata" {
			t.Fatalf("%q, %v", opened, err)
		}
		if got, _, err := ring.AppendOpen([]byte("abc"), []byte("j"), sealed[3:], "json"); string(got) != "abc" || err == nil {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

func TestAAD(t *testing.T) {
	empty, json := "", "json"
	for _, c := range []struct {
		name                string
		tenant, key, format string
		compressed          bool
		original            *string
		want                string
	}{
		{"nothing", "", "", "", false, nil, "03 00000000 00000000 00000000 00000005 46616c7365"},
		{"compressed", "t", "k", "f", true, nil, "03 00000001 74 00000001 6b 00000001 66 00000004 54727565"},
		{"empty type", "t", "k", "f", true, &empty, "03 00000001 74 00000001 6b 00000001 66 00000004 54727565 00000000"},
		{"type", "t", "k", "f", true, &json, "03 00000001 74 00000001 6b 00000001 66 00000004 54727565 00000004 6a736f6e"},
	} {
		want := unhex(t, c.want)
		for size := range len(want) + 2 {
			dst := make([]byte, size)
			n, err := AADInto(dst, []byte(c.tenant), []byte(c.key), c.format, c.compressed, c.original)
			if n != len(want) || (err == core.ErrBufferTooSmall) != (size < len(want)) {
				t.Errorf("%s, %d bytes: %d, %v", c.name, size, n, err)
			}
			if err == nil && !bytes.Equal(dst[:n], want) {
				t.Errorf("%s: %x, want %x", c.name, dst[:n], want)
			}
		}
	}
}
