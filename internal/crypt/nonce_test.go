package crypt

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

func TestRandomSourceFailure(t *testing.T) {
	instances.Lock()
	seeded := instances.seeded
	instances.seeded = false
	instances.Unlock()
	random = func([]byte) error { return io.ErrUnexpectedEOF }
	defer func() {
		random = systemRandom
		instances.Lock()
		instances.seeded = seeded
		instances.Unlock()
	}()
	var e Encryptor
	if err := e.Init(); !errors.Is(err, codes.RNGFailure) || codes.Of(err) != codes.RNGFailure || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Encryptor: %v", err)
	}
	if _, _, err := e.Encrypt(fresh(), testKey(1), nil, nil); !errors.Is(err, ErrNotMade) {
		t.Errorf("an Encryptor without random bytes: %v", err)
	}
	var k TenantKeyring
	if err := k.Init(testKey(1), nil, []byte("t")); !errors.Is(err, codes.RNGFailure) {
		t.Errorf("TenantKeyring: %v", err)
	}
	if _, _, err := k.Encrypt(fresh(), nil, nil); !errors.Is(err, ErrNotMade) {
		t.Errorf("a TenantKeyring without random bytes: %v", err)
	}
	random = func(b []byte) error { copy(b, "\xff\xff\xff\xff\xff\xff\xff\xff"); return nil }
	last, first := newEncryptor(t).InstanceID(), newEncryptor(t).InstanceID()
	if binary.BigEndian.Uint64(last[:]) != 1<<64-1 || binary.BigEndian.Uint64(first[:]) != 0 {
		t.Errorf("ids %x and %x", last, first)
	}
}

func TestSystemRandomFillsAndVaries(t *testing.T) {
	var a, b [8]byte
	if err := errors.Join(systemRandom(a[:]), systemRandom(b[:])); err != nil || a == b || a == [8]byte{} {
		t.Fatalf("%x, %x, %v", a, b, err)
	}
}

// encryption is a call that takes a nonce, by an Encryptor or a keyring, with what
// undoes it. The plaintext is "\xa1x", which is a MessagePack document.
type encryption struct {
	name    string
	nonces  *Nonces
	encrypt func(dst []byte) (out []byte, rotate bool, err error)
	decrypt func(in []byte) ([]byte, error)
}

func encryptions(t *testing.T) []encryption {
	key, plaintext, cacheKey := testKey(1), []byte("\xa1x"), []byte("k")
	e := newEncryptor(t)
	ring := testKeyring(t, key, nil, "t")
	return []encryption{
		{
			"Encryptor.Encrypt", &e.Nonces,
			func(dst []byte) ([]byte, bool, error) { return e.Encrypt(into(dst), key, plaintext, nil) },
			func(in []byte) ([]byte, error) { return e.Decrypt(fresh(), key, in, nil) },
		},
		{
			"TenantKeyring.Encrypt", &ring.Nonces,
			func(dst []byte) ([]byte, bool, error) { return ring.Encrypt(into(dst), plaintext, nil) },
			func(in []byte) ([]byte, error) { p, _, err := ring.Decrypt(fresh(), in, nil); return p, err },
		},
		{
			"TenantKeyring.Seal", &ring.Nonces,
			func(dst []byte) ([]byte, bool, error) { return ring.Seal(into(dst), cacheKey, plaintext, "f") },
			func(in []byte) ([]byte, error) {
				p, _, err := ring.Open(fresh(), memory.Make, nil, cacheKey, in, "f")
				return p, err
			},
		},
		{
			"TenantKeyring.SealInterop", &ring.Nonces,
			func(dst []byte) ([]byte, bool, error) { return ring.SealInterop(into(dst), "k", plaintext) },
			func(in []byte) ([]byte, error) { p, _, err := ring.OpenInterop(fresh(), "k", in); return p, err },
		},
	}
}

func TestRotationIsAnnouncedAndTheCounterEnds(t *testing.T) {
	for _, f := range encryptions(t) {
		for _, c := range []struct {
			made   uint64
			rotate bool
			err    error
		}{
			{0, false, nil},
			{1<<31 - 1, false, nil}, // the 2,147,483,648th
			{1 << 31, true, nil},    // the 2,147,483,649th
			{1<<32 - 1, true, nil},
			{1 << 32, false, codes.CounterExhausted},
			{1<<32 + 1000, false, codes.CounterExhausted},
		} {
			n := f.nonces
			n.made.Store(c.made)
			dst := make([]byte, 200)
			out, rotate, err := f.encrypt(dst)
			if rotate != c.rotate || !errors.Is(err, c.err) {
				t.Errorf("%s, encryption %d: rotate %t, %v", f.name, c.made+1, rotate, err)
			}
			if err != nil {
				if out != nil || !bytetest.Only(dst, 0) || n.Counter() != limits.MaxEncryptions {
					t.Errorf("%s, encryption %d: %d bytes, output %x, counter %d", f.name, c.made+1, len(out), dst, n.Counter())
				}
				continue
			}
			if want := uint32(c.made); binary.BigEndian.Uint32(out[8:]) != want {
				t.Errorf("%s, encryption %d: counter %x in the nonce", f.name, c.made+1, out[8:12])
			}
			if got, err := f.decrypt(out); err != nil || string(got) != "\xa1x" {
				t.Errorf("%s, encryption %d opens to %q, %v", f.name, c.made+1, got, err)
			}
			if want := c.made+1 >= 1<<31; n.RotationNeeded() != want {
				t.Errorf("%s, RotationNeeded is %t after %d", f.name, !want, c.made+1)
			}
		}
	}
}

func TestNoNonceTwiceWithManyGoroutines(t *testing.T) {
	const goroutines, each = 16, 500
	for _, start := range []uint64{0, limits.MaxEncryptions - goroutines*each/2} {
		for _, f := range encryptions(t) {
			n := f.nonces
			n.made.Store(start)
			nonces := make([][][limits.NonceSize]byte, goroutines)
			exhausted := make([]int, goroutines)
			var wg sync.WaitGroup
			for g := range goroutines {
				wg.Go(func() {
					for range each {
						switch sealed, _, err := f.encrypt(make([]byte, 200)); codes.Of(err) {
						case codes.OK:
							nonces[g] = append(nonces[g], [limits.NonceSize]byte(sealed))
						case codes.CounterExhausted:
							exhausted[g]++
						default:
							t.Error(err)
						}
						if n.Counter() > limits.MaxEncryptions {
							t.Error("counter beyond its end")
						}
					}
				})
			}
			wg.Wait()
			want := int(min(goroutines*each, limits.MaxEncryptions-start))
			all := slices.Concat(nonces...)
			seen := map[[limits.NonceSize]byte]bool{}
			for _, nonce := range all {
				seen[nonce] = true
			}
			failed := 0
			for _, n := range exhausted {
				failed += n
			}
			if len(all) != want || len(seen) != want || failed != goroutines*each-want {
				t.Errorf("%s from %d: %d encryptions, %d nonces, %d refused; want %d", f.name, start, len(all), len(seen), failed, want)
			}
		}
	}
}
