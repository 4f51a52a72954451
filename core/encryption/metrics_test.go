package encryption

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
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

// errorOf calls f and returns its error, or codes.Internal after a panic, which
// is what the C library makes of it.
func errorOf(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = codes.Internal
		}
	}()
	return f()
}

// Every error of every method of an Encryptor counts once, in the operation that
// it belongs to; core.ErrBufferTooSmall does not.
func TestEachEncryptorErrorCountsOnce(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		fresh, exhausted, wiped := newEncryptor(t), newEncryptor(t), newEncryptor(t)
		spent(exhausted).Store(MaxEncryptions)
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
		try("EncryptInto", fresh, func() error { _, _, err := fresh.EncryptInto(room, key, room[1:50], nil); return err }, codes.Internal, "Encrypt")
		try("DecryptInto", fresh, func() error { _, err := fresh.DecryptInto(room, key, room[1:50], nil); return err }, codes.Internal, "Decrypt")
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
	spent(exhausted).Store(MaxEncryptions)
	wiped.Wipe()
	huge, data, cacheKey := hugeSlice(t), []byte("\xa4data"), []byte("key")
	sealed, err1 := fresh.Encrypt(data, nil)
	entry, err2 := fresh.Seal(cacheKey, data, "json")
	interop, err3 := fresh.SealInterop("key", data)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"Fingerprint": true} // which counts nothing
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
		try("SealMany", c.k, func() error { return c.k.SealMany([]core.Item{{CacheKey: cacheKey, In: c.data}}, "json") }, c.want, stored)
		try("AppendSeal", c.k, func() error { _, err := c.k.AppendSeal(nil, cacheKey, c.data, "json"); return err }, c.want, stored)
		try("SealInto", c.k, func() error { _, _, err := c.k.SealInto(make([]byte, 200), cacheKey, c.data, "json"); return err }, c.want, stored)
		try("SealInterop", c.k, func() error { _, err := c.k.SealInterop("key", c.data); return err }, c.want, "Encrypt")
		try("AppendSealInterop", c.k, func() error { _, err := c.k.AppendSealInterop(nil, "key", c.data); return err }, c.want, "Encrypt")
		try("SealInteropInto", c.k, func() error { _, _, err := c.k.SealInteropInto(make([]byte, 200), "key", c.data); return err }, c.want, "Encrypt")
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
		try("DecryptAtInto", c.k, func() error { _, err := c.k.DecryptAtInto(room, 1, c.ciphertext, nil); return err }, c.want, "Decrypt")
		try("Open", c.k, func() error { _, _, err := c.k.Open(cacheKey, c.ciphertext, "json"); return err }, c.want, "Decrypt")
		try("OpenMany", c.k, func() error { return c.k.OpenMany([]core.Item{{CacheKey: cacheKey, In: c.ciphertext}}, "json") }, c.want, "Decrypt")
		try("AppendOpen", c.k, func() error { _, _, err := c.k.AppendOpen(nil, cacheKey, c.ciphertext, "json"); return err }, c.want, "Decrypt")
		try("OpenInterop", c.k, func() error { _, _, err := c.k.OpenInterop("key", c.ciphertext); return err }, c.want, "Decrypt")
		try("AppendOpenInterop", c.k, func() error { _, _, err := c.k.AppendOpenInterop(nil, "key", c.ciphertext); return err }, c.want, "Decrypt")
		try("OpenInteropInto", c.k, func() error { _, _, err := c.k.OpenInteropInto(room, "key", c.ciphertext); return err }, c.want, "Decrypt")
	}
	try("DecryptAt", fresh, func() error { _, err := fresh.DecryptAt(2, sealed, nil); return err }, core.ErrInvalidInput, "Decrypt")
	try("DecryptAtInto", fresh, func() error { _, err := fresh.DecryptAtInto(make([]byte, 100), -1, sealed, nil); return err }, core.ErrInvalidInput, "Decrypt")

	// A format that is not UTF-8.
	room := make([]byte, 200)
	try("Seal", fresh, func() error { _, err := fresh.Seal(cacheKey, data, "\xff"); return err }, core.ErrInvalidInput, "Store")
	try("SealMany", fresh, func() error { return fresh.SealMany([]core.Item{{CacheKey: cacheKey, In: data}}, "\xff") }, core.ErrInvalidInput, "Store")
	try("AppendSeal", fresh, func() error { _, err := fresh.AppendSeal(nil, cacheKey, data, "\xff"); return err }, core.ErrInvalidInput, "Store")
	try("SealInto", fresh, func() error { _, _, err := fresh.SealInto(room, cacheKey, data, "\xff"); return err }, core.ErrInvalidInput, "Store")
	try("Open", fresh, func() error { _, _, err := fresh.Open(cacheKey, entry, "\xff"); return err }, core.ErrInvalidInput, "Decrypt")
	try("OpenMany", fresh, func() error { return fresh.OpenMany([]core.Item{{CacheKey: cacheKey, In: entry}}, "\xff") }, core.ErrInvalidInput, "Decrypt")
	try("AppendOpen", fresh, func() error { _, _, err := fresh.AppendOpen(nil, cacheKey, entry, "\xff"); return err }, core.ErrInvalidInput, "Decrypt")

	// A cache key that is too long.
	long := make([]byte, MaxCacheKeySize+1)
	longInterop := strings.Repeat("k", limits.MaxInteropKeySize+1)
	try("Seal", fresh, func() error { _, err := fresh.Seal(long, data, "json"); return err }, core.ErrInputTooLarge, "Store")
	try("SealMany", fresh, func() error { return fresh.SealMany([]core.Item{{CacheKey: long, In: data}}, "json") }, core.ErrInputTooLarge, "Store")
	try("AppendSeal", fresh, func() error { _, err := fresh.AppendSeal(nil, long, data, "json"); return err }, core.ErrInputTooLarge, "Store")
	try("SealInto", fresh, func() error { _, _, err := fresh.SealInto(room, long, data, "json"); return err }, core.ErrInputTooLarge, "Store")
	try("Open", fresh, func() error { _, _, err := fresh.Open(long, entry, "json"); return err }, core.ErrInputTooLarge, "Decrypt")
	try("OpenMany", fresh, func() error { return fresh.OpenMany([]core.Item{{CacheKey: long, In: entry}}, "json") }, core.ErrInputTooLarge, "Decrypt")
	try("AppendOpen", fresh, func() error { _, _, err := fresh.AppendOpen(nil, long, entry, "json"); return err }, core.ErrInputTooLarge, "Decrypt")
	try("SealInterop", fresh, func() error { _, err := fresh.SealInterop(longInterop, data); return err }, core.ErrInputTooLarge, "Encrypt")
	try("AppendSealInterop", fresh, func() error { _, err := fresh.AppendSealInterop(nil, longInterop, data); return err }, core.ErrInputTooLarge, "Encrypt")
	try("SealInteropInto", fresh, func() error { _, _, err := fresh.SealInteropInto(room, longInterop, data); return err }, core.ErrInputTooLarge, "Encrypt")
	try("OpenInterop", fresh, func() error { _, _, err := fresh.OpenInterop(longInterop, interop); return err }, core.ErrInputTooLarge, "Decrypt")
	try("AppendOpenInterop", fresh, func() error { _, _, err := fresh.AppendOpenInterop(nil, longInterop, interop); return err }, core.ErrInputTooLarge, "Decrypt")
	try("OpenInteropInto", fresh, func() error { _, _, err := fresh.OpenInteropInto(room, longInterop, interop); return err }, core.ErrInputTooLarge, "Decrypt")

	// What is no document, going in and coming out.
	noDocument := []byte("\xa4data?")
	for size := range len(noDocument) + Overhead + 1 {
		try("SealInteropInto", fresh, func() error { _, _, err := fresh.SealInteropInto(room[:size], "key", noDocument); return err }, core.ErrInvalidInput, "Encrypt")
	}
	try("SealInterop", fresh, func() error { _, err := fresh.SealInterop("key", noDocument); return err }, core.ErrInvalidInput, "Encrypt")
	try("AppendSealInterop", fresh, func() error { _, err := fresh.AppendSealInterop(nil, "key", noDocument); return err }, core.ErrInvalidInput, "Encrypt")
	refused, err := fresh.Encrypt(noDocument, entryAAD(t, fresh, "key", core.DefaultFormat, false))
	if err != nil {
		t.Fatal(err)
	}
	copy(room, "a secret")
	try("OpenInteropInto", fresh, func() error { _, _, err := fresh.OpenInteropInto(room, "key", refused); return err }, core.ErrInvalidInput, "Decrypt")
	if !bytetest.Only(room[:len(noDocument)], 0) {
		t.Errorf("%q is left of what was refused", room[:len(noDocument)])
	}
	try("OpenInterop", fresh, func() error { _, _, err := fresh.OpenInterop("key", refused); return err }, core.ErrInvalidInput, "Decrypt")
	try("AppendOpenInterop", fresh, func() error { _, _, err := fresh.AppendOpenInterop(nil, "key", refused); return err }, core.ErrInvalidInput, "Decrypt")

	// What is authentic, and no envelope of that format.
	damagedSum, otherFormat := envelopeOf(t, data, "json"), envelopeOf(t, data, "text")
	damagedSum[5] ^= 1 // a literal
	for _, c := range []struct {
		envelope []byte
		want     error
	}{
		{[]byte{0xc1}, core.ErrInvalidInput}, {otherFormat, core.ErrInvalidInput}, {damagedSum, core.ErrChecksumMismatch},
	} {
		entry := sealRaw(t, fresh, "key", "json", c.envelope)
		try("Open", fresh, func() error { _, _, err := fresh.Open(cacheKey, entry, "json"); return err }, c.want, "Retrieve")
		try("OpenMany", fresh, func() error { return fresh.OpenMany([]core.Item{{CacheKey: cacheKey, In: entry}}, "json") }, c.want, "Retrieve")
		try("AppendOpen", fresh, func() error { _, _, err := fresh.AppendOpen(nil, cacheKey, entry, "json"); return err }, c.want, "Retrieve")
	}

	// Buffers that are too small, or overlap.
	for name, f := range map[string]func(dst []byte) error{
		"EncryptInto":     func(dst []byte) error { _, _, err := fresh.EncryptInto(dst, data, nil); return err },
		"DecryptInto":     func(dst []byte) error { _, _, err := fresh.DecryptInto(dst, sealed, nil); return err },
		"DecryptAtInto":   func(dst []byte) error { _, err := fresh.DecryptAtInto(dst, 0, sealed, nil); return err },
		"SealInto":        func(dst []byte) error { _, _, err := fresh.SealInto(dst, cacheKey, data, "json"); return err },
		"SealInteropInto": func(dst []byte) error { _, _, err := fresh.SealInteropInto(dst, "key", data); return err },
		"OpenInteropInto": func(dst []byte) error { _, _, err := fresh.OpenInteropInto(dst, "key", interop); return err },
	} {
		try(name, fresh, func() error { return f(make([]byte, 3)) }, core.ErrBufferTooSmall, "")
	}
	try("EncryptInto", fresh, func() error { _, _, err := fresh.EncryptInto(room, room[1:50], nil); return err }, codes.Internal, "Encrypt")
	try("SealInteropInto", fresh, func() error {
		copy(room[1:], data)
		_, _, err := fresh.SealInteropInto(room, "key", room[1:1+len(data)])
		return err
	}, codes.Internal, "Encrypt")
	try("DecryptInto", fresh, func() error { _, _, err := fresh.DecryptInto(room, room[1:50], nil); return err }, codes.Internal, "Decrypt")
	try("DecryptAtInto", fresh, func() error { _, err := fresh.DecryptAtInto(room, 0, room[1:50], nil); return err }, codes.Internal, "Decrypt")
	try("OpenInteropInto", fresh, func() error { _, _, err := fresh.OpenInteropInto(room, "key", room[1:50]); return err }, codes.Internal, "Decrypt")

	try("SetLevel", fresh, func() error { return fresh.SetLevel(0) }, core.ErrInvalidInput, "")
	try("SetMaxPayload", fresh, func() error { return fresh.SetMaxPayload(0) }, core.ErrInvalidInput, "")

	if names := missing(reflect.TypeFor[*TenantKeyring](), seen); names != nil {
		t.Errorf("not in this table: %v", names)
	}
	fresh.Wipe() // returns, as everything that began has ended
}
