package crypt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/batch"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/envelope"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// ringCalls are all calls of a keyring that take memory for their result, up to the
// first time that they ask for some. What reads opens sealed, whatever that is.
func ringCalls(k *TenantKeyring, sealed []byte) map[string]func(alloc memory.Alloc) error {
	return map[string]func(alloc memory.Alloc) error{
		"Encrypt":     func(a memory.Alloc) error { _, _, err := k.Encrypt(from(a), []byte("data"), nil); return err },
		"Seal":        func(a memory.Alloc) error { _, _, err := k.Seal(from(a), nil, []byte("data"), "f"); return err },
		"SealInterop": func(a memory.Alloc) error { _, _, err := k.SealInterop(from(a), "k", []byte{0xc0}); return err },
		"Decrypt":     func(a memory.Alloc) error { _, _, err := k.Decrypt(from(a), sealed, nil); return err },
		"DecryptAt":   func(a memory.Alloc) error { _, err := k.DecryptAt(from(a), 0, sealed, nil); return err },
		"Open":        func(a memory.Alloc) error { _, _, err := k.Open(fresh(), a, nil, nil, sealed, "f"); return err },
		"OpenInterop": func(a memory.Alloc) error { _, _, err := k.OpenInterop(from(a), "k", sealed); return err },
	}
}

// allCalls are those of a keyring and those of an Encryptor.
func allCalls(k *TenantKeyring, e *Encryptor, sealed []byte) map[string]func(alloc memory.Alloc) error {
	calls, key := ringCalls(k, sealed), testKey(1)
	calls["Encryptor.Encrypt"] = func(a memory.Alloc) error { _, _, err := e.Encrypt(from(a), key, []byte("data"), nil); return err }
	calls["Encryptor.Decrypt"] = func(a memory.Alloc) error { _, err := e.Decrypt(from(a), key, sealed, nil); return err }
	return calls
}

// Where there is no memory, nothing is attempted, counted or spent, and nobody is
// waited for.
func TestNoMemoryNothingCounted(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		k, e := testKeyring(t, testKey(1), nil, "t"), newEncryptor(t)
		sealed := make([]byte, 100)
		for name, call := range allCalls(k, e, sealed) {
			asked := 0
			err := call(func(int) []byte { asked++; return nil })
			if err != codes.OutOfMemory || codes.IsMiss(err) || asked != 1 {
				t.Errorf("%s: %v after %d requests", name, err, asked)
			}
			if k.Metrics() != (meter.Metrics{}) || e.Metrics() != (meter.Metrics{}) || k.Counter() != 0 || e.Counter() != 0 {
				t.Errorf("%s: counted as %+v and %+v, %d and %d nonces", name, k.Metrics(), e.Metrics(), k.Counter(), e.Counter())
			}
		}
		// What has no size asks for no memory.
		for name, call := range allCalls(k, e, sealed[:limits.Overhead-1]) {
			asked := false
			err := call(func(n int) []byte { asked = true; return make([]byte, n) })
			if errors.Is(err, codes.InvalidInput) == asked {
				t.Errorf("%s: %v, asked for memory: %t", name, err, asked)
			}
		}
		k.Wipe() // returns
		e.Wipe()
	})
}

