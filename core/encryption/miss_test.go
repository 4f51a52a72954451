package encryption

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// attempt is a call that fails.
type attempt struct {
	call func() error
	want error
}

func checkMiss(t *testing.T, name string, a attempt, miss bool) {
	t.Helper()
	err := a.call()
	for _, err := range []error{err, fmt.Errorf("key %q: %w", "k", err)} {
		if !errors.Is(err, a.want) || core.IsMiss(err) != miss {
			t.Errorf("%s: %v, a miss: %t; want %v, %t", name, err, core.IsMiss(err), a.want, miss)
		}
	}
}

// readers are all calls that read what was encrypted, under the AAD of an entry or an
// interop entry where these have one.
func readers(e *Encryptor, k *TenantKeyring) map[string]func(in []byte) error {
	room, key, cacheKey := make([]byte, 4096), testKey(1), []byte("k")
	return map[string]func(in []byte) error{
		"Encryptor.Decrypt":       func(in []byte) error { _, err := e.Decrypt(key, in, nil); return err },
		"Encryptor.AppendDecrypt": func(in []byte) error { _, err := e.AppendDecrypt(nil, key, in, nil); return err },
		"Encryptor.DecryptInto":   func(in []byte) error { _, err := e.DecryptInto(room, key, in, nil); return err },
		"Decrypt":                 func(in []byte) error { _, _, err := k.Decrypt(in, nil); return err },
		"AppendDecrypt":           func(in []byte) error { _, _, err := k.AppendDecrypt(nil, in, nil); return err },
		"DecryptInto":             func(in []byte) error { _, _, err := k.DecryptInto(room, in, nil); return err },
		"DecryptAt":               func(in []byte) error { _, err := k.DecryptAt(0, in, nil); return err },
		"DecryptAtInto":           func(in []byte) error { _, err := k.DecryptAtInto(room, 0, in, nil); return err },
		"Open":                    func(in []byte) error { _, _, err := k.Open(cacheKey, in, "json"); return err },
		"AppendOpen":              func(in []byte) error { _, _, err := k.AppendOpen(nil, cacheKey, in, "json"); return err },
		"OpenInterop":             func(in []byte) error { _, _, err := k.OpenInterop("k", in); return err },
		"AppendOpenInterop":       func(in []byte) error { _, _, err := k.AppendOpenInterop(nil, "k", in); return err },
		"OpenInteropInto":         func(in []byte) error { _, _, err := k.OpenInteropInto(room, "k", in); return err },
	}
}

