package encryption

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// outcome is the name of an operation in core.Metrics in which a call must fail,
// "" if it must not count.
type outcome string

// checkOutcome compares what a call that failed added to metrics.
func checkOutcome(t *testing.T, name string, before, after core.Metrics, failed outcome) {
	t.Helper()
	x, y := reflect.ValueOf(before), reflect.ValueOf(after)
	for i := range x.NumField() {
		a, ok := x.Field(i).Interface().(core.OperationMetrics)
		if !ok {
			continue
		}
		b := y.Field(i).Interface().(core.OperationMetrics)
		operation := x.Type().Field(i).Name
		var errs uint64
		if outcome(operation) == failed {
			errs = 1
		}
		if got := b.Errors - a.Errors; got != errs {
			t.Errorf("%s: %d errors in %s, want %d", name, got, operation, errs)
		}
		// Half of a call may have succeeded: an envelope that was stored and then
		// not encrypted, or decrypted and then refused.
		half := operation == "Store" && failed == "Encrypt" || operation == "Decrypt" && failed == "Retrieve"
		a.Operations, a.Errors = a.Operations+errs, a.Errors+errs
		if !half && a != b {
			t.Errorf("%s: %s is %+v, want %+v", name, operation, b, a)
		}
		if half && (b.Operations > a.Operations+1 || b.Operations == a.Operations && a != b) {
			t.Errorf("%s: %s is %+v after %+v", name, operation, b, a)
		}
	}
}

// missing returns the exported methods that return an error and are not in seen.
func missing(of reflect.Type, seen map[string]bool) (names []string) {
	for m := range of.Methods() {
		if _, marshals := reflect.TypeFor[secret]().MethodByName(m.Name); marshals {
			continue
		}
		if n := m.Type.NumOut(); n > 0 && m.Type.Out(n-1) == reflect.TypeFor[error]() && !seen[m.Name] {
			names = append(names, m.Name)
		}
	}
	return names
}

// errorOf calls f and returns its error, or core.ErrInternal after a panic, which
// is what the C library makes of it.
func errorOf(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = core.ErrInternal
		}
	}()
	return f()
}

// Every error of every method of an Encryptor counts once, in the operation that
// it belongs to; core.ErrBufferTooSmall does not.
func TestEachEncryptorErrorCountsOnce(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		fresh, exhausted, wiped := newEncryptor(t), newEncryptor(t), newEncryptor(t)
		exhausted.made.Store(MaxEncryptions)
		wiped.Wipe()
		key, huge, data := testKey(1), hugeSlice(t), []byte("data")
		sealed, err := fresh.Encrypt(key, data, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		try := func(method string, e *Encryptor, f func() error, want error, failed outcome) {
			t.Helper()
			seen[method] = true
			before := e.Metrics()
			if err := errorOf(f); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", method, err, want)
			}
			checkOutcome(t, method+", "+want.Error(), before, e.Metrics(), failed)
		}
		for _, c := range []struct {
			e         *Encryptor
			key, data []byte
			want      error
		}{
			{fresh, key[1:], data, core.ErrInvalidKeyLength},
			{fresh, key, huge, core.ErrInputTooLarge},
			{wiped, key, data, ErrWiped},
			{exhausted, key, data, core.ErrCounterExhausted},
		} {
			try("Encrypt", c.e, func() error { _, err := c.e.Encrypt(c.key, c.data, nil); return err }, c.want, "Encrypt")
			try("AppendEncrypt", c.e, func() error { _, err := c.e.AppendEncrypt(nil, c.key, c.data, nil); return err }, c.want, "Encrypt")
			try("EncryptInto", c.e, func() error { _, _, err := c.e.EncryptInto(make([]byte, 100), c.key, c.data, nil); return err }, c.want, "Encrypt")
		}
		for _, c := range []struct {
			e         *Encryptor
			key, data []byte
			want      error
		}{
			{fresh, key[1:], sealed, core.ErrInvalidKeyLength},
			{fresh, key, sealed[:Overhead-1], core.ErrInvalidInput},
			{fresh, key, huge, core.ErrInputTooLarge},
			{wiped, key, sealed, ErrWiped},
			{fresh, testKey(2), sealed, core.ErrDecryptionFailed},
		} {
			try("Decrypt", c.e, func() error { _, err := c.e.Decrypt(c.key, c.data, nil); return err }, c.want, "Decrypt")
			try("AppendDecrypt", c.e, func() error { _, err := c.e.AppendDecrypt(nil, c.key, c.data, nil); return err }, c.want, "Decrypt")
			try("DecryptInto", c.e, func() error { _, err := c.e.DecryptInto(make([]byte, 100), c.key, c.data, nil); return err }, c.want, "Decrypt")
		}
		room := make([]byte, 100)
		try("EncryptInto", fresh, func() error { _, _, err := fresh.EncryptInto(room, key, room[1:50], nil); return err }, core.ErrInternal, "Encrypt")
		try("DecryptInto", fresh, func() error { _, err := fresh.DecryptInto(room, key, room[1:50], nil); return err }, core.ErrInternal, "Decrypt")
		try("EncryptInto", fresh, func() error { _, _, err := fresh.EncryptInto(nil, key, data, nil); return err }, core.ErrBufferTooSmall, "")
		try("DecryptInto", fresh, func() error { _, err := fresh.DecryptInto(nil, key, sealed, nil); return err }, core.ErrBufferTooSmall, "")
		if names := missing(reflect.TypeFor[*Encryptor](), seen); names != nil {
			t.Errorf("not in this table: %v", names)
		}
	})
}