// Whoever panics amid a call, here the allocator, makes it an error like any other; no
// key is held by it, and Wipe does not wait for it.
func TestPanicCountsAsAnError(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		k, e := testKeyring(t, testKey(1), nil, "t"), newEncryptor(t)
		sealed := make([]byte, 100)
		calls := allCalls(k, e, sealed)
		for name, call := range calls {
			if name == "Seal" || name == "Open" {
				continue // these two begin when they have memory
			}
			k0, e0 := k.Metrics(), e.Metrics()
			if !panics(func() { _ = call(func(int) []byte { panic("no more of this") }) }) {
				t.Errorf("%s: no panic", name)
			}
			k1, e1 := k.Metrics(), e.Metrics()
			failed := func(m meter.Metrics) uint64 { return m.Encrypt.Errors + m.Decrypt.Errors }
			all := func(m meter.Metrics) uint64 { return m.Encrypt.Operations + m.Decrypt.Operations }
			if errs := failed(k1) + failed(e1) - failed(k0) - failed(e0); errs != 1 {
				t.Errorf("%s: %d errors", name, errs)
			}
			if n := all(k1) + all(e1) - all(k0) - all(e0); n != 1 || k1.Encrypt.BytesIn+k1.Decrypt.BytesIn+e1.Encrypt.BytesIn+e1.Decrypt.BytesIn != 0 {
				t.Errorf("%s: %d operations, %+v, %+v", name, n, k1, e1)
			}
		}
		// Overlapping buffers panic later, when a key is in use.
		buffer := make([]byte, 200)
		if !panics(func() { e.Encrypt(into(buffer), testKey(1), buffer[1:50], nil) }) ||
			!panics(func() { e.Decrypt(into(buffer), testKey(1), buffer[1:50], nil) }) {
			t.Error("buffers that overlap went unnoticed")
		}
		if m := e.Metrics(); m.Encrypt.Errors != 2 || m.Decrypt.Errors != 2 || m.Encrypt.Operations != 2 || m.Decrypt.Operations != 2 {
			t.Errorf("counted as %+v", m)
		}
		if k := e.keys.last[0].Load(); k != nil && k.users != 0 {
			t.Errorf("%d users of a key are left", k.users)
		}
		before := k.Metrics()
		for _, name := range []string{"Seal", "Open"} {
			if !panics(func() { _ = calls[name](func(int) []byte { panic("no more of this") }) }) || k.Metrics() != before {
				t.Errorf("%s: no panic, or counted as %+v after %+v", name, k.Metrics(), before)
			}
		}
		k.Wipe() // returns
		e.Wipe()
	})
}

// What is no document is refused when it goes in, which takes no nonce and no memory.
// When it comes back, it is the entry's fault, and nothing of it is left.
func TestPlaintextsThatHaveToBeDocuments(t *testing.T) {
	ring := testKeyring(t, testKey(1), [][]byte{testKey(2)}, "tenant")
	old := testKeyring(t, testKey(2), nil, "tenant")
	aad := []byte("aad")
	for _, n := range []int{0, 1, 64, 5000, 100000} {
		document := append(binary.BigEndian.AppendUint32([]byte{0xc6}, uint32(n)), bytetest.Noise(n)...)
		other := append(bytes.Clone(document), 0)
		for index, k := range []*TenantKeyring{ring, old} {
			sealed, rotate, err := k.encryptAs(aDocument, fresh(), document, aad)
			if len(sealed) != len(document)+limits.Overhead || rotate || err != nil {
				t.Fatalf("%d bytes: %d, %t, %v", n, len(sealed), rotate, err)
			}
			got, by, err := ring.decryptAs(aDocument, allKeys, fresh(), sealed, aad)
			if by != index || err != nil || !bytes.Equal(got, document) {
				t.Errorf("%d bytes: %d with key %d, %v", n, len(got), by, err)
			}
			if got, _, err := ring.decryptAs(anything, allKeys, fresh(), sealed, aad); err != nil || !bytes.Equal(got, document) {
				t.Errorf("%d bytes do not come back unchecked: %v", n, err)
			}

			before := k.Counter()
			none := from(func(int) []byte { t.Error("memory for what is refused"); return nil })
			if got, _, err := k.encryptAs(aDocument, none, other, aad); got != nil || !errors.Is(err, codes.InvalidInput) || codes.IsMiss(err) || k.Counter() != before {
				t.Errorf("%d bytes that are refused: %d, %v, %d nonces", n, len(got), err, k.Counter()-before)
			}
			sealed, _, err = k.encryptAs(anything, fresh(), other, aad)
			if err != nil {
				t.Fatal(err)
			}
			out := bytes.Repeat([]byte{0xaa}, len(other)+1)
			got, by, err = ring.decryptAs(aDocument, allKeys, into(out), sealed, aad)
			if got != nil || by != 0 || !errors.Is(err, codes.InvalidInput) || !codes.IsMiss(err) || !bytetest.Only(out[:len(other)], 0) || out[len(other)] != 0xaa {
				t.Errorf("%d bytes that are refused: %d with key %d, %v, or something is left", n, len(got), by, err)
			}
			if got, _, err := ring.decryptAs(anything, allKeys, fresh(), sealed, aad); err != nil || !bytes.Equal(got, other) {
				t.Errorf("%d bytes do not come back unchecked: %v", n, err)
			}
		}
	}
}