// Whatever is wrong with an entry, each call that finds it says that it is a miss.
func TestEveryDamagedEntryIsAMiss(t *testing.T) {
	e, k := newEncryptor(t), testKeyring(t, testKey(1), [][]byte{testKey(2)}, "t")
	huge := hugeSlice(t)
	for name, read := range readers(e, k) {
		for what, c := range map[string]struct {
			entry []byte
			want  error
		}{
			"nothing":         {nil, core.ErrInvalidInput},
			"one cut short":   {make([]byte, Overhead-1), core.ErrInvalidInput},
			"one of 512 MiB":  {huge, core.ErrInputTooLarge},
			"something else":  {make([]byte, 100), core.ErrDecryptionFailed},
			"nothing in it":   {make([]byte, Overhead), core.ErrDecryptionFailed},
			"another's entry": {sealRaw(t, testKeyring(t, testKey(3), nil, "t"), "k", "json", envelopeOf(t, []byte("data"), "json")), core.ErrDecryptionFailed},
		} {
			checkMiss(t, name+" of "+what, attempt{func() error { return read(c.entry) }, c.want}, true)
		}
	}

	// What is authentic, and cannot be used all the same.
	damaged := envelopeOf(t, []byte("some data"), "json")
	damaged[5] ^= 1
	broken := envelopeOf(t, []byte("some data"), "json")
	broken[3] = 0x0f // a copy from before the first byte
	bomb := bytetest.Unhex(t, "94c41000000000000000000000000000000000 98 0000000000000000 ce1fffffff a46a736f6e")
	claim := bytetest.Unhex(t, "94c41000000000000000000000000000000000 98 0000000000000000 ce20000001 a46a736f6e")
	wrongSize := envelopeOf(t, []byte("some data"), "json")
	wrongSize[len(wrongSize)-6]++
	for name, c := range map[string]struct {
		plaintext []byte
		want      error
	}{
		"no envelope":         {[]byte("not an envelope"), core.ErrInvalidInput},
		"no bytes":            {nil, core.ErrInvalidInput},
		"another format":      {envelopeOf(t, []byte("data"), "text"), core.ErrInvalidInput},
		"another payload":     {damaged, core.ErrChecksumMismatch},
		"a broken block":      {broken, core.ErrDecompressionFailed},
		"a bomb":              {bomb, core.ErrDecompressionBomb},
		"a claim too large":   {claim, core.ErrInputTooLarge},
		"a size that differs": {wrongSize, core.ErrSizeValidationFailed},
	} {
		entry := sealRaw(t, k, "k", "json", c.plaintext)
		for _, how := range []string{"Open", "AppendOpen"} {
			read := readers(e, k)[how]
			checkMiss(t, how+" of "+name, attempt{func() error { return read(entry) }, c.want}, true)
		}
	}
	for name, plaintext := range map[string]string{
		"no document": "\xc1", "nothing": "", "two documents": "\xc0\xc0", "one cut short": "\xa4dat", "a frame": "CK\x03 and more",
	} {
		entry, err := k.Encrypt([]byte(plaintext), entryAAD(t, k, "k", core.DefaultFormat, false))
		if err != nil {
			t.Fatal(err)
		}
		for _, how := range []string{"OpenInterop", "AppendOpenInterop", "OpenInteropInto"} {
			read := readers(e, k)[how]
			checkMiss(t, how+" of "+name, attempt{func() error { return read(entry) }, core.ErrInvalidInput}, true)
		}
	}
}