// The same for a keyring, where an entry is two operations of which one fails.
func TestEachKeyringErrorCountsOnce(t *testing.T) {
	ring := func() *TenantKeyring { return testKeyring(t, testKey(1), [][]byte{testKey(2)}, "tenant") }
	fresh, exhausted, wiped := ring(), ring(), ring()
	exhausted.made.Store(MaxEncryptions)
	wiped.Wipe()
	huge, data, cacheKey, refusal := hugeSlice(t), []byte("data"), []byte("key"), errors.New("refused")
	accept, refuse := func([]byte) error { return nil }, func([]byte) error { return refusal }
	sealed, err1 := fresh.Encrypt(data, nil)
	entry, err2 := fresh.Seal(cacheKey, data, "json")
	plain := make([]byte, len(data)+Overhead)
	_, _, err3 := fresh.SealUncompressedInto(plain, uncompressed("json", accept), cacheKey, data)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"AppendAAD": true, "Fingerprint": true} // which count nothing
	try := func(method string, k *TenantKeyring, f func() error, want error, failed outcome) {
		t.Helper()
		seen[method] = true
		before := k.Metrics()
		if err := errorOf(f); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", method, err, want)
		}
		checkOutcome(t, method+", "+want.Error(), before, k.Metrics(), failed)
	}

	for _, c := range []struct {
		k    *TenantKeyring
		data []byte
		want error
	}{
		{fresh, huge[:MaxPlaintextSize+1], core.ErrInputTooLarge},
		{wiped, data, ErrWiped},
		{exhausted, data, core.ErrCounterExhausted},
	} {
		stored := outcome("Encrypt") // an entry is too large when it is stored
		if c.want == core.ErrInputTooLarge {
			stored = "Store"
		}
		try("Encrypt", c.k, func() error { _, err := c.k.Encrypt(c.data, nil); return err }, c.want, "Encrypt")
		try("AppendEncrypt", c.k, func() error { _, err := c.k.AppendEncrypt(nil, c.data, nil); return err }, c.want, "Encrypt")
		try("EncryptInto", c.k, func() error { _, _, err := c.k.EncryptInto(make([]byte, 100), c.data, nil); return err }, c.want, "Encrypt")
		try("Seal", c.k, func() error { _, err := c.k.Seal(cacheKey, c.data, "json"); return err }, c.want, stored)
		try("AppendSeal", c.k, func() error { _, err := c.k.AppendSeal(nil, cacheKey, c.data, "json"); return err }, c.want, stored)
		try("SealInto", c.k, func() error { _, _, err := c.k.SealInto(make([]byte, 200), cacheKey, c.data, "json"); return err }, c.want, stored)
		try("SealUncompressedInto", c.k, func() error {
			_, _, err := c.k.SealUncompressedInto(make([]byte, 200), uncompressed("json", accept), cacheKey, c.data)
			return err
		}, c.want, "Encrypt")
	}
	for _, c := range []struct {
		k          *TenantKeyring
		ciphertext []byte
		want       error
	}{
		{fresh, sealed[:Overhead-1], core.ErrInvalidInput},
		{fresh, huge, core.ErrInputTooLarge},
		{wiped, sealed, ErrWiped},
		{fresh, slices.Concat(sealed, sealed), core.ErrDecryptionFailed},
	} {
		room := make([]byte, 200)
		try("Decrypt", c.k, func() error { _, _, err := c.k.Decrypt(c.ciphertext, nil); return err }, c.want, "Decrypt")
		try("AppendDecrypt", c.k, func() error { _, _, err := c.k.AppendDecrypt(nil, c.ciphertext, nil); return err }, c.want, "Decrypt")
		try("DecryptInto", c.k, func() error { _, _, err := c.k.DecryptInto(room, c.ciphertext, nil); return err }, c.want, "Decrypt")
		try("DecryptAt", c.k, func() error { _, err := c.k.DecryptAt(1, c.ciphertext, nil); return err }, c.want, "Decrypt")
		try("AppendDecryptAt", c.k, func() error { _, err := c.k.AppendDecryptAt(nil, 1, c.ciphertext, nil); return err }, c.want, "Decrypt")
		try("DecryptAtInto", c.k, func() error { _, err := c.k.DecryptAtInto(1, room, c.ciphertext, nil); return err }, c.want, "Decrypt")
		try("Open", c.k, func() error { _, _, err := c.k.Open(cacheKey, c.ciphertext, "json"); return err }, c.want, "Decrypt")
		try("AppendOpen", c.k, func() error { _, _, err := c.k.AppendOpen(nil, cacheKey, c.ciphertext, "json"); return err }, c.want, "Decrypt")
		try("OpenEnvelopeInto", c.k, func() error { _, _, err := c.k.OpenEnvelopeInto(room, cacheKey, c.ciphertext, "json"); return err }, c.want, "Decrypt")
		try("OpenUncompressedInto", c.k, func() error {
			_, _, err := c.k.OpenUncompressedInto(room, uncompressed("json", accept), cacheKey, c.ciphertext)
			return err
		}, c.want, "Decrypt")
	}
	try("DecryptAt", fresh, func() error { _, err := fresh.DecryptAt(2, sealed, nil); return err }, core.ErrInvalidInput, "Decrypt")
	try("AppendDecryptAt", fresh, func() error { _, err := fresh.AppendDecryptAt(nil, -1, sealed, nil); return err }, core.ErrInvalidInput, "Decrypt")
	try("DecryptAtInto", fresh, func() error { _, err := fresh.DecryptAtInto(2, make([]byte, 100), sealed, nil); return err }, core.ErrInvalidInput, "Decrypt")

	// A format that is not UTF-8.
	room := make([]byte, 200)
	try("Seal", fresh, func() error { _, err := fresh.Seal(cacheKey, data, "\xff"); return err }, core.ErrInvalidInput, "Store")
	try("AppendSeal", fresh, func() error { _, err := fresh.AppendSeal(nil, cacheKey, data, "\xff"); return err }, core.ErrInvalidInput, "Store")
	try("SealInto", fresh, func() error { _, _, err := fresh.SealInto(room, cacheKey, data, "\xff"); return err }, core.ErrInvalidInput, "Store")
	try("SealUncompressedInto", fresh, func() error {
		_, _, err := fresh.SealUncompressedInto(room, uncompressed("\xff", accept), cacheKey, data)
		return err
	}, core.ErrInvalidInput, "Encrypt")
	try("Open", fresh, func() error { _, _, err := fresh.Open(cacheKey, entry, "\xff"); return err }, core.ErrInvalidInput, "Decrypt")
	try("AppendOpen", fresh, func() error { _, _, err := fresh.AppendOpen(nil, cacheKey, entry, "\xff"); return err }, core.ErrInvalidInput, "Decrypt")
	try("OpenEnvelopeInto", fresh, func() error { _, _, err := fresh.OpenEnvelopeInto(room, cacheKey, entry, "\xff"); return err }, core.ErrInvalidInput, "Decrypt")
	try("OpenUncompressedInto", fresh, func() error {
		_, _, err := fresh.OpenUncompressedInto(room, uncompressed("\xff", accept), cacheKey, plain)
		return err
	}, core.ErrInvalidInput, "Decrypt")

	// A plaintext that the caller refuses.
	for size := range len(plain) + 1 {
		try("SealUncompressedInto", fresh, func() error {
			_, _, err := fresh.SealUncompressedInto(room[:size], uncompressed("json", refuse), cacheKey, data)
			return err
		}, refusal, "Encrypt")
	}
	copy(room, "a secret")
	try("OpenUncompressedInto", fresh, func() error {
		_, _, err := fresh.OpenUncompressedInto(room, uncompressed("json", refuse), cacheKey, plain)
		return err
	}, refusal, "Decrypt")
	if !bytes.Equal(room[:len(data)], make([]byte, len(data))) {
		t.Errorf("%q is left of what was refused", room[:len(data)])
	}

	// What is authentic, and no envelope of that format.
	damagedSum, otherFormat := appendEnvelope(t, data, "json"), appendEnvelope(t, data, "text")
	damagedSum[5] ^= 1 // a literal
	for _, c := range []struct {
		envelope []byte
		want     error
	}{
		{[]byte{0xc1}, core.ErrInvalidInput}, {otherFormat, core.ErrInvalidInput}, {damagedSum, core.ErrChecksumMismatch},
	} {
		entry := sealRaw(t, fresh, "key", "json", c.envelope)
		try("Open", fresh, func() error { _, _, err := fresh.Open(cacheKey, entry, "json"); return err }, c.want, "Retrieve")
		try("AppendOpen", fresh, func() error { _, _, err := fresh.AppendOpen(nil, cacheKey, entry, "json"); return err }, c.want, "Retrieve")
		if c.want == core.ErrInvalidInput {
			try("OpenEnvelopeInto", fresh, func() error { _, _, err := fresh.OpenEnvelopeInto(room, cacheKey, entry, "json"); return err }, c.want, "Retrieve")
		}
	}
	if e, err := core.Inspect(damagedSum); err != nil {
		t.Error(err)
	} else {
		try("Extract", fresh, func() error { return fresh.Extract(&e, make([]byte, e.OriginalSize)) }, core.ErrChecksumMismatch, "Retrieve")
		try("Extract", fresh, func() error { return fresh.Extract(&e, nil) }, core.ErrBufferTooSmall, "")
	}

	// Buffers that are too small, or overlap.
	for name, f := range map[string]func(dst []byte) error{
		"EncryptInto":      func(dst []byte) error { _, _, err := fresh.EncryptInto(dst, data, nil); return err },
		"DecryptInto":      func(dst []byte) error { _, _, err := fresh.DecryptInto(dst, sealed, nil); return err },
		"DecryptAtInto":    func(dst []byte) error { _, err := fresh.DecryptAtInto(0, dst, sealed, nil); return err },
		"SealInto":         func(dst []byte) error { _, _, err := fresh.SealInto(dst, cacheKey, data, "json"); return err },
		"OpenEnvelopeInto": func(dst []byte) error { _, _, err := fresh.OpenEnvelopeInto(dst, cacheKey, entry, "json"); return err },
		"SealUncompressedInto": func(dst []byte) error {
			_, _, err := fresh.SealUncompressedInto(dst, uncompressed("json", accept), cacheKey, data)
			return err
		},
		"OpenUncompressedInto": func(dst []byte) error {
			_, _, err := fresh.OpenUncompressedInto(dst, uncompressed("json", accept), cacheKey, plain)
			return err
		},
	} {
		try(name, fresh, func() error { return f(make([]byte, 3)) }, core.ErrBufferTooSmall, "")
	}
	try("EncryptInto", fresh, func() error { _, _, err := fresh.EncryptInto(room, room[1:50], nil); return err }, core.ErrInternal, "Encrypt")
	try("SealUncompressedInto", fresh, func() error {
		_, _, err := fresh.SealUncompressedInto(room, uncompressed("json", accept), cacheKey, room[1:50])
		return err
	}, core.ErrInternal, "Encrypt")
	try("DecryptInto", fresh, func() error { _, _, err := fresh.DecryptInto(room, room[1:50], nil); return err }, core.ErrInternal, "Decrypt")
	try("DecryptAtInto", fresh, func() error { _, err := fresh.DecryptAtInto(0, room, room[1:50], nil); return err }, core.ErrInternal, "Decrypt")
	try("OpenEnvelopeInto", fresh, func() error { _, _, err := fresh.OpenEnvelopeInto(room, cacheKey, room[1:50], "json"); return err }, core.ErrInternal, "Decrypt")
	try("OpenUncompressedInto", fresh, func() error {
		_, _, err := fresh.OpenUncompressedInto(room, uncompressed("json", accept), cacheKey, room[1:50])
		return err
	}, core.ErrInternal, "Decrypt")

	if names := missing(reflect.TypeFor[*TenantKeyring](), seen); names != nil {
		t.Errorf("not in this table: %v", names)
	}
	fresh.Wipe() // returns, as everything that began has ended
}