// Memory may be more than was asked for, and hold anything.
func TestResultsLieAtTheStartOfMemory(t *testing.T) {
	k, e := testKeyring(t, testKey(1), nil, "t"), newEncryptor(t)
	const mark = 0xa5
	var room []byte
	large := func() *memory.Dest {
		return from(func(n int) []byte { room = bytes.Repeat([]byte{mark}, n+1000); return room })
	}
	check := func(name string, got []byte, err error, more byte) {
		t.Helper()
		if err != nil || &got[0] != &room[0] || !bytetest.Only(room[len(got):], mark, more) {
			t.Errorf("%s: %d bytes, %v, elsewhere or with something behind", name, len(got), err)
		}
	}
	for _, data := range [][]byte{append([]byte{0xc5, 0x03, 0xe8}, bytetest.Noise(1000)...), append([]byte{0xda, 0x20, 0}, bytes.Repeat([]byte("text"), 2048)...)} {
		sealed, _, err := e.Encrypt(large(), testKey(1), data, nil)
		check("Encryptor.Encrypt", sealed, err, mark)
		got, err := e.Decrypt(large(), testKey(1), sealed, nil)
		check("Encryptor.Decrypt", got, err, mark)
		sealed, _, err = k.Encrypt(large(), data, nil)
		check("Encrypt", sealed, err, mark)
		got, _, err = k.Decrypt(large(), sealed, nil)
		check("Decrypt", got, err, mark)
		got, err = k.DecryptAt(large(), 0, sealed, nil)
		check("DecryptAt", got, err, mark)
		sealed, _, err = k.Seal(large(), nil, data, "f")
		check("Seal", sealed, err, 0)
		got, _, err = k.Open(large(), memory.Make, nil, nil, sealed, "f")
		check("Open", got, err, mark)
		if !bytes.Equal(got, data) {
			t.Error("other bytes came back")
		}
		sealed, _, err = k.SealInterop(large(), "k", data)
		check("SealInterop", sealed, err, mark)
		got, _, err = k.OpenInterop(large(), "k", sealed)
		check("OpenInterop", got, err, mark)
		if !bytes.Equal(got, data) {
			t.Error("other bytes came back")
		}
		aad, err := AAD(large(), []byte("t"), data, "f", true, nil)
		check("AAD", aad, err, mark)
	}
	if _, err := AAD(into(make([]byte, 10)), nil, nil, "f", true, nil); codes.Of(err) != codes.BufferTooSmall {
		t.Errorf("AAD without room: %v", err)
	}
}

// opening is Open with memory that is looked at afterwards.
type opening struct {
	noScratch, noDest bool // answered with nil
	grow              string

	scratch, dest []byte
	grown         []byte
}

func (o *opening) open(k *TenantKeyring, cacheKey, sealed []byte) (data []byte, keyIndex int, err error) {
	to, scratch, grow := o.memory()
	return k.Open(to, scratch, grow, cacheKey, sealed, "json")
}

func (o *opening) openMany(k *TenantKeyring, items []batch.Item) ([]byte, error) {
	to, scratch, grow := o.memory()
	return k.OpenMany(to, scratch, grow, batch.Of(items), "json")
}

func (o *opening) memory() (*memory.Dest, memory.Alloc, Grow) {
	*o = opening{noScratch: o.noScratch, noDest: o.noDest, grow: o.grow}
	to := from(func(n int) []byte {
		if o.noDest {
			return nil
		}
		o.dest = bytes.Repeat([]byte{0xdd}, n+9)
		return o.dest
	})
	scratch := func(n int) []byte {
		if o.noScratch {
			return nil
		}
		o.scratch = bytes.Repeat([]byte{0xaa}, n)
		return o.scratch
	}
	grow := map[string]Grow{
		"none": nil,
		"nil":  func([]byte, int) []byte { return nil },
		"in place": func(b []byte, n int) []byte {
			if &b[0] != &o.scratch[0] || len(b) != len(o.scratch) || n < len(b) {
				panic("this is not the scratch memory, or it shrinks")
			}
			o.grown = append(bytes.Clone(b), bytes.Repeat([]byte{0xee}, n-len(b))...)
			clear(b) // as what is moved leaves nothing behind
			return o.grown
		},
	}[o.grow]
	return to, scratch, grow
}

