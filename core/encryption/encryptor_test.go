package encryption

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
)

func TestNonceIsInstanceIDAndCounter(t *testing.T) {
	first, second := newEncryptor(t), newEncryptor(t)
	a, b := first.InstanceID(), second.InstanceID()
	if binary.BigEndian.Uint64(b[:]) != binary.BigEndian.Uint64(a[:])+1 {
		t.Errorf("instance ids %x and %x do not follow each other", a, b)
	}
	for i := range uint32(300) {
		sealed, err := first.Encrypt(testKey(1), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := binary.BigEndian.AppendUint32(a[:], i); !bytes.Equal(sealed[:NonceSize], want) {
			t.Fatalf("nonce %x, want %x", sealed[:NonceSize], want)
		}
	}
	if first.Counter() != 300 || second.Counter() != 0 {
		t.Errorf("counters %d and %d", first.Counter(), second.Counter())
	}
}

// What is announced comes out of every form, and so does the end.
func TestRotationIsAnnounced(t *testing.T) {
	key, cacheKey, value := testKey(1), []byte("k"), []byte("\xa1x")
	e, ring := newEncryptor(t), testKeyring(t, key, nil, "t")
	for _, f := range []struct {
		name    string
		owner   interface{ RotationNeeded() bool }
		into    func(dst []byte) (n int, rotate bool, err error)
		more    func(dst []byte) ([]byte, error)
		decrypt func(in []byte) ([]byte, error)
	}{
		{
			"Encryptor.Encrypt", e,
			func(dst []byte) (int, bool, error) { return e.EncryptInto(dst, key, value, nil) },
			func(dst []byte) ([]byte, error) { return e.AppendEncrypt(dst, key, value, nil) },
			func(in []byte) ([]byte, error) { return e.Decrypt(key, in, nil) },
		},
		{
			"Encrypt", ring,
			func(dst []byte) (int, bool, error) { return ring.EncryptInto(dst, value, nil) },
			func(dst []byte) ([]byte, error) { return ring.AppendEncrypt(dst, value, nil) },
			func(in []byte) ([]byte, error) { p, _, err := ring.Decrypt(in, nil); return p, err },
		},
		{
			"Seal", ring,
			func(dst []byte) (int, bool, error) { return ring.SealInto(dst, cacheKey, value, "f") },
			func(dst []byte) ([]byte, error) { return ring.AppendSeal(dst, cacheKey, value, "f") },
			func(in []byte) ([]byte, error) { p, _, err := ring.Open(cacheKey, in, "f"); return p, err },
		},
		{
			"SealInterop", ring,
			func(dst []byte) (int, bool, error) { return ring.SealInteropInto(dst, "k", value) },
			func(dst []byte) ([]byte, error) { return ring.AppendSealInterop(dst, "k", value) },
			func(in []byte) ([]byte, error) { p, _, err := ring.OpenInterop("k", in); return p, err },
		},
	} {
		for before, want := range map[uint64]bool{0: false, RotationThreshold - 1: false, RotationThreshold: true, MaxEncryptions - 1: true} {
			spent(f.owner).Store(before)
			dst := make([]byte, 200)
			n, rotate, err := f.into(dst)
			if rotate != want || err != nil || binary.BigEndian.Uint32(dst[8:]) != uint32(before) {
				t.Errorf("%s after %d: rotate %t, %v, nonce %x", f.name, before, rotate, err, dst[:NonceSize])
			}
			if got, err := f.decrypt(dst[:n]); err != nil || !bytes.Equal(got, value) {
				t.Errorf("%s after %d: opens to %q, %v", f.name, before, got, err)
			}
			if needed := f.owner.RotationNeeded(); needed != (before+1 >= RotationThreshold) {
				t.Errorf("%s after %d: RotationNeeded is %t", f.name, before, needed)
			}
		}
		spent(f.owner).Store(MaxEncryptions)
		dst := make([]byte, 200)
		if n, rotate, err := f.into(dst); n != 0 || rotate || !errors.Is(err, core.ErrCounterExhausted) || !bytetest.Only(dst, 0) {
			t.Errorf("%s at the end: %d, %t, %v", f.name, n, rotate, err)
		}
		if got, err := f.more([]byte("abc")); string(got) != "abc" || !errors.Is(err, core.ErrCounterExhausted) {
			t.Errorf("%s at the end, appended: %q, %v", f.name, got, err)
		}
	}
}

func TestSizesAndTheirOrder(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		e := newEncryptor(t)
		key := testKey(1)
		huge := hugeSlice(t)
		for _, c := range []struct {
			name                string
			key, dst, plaintext []byte
			n                   int
			err                 error
		}{
			{"everything wrong", key[:31], nil, huge, 0, core.ErrInvalidKeyLength},
			{"long key", append(testKey(1), 0), make([]byte, 100), nil, 0, core.ErrInvalidKeyLength},
			{"no key", nil, make([]byte, 100), nil, 0, core.ErrInvalidKeyLength},
			{"too much", key, nil, huge, 0, core.ErrInputTooLarge},
			{"no room", key, nil, []byte("abc"), 31, core.ErrBufferTooSmall},
			{"one byte too little", key, make([]byte, 30), []byte("abc"), 31, core.ErrBufferTooSmall},
			{"just enough", key, make([]byte, 31), []byte("abc"), 31, nil},
		} {
			before := e.Counter()
			n, _, err := e.EncryptInto(c.dst, c.key, c.plaintext, nil)
			if n != c.n || !errors.Is(err, c.err) {
				t.Errorf("%s: %d, %v", c.name, n, err)
			}
			if spent := e.Counter() != before; spent != (c.err == nil) {
				t.Errorf("%s: nonce spent: %t", c.name, spent)
			}
			if out, err := e.Encrypt(c.key, c.plaintext, nil); err != nil && out != nil {
				t.Errorf("%s: output beside %v", c.name, err)
			}
		}
		sealed, _ := e.Encrypt(key, []byte("abc"), nil)
		for _, c := range []struct {
			name                 string
			key, dst, ciphertext []byte
			n                    int
			err                  error
		}{
			{"everything wrong", key[:31], nil, nil, 0, core.ErrInvalidKeyLength},
			{"empty", key, nil, nil, 0, core.ErrInvalidInput},
			{"no tag", key, nil, sealed[:27], 0, core.ErrInvalidInput},
			{"too much", key, nil, huge, 0, core.ErrInputTooLarge},
			{"no room", key, nil, sealed, 3, core.ErrBufferTooSmall},
			{"just enough", key, make([]byte, 3), sealed, 3, nil},
		} {
			if n, err := e.DecryptInto(c.dst, c.key, c.ciphertext, nil); n != c.n || !errors.Is(err, c.err) {
				t.Errorf("decrypt: %s: %d, %v", c.name, n, err)
			}
			if out, err := e.Decrypt(c.key, c.ciphertext, nil); err != nil && out != nil {
				t.Errorf("decrypt: %s: output beside %v", c.name, err)
			}
		}
	})
}

