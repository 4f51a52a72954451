package encryption

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// payloads are what compresses well, badly and not at all, in sizes around
// every header width.
func payloads() map[string][]byte {
	noise := bytetest.Noise(70000)
	text := []byte(strings.Repeat(`{"id":12345,"name":"someone","active":true},`, 2000))
	all := map[string][]byte{"empty": {}}
	for _, n := range []int{1, 15, 64, 200, 255, 256, 1000, 4096, 65535, 65536, 70000} {
		all[fmt.Sprintf("noise of %d", n)] = noise[:n]
		all[fmt.Sprintf("text of %d", n)] = text[:n]
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
			if got, err := core.Decompress(envelope); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%s: the envelope inside: %v", name, err)
			}
		}
	}
}

// What Seal returns is memory of about its size, though it takes room for the worst
// case.
func TestSealedEntriesAreClipped(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "tenant")
	seen := map[bool]int{}
	for name, data := range payloads() {
		sealed, err := ring.Seal(nil, data, "msgpack")
		if err != nil || cap(sealed) > 2*len(sealed) {
			t.Errorf("%s: %d bytes in memory of %d, %v", name, len(sealed), cap(sealed), err)
		}
		small := SealBound(len(data), len("msgpack")) <= 64<<10
		if small && cap(sealed) != len(sealed) {
			t.Errorf("%s: %d bytes in memory of %d", name, len(sealed), cap(sealed))
		}
		seen[small]++
		if got, _, err := ring.Open(nil, sealed, "msgpack"); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes came back, %v", name, len(got), err)
		}
		again, err := ring.Seal(nil, data, "msgpack")
		if err != nil || &again[0] == &sealed[0] {
			t.Errorf("%s: %v, or memory that was given out", name, err)
		}
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("%d small payloads and %d others", seen[true], seen[false])
	}
	if got, err := ring.Seal(nil, nil, "\xff"); got != nil || !errors.Is(err, core.ErrInvalidInput) {
		t.Errorf("%q beside %v", got, err)
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
		if got != nil || !errors.Is(err, core.ErrDecryptionFailed) || !core.IsMiss(err) {
			t.Errorf("%v: %q, %v", c, got, err)
		}
	}
}

func TestOpenRefusesWhatIsNotItsEnvelope(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "tenant")
	data := []byte(strings.Repeat("payload ", 100))
	good := envelopeOf(t, data, "json")
	damaged := bytes.Clone(good)
	damaged[20] ^= 0xff // inside the block
	bomb := bytetest.Unhex(t, "94c41000000000000000000000000000000000 98 0000000000000000 ce1fffffff a46a736f6e")
	for _, c := range []struct {
		name     string
		envelope []byte
		want     []error
	}{
		{"other format inside", envelopeOf(t, data, "msgpack"), []error{core.ErrInvalidInput}},
		{"no envelope", []byte{0x83}, []error{core.ErrInvalidInput}},
		{"nothing", nil, []error{core.ErrInvalidInput}},
		{"a byte after it", append(bytes.Clone(good), 0), []error{core.ErrInvalidInput}},
		{"bomb", bomb, []error{core.ErrDecompressionBomb}},
		{"damaged block", damaged, []error{core.ErrChecksumMismatch, core.ErrDecompressionFailed}},
	} {
		sealed := sealRaw(t, ring, "k", "json", c.envelope)
		for _, room := range []int{0, 10000} {
			dst := append(make([]byte, 0, 3+room), "abc"...)
			free := dst[3:cap(dst)]
			for i := range free {
				free[i] = 0xaa
			}
			got, _, err := ring.AppendOpen(dst, []byte("k"), sealed, "json")
			ok := false
			for _, want := range c.want {
				ok = ok || errors.Is(err, want)
			}
			if string(got) != "abc" || !ok || !core.IsMiss(err) {
				t.Errorf("%s: %q, %v; want one of %v", c.name, got, err, c.want)
			}
			if !bytetest.Only(free, 0, 0xaa) {
				t.Errorf("%s: something is left", c.name)
			}
		}
		if got, index, err := ring.Open([]byte("k"), sealed, "json"); got != nil || index != 0 || err == nil {
			t.Errorf("%s: %q by key %d, %v", c.name, got, index, err)
		}
	}
	for _, n := range []int{0, 1, Overhead - 1} {
		if _, _, err := ring.Open([]byte("k"), make([]byte, n), "json"); !errors.Is(err, core.ErrInvalidInput) || !core.IsMiss(err) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
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
		if n, _, err := ring.SealInto(c.dst, nil, c.data, c.format); n != c.n || !errors.Is(err, c.err) {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
		if ring.Counter() != 0 {
			t.Fatalf("%s: a nonce was spent", c.name)
		}
	}
	if n, rotate, err := ring.SealInto(make([]byte, bound), nil, data, "json"); n == 0 || rotate || err != nil {
		t.Errorf("just enough: %d, %v", n, err)
	}
	spent(ring).Store(RotationThreshold)
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
		if !bytetest.Only(dst[n:], 0, mark) {
			t.Fatalf("%s: something is left after the entry", name)
		}
		spent(ring).Store(MaxEncryptions)
		dst = bytes.Repeat([]byte{mark}, SealBound(len(data), 4)+1000)
		if n, _, err := ring.SealInto(dst, nil, data, "json"); n != 0 || !errors.Is(err, core.ErrCounterExhausted) {
			t.Fatalf("%s: %d, %v", name, n, err)
		}
		if !bytetest.Only(dst, 0, mark) {
			t.Fatalf("%s: something is left though nothing was encrypted", name)
		}
		spent(ring).Store(0)
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
		want := bytetest.Unhex(t, c.want)
		to := memory.Behind([]byte("abc"))
		got, err := crypt.AAD(&to, []byte(c.tenant), []byte(c.key), c.format, c.compressed, c.original)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v; want %x", c.name, got, err, want)
		}
		if c.original != nil && *c.original == "" {
			continue // which AppendAAD takes for none
		}
		original := ""
		if c.original != nil {
			original = *c.original
		}
		for room := range len(want) + 2 {
			dst := append(make([]byte, 0, 3+room), "abc"...)
			got, err := AppendAAD(dst, []byte(c.tenant), []byte(c.key), c.format, c.compressed, original)
			if err != nil || string(got[:3]) != "abc" || !bytes.Equal(got[3:], want) || (&got[0] == &dst[0]) != (room >= len(want)) {
				t.Errorf("%s, room for %d bytes: %x, %v; want %x", c.name, room, got, err, want)
			}
		}
	}
	for _, c := range []struct{ format, original string }{{"\xff", ""}, {"f", "\xff"}} {
		if got, err := AppendAAD([]byte("abc"), nil, nil, c.format, true, c.original); string(got) != "abc" || !errors.Is(err, core.ErrInvalidInput) {
			t.Errorf("%q, %q: %q, %v", c.format, c.original, got, err)
		}
	}
}