// sealRaw seals any plaintext as if it were an envelope.
func sealRaw(t testing.TB, k *TenantKeyring, cacheKey, format string, plaintext []byte) []byte {
	t.Helper()
	sealed, _, err := k.Encrypt(fresh(), plaintext, entryAAD(t, k, cacheKey, format, true))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func encoded(t testing.TB, data []byte, format string) []byte {
	t.Helper()
	made, err := envelope.Encode(fresh(), data, format)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(made)
}

// However Open comes by memory, the payload comes back, and the memory that the
// envelope went through holds none of it.
func TestOpenWipesItsScratch(t *testing.T) {
	k := testKeyring(t, testKey(2), [][]byte{testKey(1)}, "t")
	old := testKeyring(t, testKey(1), nil, "t")
	cacheKey := []byte("k")
	for _, data := range [][]byte{{}, []byte("data"), bytetest.Noise(5000), bytes.Repeat([]byte("text "), 5000), bytetest.Noise(100_000)} {
		for _, grow := range []string{"none", "nil", "in place"} {
			sealed, _, err := old.Seal(fresh(), cacheKey, data, "json")
			if err != nil {
				t.Fatal(err)
			}
			o := opening{grow: grow}
			got, by, err := o.open(k, cacheKey, sealed)
			if err != nil || by != 1 || got == nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, grow %s: %d bytes by key %d, %v", len(data), grow, len(got), by, err)
			}
			if !bytetest.Only(o.scratch, 0) {
				t.Errorf("%d bytes, grow %s: the envelope is left", len(data), grow)
			}
			if grow == "in place" {
				if o.dest != nil || len(data) > 0 && &got[0] != &o.grown[0] || !bytetest.Only(o.grown[len(got):], 0) {
					t.Errorf("%d bytes in place: a second buffer was taken, or something is left behind", len(data))
				}
				continue
			}
			if !bytetest.Only(o.dest[len(data):], 0xdd) || len(data) > 0 && &got[0] != &o.dest[0] {
				t.Errorf("%d bytes, grow %s: the result is not at the start of its memory, or more", len(data), grow)
			}
		}
	}
}

// An old envelope spells its block as integers, and cannot be decoded where it lies.
func TestOpenOfAnOldEnvelopeDoesNotGrow(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	made := encoded(t, []byte("data"), "json")
	header, err := envelope.Inspect(made)
	if err != nil || header.CompressedSize != 5 || made[1] != 0xc4 || made[3] != 0x40 {
		t.Fatalf("%x, %v: not the envelope that this test changes", made, err)
	}
	old := append([]byte{0x94, 0x95}, made[3:]...) // bin of 5 bytes below 0x80, now an array
	o := opening{grow: "in place"}
	got, _, err := o.open(k, nil, sealRaw(t, k, "", "json", old))
	if err != nil || string(got) != "data" || o.grown != nil || !bytetest.Only(o.scratch, 0) {
		t.Errorf("%q, %v, grown: %t, or something is left", got, err, o.grown != nil)
	}
	items := []batch.Item{{In: sealRaw(t, k, "", "json", made)}, {In: sealRaw(t, k, "", "json", old)}}
	if _, err := o.openMany(k, items); err != nil || string(items[1].Out) != "data" || o.grown != nil || !bytetest.Only(o.scratch, 0) {
		t.Errorf("of many: %q, %v, grown: %t, or something is left", items[1].Out, err, o.grown != nil)
	}
}