func TestEncryptorInPlace(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		e := newEncryptor(t)
		for _, size := range []int{0, 1, 16, 100, 5000} {
			buffer := bytes.Repeat([]byte{0x5a}, size+Overhead)
			want := bytes.Clone(buffer[NonceSize : NonceSize+size])
			n, _, err := e.EncryptInto(buffer, testKey(1), buffer[NonceSize:NonceSize+size], []byte("aad"))
			if err != nil || n != len(buffer) {
				t.Fatalf("%d bytes: %d, %v", size, n, err)
			}
			if got, err := e.Decrypt(testKey(1), buffer, []byte("aad")); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes: %v", size, err)
			}
			n, err = e.DecryptInto(buffer[NonceSize:], testKey(1), buffer, []byte("aad"))
			if err != nil || !bytes.Equal(buffer[NonceSize:NonceSize+n], want) {
				t.Fatalf("%d bytes back: %v", size, err)
			}
		}
	})
}

func TestFailedOpenLeavesZeros(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		e := newEncryptor(t)
		ring := testKeyring(t, testKey(1), [][]byte{testKey(2), testKey(3)}, "t")
		for _, size := range []int{1, 16, 100, 5000, 100000} {
			sealed, err := e.Encrypt(testKey(1), bytes.Repeat([]byte{0xaa}, size), nil)
			if err != nil {
				t.Fatal(err)
			}
			sealed[len(sealed)-1] ^= 1
			zeros := make([]byte, size)
			dst := bytes.Repeat([]byte{0xaa}, size+1)
			if n, err := e.DecryptInto(dst, testKey(1), sealed, nil); n != 0 || !errors.Is(err, core.ErrDecryptionFailed) {
				t.Fatalf("%d, %v", n, err)
			}
			if !bytes.Equal(dst[:size], zeros) || dst[size] != 0xaa {
				t.Errorf("%d bytes: not zeros after a failed open", size)
			}
			dst = bytes.Repeat([]byte{0xaa}, size+1)
			if n, _, err := ring.DecryptInto(dst, sealed, nil); n != 0 || !errors.Is(err, core.ErrDecryptionFailed) {
				t.Fatalf("%d, %v", n, err)
			}
			if !bytes.Equal(dst[:size], zeros) || dst[size] != 0xaa {
				t.Errorf("%d bytes: keyring: not zeros after a failed open", size)
			}

			inPlace := bytes.Clone(sealed)
			if n, err := e.DecryptInto(inPlace[NonceSize:], testKey(1), inPlace, nil); n != 0 || !errors.Is(err, core.ErrDecryptionFailed) {
				t.Fatalf("%d, %v", n, err)
			}
			if !bytes.Equal(inPlace[NonceSize:][:size], zeros) {
				t.Errorf("%d bytes: not zeros after a failed open in place", size)
			}
			inPlace = bytes.Clone(sealed)
			if n, err := ring.DecryptAtInto(inPlace[NonceSize:], 1, inPlace, nil); n != 0 || !errors.Is(err, core.ErrDecryptionFailed) {
				t.Fatalf("%d, %v", n, err)
			}
			if !bytes.Equal(inPlace[NonceSize:][:size], zeros) {
				t.Errorf("%d bytes: keyring: not zeros after a failed open in place", size)
			}
		}
	})
}