// A check that panics is a failure too, and no reason for Wipe to wait.
func TestCheckThatPanics(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "tenant")
	room := make([]byte, 100)
	n, _, err := ring.SealUncompressedInto(room, uncompressed("", func([]byte) error { return nil }), nil, []byte("data"))
	if err != nil {
		t.Fatal(err)
	}
	before := ring.Metrics()
	fail := func([]byte) error { panic("check") }
	errorOf(func() error {
		_, _, err := ring.SealUncompressedInto(make([]byte, 100), uncompressed("", fail), nil, []byte("data"))
		return err
	})
	errorOf(func() error {
		_, _, err := ring.OpenUncompressedInto(make([]byte, 100), uncompressed("", fail), nil, room[:n])
		return err
	})
	after := ring.Metrics()
	if after.Encrypt.Errors != 1 || after.Decrypt.Errors != 1 || after.Encrypt.BytesIn != before.Encrypt.BytesIn || after.Decrypt.BytesIn != 0 {
		t.Errorf("%+v", after)
	}
	ring.Wipe()
}

// What a caller may refuse is a plaintext that comes back or goes in whole.
func TestUncompressedEntries(t *testing.T) {
	ring := testKeyring(t, testKey(1), [][]byte{testKey(2)}, "tenant")
	old := testKeyring(t, testKey(2), nil, "tenant")
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 64, 5000, 100000} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		var asked [][]byte
		ask := func(b []byte) error { asked = append(asked, bytes.Clone(b)); return nil }
		for index, k := range []*TenantKeyring{ring, old} {
			sealed := make([]byte, n+Overhead)
			if size, rotate, err := k.SealUncompressedInto(sealed, uncompressed("json", ask), []byte("key"), data); size != len(sealed) || rotate || err != nil {
				t.Fatalf("%d bytes: %d, %t, %v", n, size, rotate, err)
			}
			out := make([]byte, n)
			size, got, err := ring.OpenUncompressedInto(out, uncompressed("json", ask), []byte("key"), sealed)
			if size != n || got != index || err != nil || !bytes.Equal(out, data) {
				t.Errorf("%d bytes: %d with key %d, %v", n, size, got, err)
			}
			refuse := func([]byte) error { return core.ErrInvalidInput }
			if size, got, err := ring.OpenUncompressedInto(out, uncompressed("json", refuse), []byte("key"), sealed); size != 0 || got != 0 || err != core.ErrInvalidInput {
				t.Errorf("%d bytes that are refused: %d with key %d, %v", n, size, got, err)
			}
			if size, _, err := k.SealUncompressedInto(bytes.Clone(sealed), uncompressed("json", refuse), []byte("key"), data); size != 0 || err != core.ErrInvalidInput {
				t.Errorf("%d bytes that are refused: %d, %v", n, size, err)
			}
			aad, err := AppendAAD(nil, []byte("tenant"), []byte("key"), "json", false, "")
			if err != nil {
				t.Fatal(err)
			}
			if plain, _, err := ring.Decrypt(sealed, aad); err != nil || !bytes.Equal(plain, data) {
				t.Errorf("%d bytes do not come back under their AAD: %v", n, err)
			}
		}
		if len(asked) != 4 || slices.ContainsFunc(asked, func(b []byte) bool { return !bytes.Equal(b, data) }) {
			t.Errorf("%d bytes: asked %d times", n, len(asked))
		}
	}
}

func uncompressed(format string, check func([]byte) error) *Uncompressed {
	return &Uncompressed{format, MaxCacheKeySize, check}
}