// What turns out to be damaged, before or after the memory has grown, leaves nothing
// in it.
func TestOpenWipesWhatItRefuses(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	cacheKey := []byte("k")
	for _, data := range [][]byte{[]byte("some payload"), bytetest.Noise(5000), bytes.Repeat([]byte("text "), 5000), bytetest.Noise(100_000)} {
		made := encoded(t, data, "json")
		damaged := bytes.Clone(made)
		damaged[len(damaged)/2] ^= 0x55
		forged := sealRaw(t, k, "k", "json", made)
		forged[len(forged)-1] ^= 1
		for _, grow := range []string{"none", "nil", "in place"} {
			for _, c := range []struct {
				name   string
				sealed []byte
				grows  bool
			}{
				{"a forgery", forged, false},
				{"no envelope", sealRaw(t, k, "k", "json", []byte("\xc1 is what no MessagePack begins with")), false},
				{"another format inside", sealRaw(t, k, "k", "json", encoded(t, data, "text")), false},
				{"damage", sealRaw(t, k, "k", "json", damaged), true},
			} {
				o := opening{grow: grow}
				before := k.Metrics()
				got, by, err := o.open(k, cacheKey, c.sealed)
				if got != nil || by != 0 || !codes.IsMiss(err) {
					t.Errorf("%s of %d bytes, grow %s: %d bytes, %v", c.name, len(data), grow, len(got), err)
				}
				if grown := o.grown != nil; grown != (c.grows && grow == "in place") {
					t.Errorf("%s of %d bytes, grow %s: grown: %t", c.name, len(data), grow, grown)
				}
				// In grown memory only what was written to is cleared.
				if !bytetest.Only(o.scratch, 0) || !bytetest.Only(o.grown, 0, 0xee) || !bytetest.Only(o.dest, 0, 0xdd) {
					t.Errorf("%s of %d bytes, grow %s: something is left", c.name, len(data), grow)
				}
				after := k.Metrics()
				failed := after.Decrypt.Errors - before.Decrypt.Errors + after.Retrieve.Errors - before.Retrieve.Errors
				if failed != 1 || (after.Decrypt.Errors != before.Decrypt.Errors) != (c.name == "a forgery") {
					t.Errorf("%s of %d bytes, grow %s: %d errors counted", c.name, len(data), grow, failed)
				}
			}
		}
	}
}

// Open asks for memory twice.
func TestOpenWithoutMemory(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	data := bytes.Repeat([]byte("text "), 100)
	sealed, _, err := k.Seal(fresh(), nil, data, "json")
	if err != nil {
		t.Fatal(err)
	}
	before := k.Metrics()
	o := opening{noScratch: true, grow: "none"}
	if got, _, err := o.open(k, nil, sealed); got != nil || err != codes.OutOfMemory || codes.IsMiss(err) || o.dest != nil {
		t.Errorf("no scratch: %d bytes, %v", len(got), err)
	}
	if m := k.Metrics(); m != before {
		t.Errorf("no scratch: counted as %+v", m)
	}
	for _, grow := range []string{"none", "nil"} {
		before = k.Metrics()
		o = opening{noDest: true, grow: grow}
		if got, by, err := o.open(k, nil, sealed); got != nil || by != 0 || err != codes.OutOfMemory || codes.IsMiss(err) {
			t.Errorf("no memory for the result: %d bytes, %v", len(got), err)
		}
		if !bytetest.Only(o.scratch, 0) || len(o.scratch) == 0 {
			t.Error("no memory for the result: the envelope is left")
		}
		// The decryption took place.
		m := k.Metrics()
		if m.Retrieve != before.Retrieve || m.Decrypt.Operations != before.Decrypt.Operations+1 || m.Decrypt.Errors != before.Decrypt.Errors {
			t.Errorf("no memory for the result: counted as %+v after %+v", m, before)
		}
	}
	o = opening{noDest: true, grow: "in place"} // which needs none
	if got, _, err := o.open(k, nil, sealed); err != nil || !bytes.Equal(got, data) {
		t.Errorf("in place: %d bytes, %v", len(got), err)
	}
	k.Wipe() // returns
}

// A panic after the decryption counts as an envelope that failed.
func TestOpenPanicsAfterDecryption(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	sealed, _, err := k.Seal(fresh(), nil, []byte("data"), "json")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range []func(){
		func() {
			k.Open(from(func(int) []byte { panic("dest") }), memory.Make, nil, nil, sealed, "json")
		},
		func() {
			k.Open(fresh(), memory.Make, func([]byte, int) []byte { panic("grow") }, nil, sealed, "json")
		},
	} {
		if !panics(f) {
			t.Errorf("%d: no panic", i)
		}
		m := k.Metrics()
		if want := uint64(i) + 1; m.Retrieve.Errors != want || m.Retrieve.Operations != want || m.Decrypt.Errors != 0 || m.Decrypt.Operations != want {
			t.Errorf("%d: %+v", i, m)
		}
	}
	k.Wipe() // returns
}