func TestAppendFormsKeepWhatIsThere(t *testing.T) {
	e := newEncryptor(t)
	for _, room := range []int{0, 1000} {
		dst := append(make([]byte, 0, 3+room), "abc"...)
		sealed, err := e.AppendEncrypt(dst, testKey(1), []byte("data"), nil)
		if err != nil || string(sealed[:3]) != "abc" || (&sealed[0] == &dst[0]) != (room > 0) {
			t.Fatalf("%q, %v", sealed, err)
		}
		opened, err := e.AppendDecrypt(dst, testKey(1), sealed[3:], nil)
		if err != nil || string(opened) != "abcdata" {
			t.Fatalf("%q, %v", opened, err)
		}
		if got, err := e.AppendDecrypt([]byte("abc"), testKey(2), sealed[3:], nil); string(got) != "abc" || err == nil {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

func TestEncryptorMetrics(t *testing.T) {
	e := newEncryptor(t)
	sealed, _ := e.Encrypt(testKey(1), make([]byte, 100), nil)
	for range 4 {
		e.Decrypt(testKey(1), sealed, nil)
	}
	e.Decrypt(testKey(2), sealed, nil)
	e.Encrypt(nil, nil, nil)
	e.EncryptInto(nil, testKey(1), nil, nil) // too small: not counted
	m := e.Metrics()
	if en := m.Encrypt; en.Operations != 2 || en.Errors != 1 || en.BytesIn != 100 || en.BytesOut != 128 {
		t.Errorf("encrypt: %+v", en)
	}
	if de := m.Decrypt; de.Operations != 5 || de.Errors != 1 || de.BytesIn != 512 || de.BytesOut != 400 {
		t.Errorf("decrypt: %+v", de)
	}
	if m.HardwareAccelerated != HardwareAccelerated() || m.Store.Operations != 0 {
		t.Errorf("%+v", m)
	}
}