// What another entry, or another try, would meet too is no miss, though it be the same
// error.
func TestWrongArgumentsAreNoMiss(t *testing.T) {
	e, k := newEncryptor(t), testKeyring(t, testKey(1), nil, "t")
	key, data, cacheKey := testKey(1), []byte("\xa4data"), []byte("k")
	sealed, err1 := e.Encrypt(key, data, nil)
	ringSealed, err2 := k.Encrypt(data, nil)
	entry, err3 := k.Seal(cacheKey, data, "json")
	interop, err4 := k.SealInterop("k", data)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	huge, longKey := hugeSlice(t), make([]byte, MaxCacheKeySize+1)
	longFormat, longInterop := strings.Repeat("f", core.MaxFormatSize+1), strings.Repeat("k", limits.MaxInteropKeySize+1)
	for name, a := range map[string]attempt{
		"a key too short":            {func() error { _, err := e.Decrypt(key[1:], sealed, nil); return err }, core.ErrInvalidKeyLength},
		"a key too long":             {func() error { _, err := e.Decrypt(append(testKey(1), 0), nil, nil); return err }, core.ErrInvalidKeyLength},
		"a key too short to encrypt": {func() error { _, err := e.Encrypt(key[1:], data, nil); return err }, core.ErrInvalidKeyLength},
		"no buffer to decrypt":       {func() error { _, err := e.DecryptInto(nil, key, sealed, nil); return err }, core.ErrBufferTooSmall},
		"no buffer, keyring":         {func() error { _, _, err := k.DecryptInto(nil, ringSealed, nil); return err }, core.ErrBufferTooSmall},
		"no buffer, index":           {func() error { _, err := k.DecryptAtInto(nil, 0, ringSealed, nil); return err }, core.ErrBufferTooSmall},
		"no buffer, interop":         {func() error { _, _, err := k.OpenInteropInto(nil, "k", interop); return err }, core.ErrBufferTooSmall},
		"no key at an index":         {func() error { _, err := k.DecryptAt(1, ringSealed, nil); return err }, core.ErrInvalidInput},
		"no key below 0":             {func() error { _, err := k.DecryptAtInto(nil, -1, ringSealed, nil); return err }, core.ErrInvalidInput},
		"no fingerprint":             {func() error { _, err := k.Fingerprint(1); return err }, core.ErrInvalidInput},
		"Open, cache key too long":   {func() error { _, _, err := k.Open(longKey, entry, "json"); return err }, core.ErrInputTooLarge},
		"and nothing to open":        {func() error { _, _, err := k.Open(longKey, nil, "json"); return err }, core.ErrInputTooLarge},
		"Open, format too long":      {func() error { _, _, err := k.Open(cacheKey, entry, longFormat); return err }, core.ErrInputTooLarge},
		"Open, format not UTF-8":     {func() error { _, _, err := k.Open(cacheKey, entry, "\xff"); return err }, core.ErrInvalidInput},
		"OpenInterop, key too long":  {func() error { _, _, err := k.OpenInterop(longInterop, interop); return err }, core.ErrInputTooLarge},
		"Encrypt of too much":        {func() error { _, err := k.Encrypt(huge, nil); return err }, core.ErrInputTooLarge},
		"Seal of too much":           {func() error { _, err := k.Seal(cacheKey, huge, "json"); return err }, core.ErrInputTooLarge},
		"SealInterop of too much":    {func() error { _, err := k.SealInterop("k", huge); return err }, core.ErrInputTooLarge},
		"Seal, format not UTF-8":     {func() error { _, err := k.Seal(cacheKey, data, "\xff"); return err }, core.ErrInvalidInput},
		"Seal, cache key too long":   {func() error { _, err := k.Seal(longKey, data, "json"); return err }, core.ErrInputTooLarge},
		"SealInterop of no document": {func() error { _, err := k.SealInterop("k", []byte{0xc1}); return err }, core.ErrInvalidInput},
		"SealInto without room":      {func() error { _, _, err := k.SealInto(nil, cacheKey, data, "json"); return err }, core.ErrBufferTooSmall},
	} {
		checkMiss(t, name, a, false)
	}

	wipedE, wipedK := newEncryptor(t), testKeyring(t, testKey(1), nil, "t")
	wipedE.Wipe()
	wipedK.Wipe()
	long := make([]byte, 100) // which is refused before it is read
	for name, read := range readers(wipedE, wipedK) {
		checkMiss(t, name+" by what is wiped", attempt{func() error { return read(long) }, ErrWiped}, false)
	}
	for name, read := range readers(new(Encryptor), new(TenantKeyring)) {
		checkMiss(t, name+" by what is not made", attempt{func() error { return read(long) }, ErrNotMade}, false)
		checkMiss(t, name+" of nothing by what is not made", attempt{func() error { return read(nil) }, ErrNotMade}, false)
	}
	exhausted := testKeyring(t, testKey(1), nil, "t")
	spent(exhausted).Store(MaxEncryptions)
	checkMiss(t, "the end of nonces", attempt{func() error { _, err := exhausted.Encrypt(nil, nil); return err }, core.ErrCounterExhausted}, false)

	// And what is sound is no error.
	for name, f := range map[string]func() error{
		"Encryptor.Decrypt": func() error { _, err := e.Decrypt(key, sealed, nil); return err },
		"Decrypt":           func() error { _, _, err := k.Decrypt(ringSealed, nil); return err },
		"Open":              func() error { _, _, err := k.Open(cacheKey, entry, "json"); return err },
		"OpenInterop":       func() error { _, _, err := k.OpenInterop("k", interop); return err },
	} {
		if err := f(); err != nil || core.IsMiss(err) {
			t.Errorf("%s: %v, a miss: %t", name, err, core.IsMiss(err))
		}
	}
}
