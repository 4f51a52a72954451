package crypt

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

func TestEncryptorRoundTrip(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		e := newEncryptor(t)
		rng := rand.New(rand.NewPCG(3, 4))
		for i := range 500 {
			plaintext := make([]byte, rng.IntN(3000)*(i%3))
			for j := range plaintext {
				plaintext[j] = byte(rng.Uint32())
			}
			key, aad := testKey(byte(i%5)), plaintext[:len(plaintext)/3]
			sealed, rotate, err := e.Encrypt(fresh(), key, plaintext, aad)
			if err != nil || rotate || len(sealed) != len(plaintext)+limits.Overhead {
				t.Fatalf("Encrypt: %d bytes, %v", len(sealed), err)
			}
			opened, err := e.Decrypt(fresh(), key, sealed, aad)
			if err != nil || opened == nil || !bytes.Equal(opened, plaintext) {
				t.Fatalf("Decrypt: %v", err)
			}
			if _, err := e.Decrypt(fresh(), testKey(9), sealed, aad); !errors.Is(err, codes.DecryptionFailed) {
				t.Fatalf("another key: %v", err)
			}
			if _, err := e.Decrypt(fresh(), key, sealed, append(aad[:len(aad):len(aad)], 0)); !errors.Is(err, codes.DecryptionFailed) {
				t.Fatalf("another aad: %v", err)
			}

			// In place, and in place again what another key would open.
			buffer := append(make([]byte, limits.NonceSize), plaintext...)
			buffer = append(buffer, make([]byte, limits.TagSize)...)
			inside := buffer[limits.NonceSize:][:len(plaintext)]
			sealed, _, err = e.Encrypt(into(buffer), key, inside, nil)
			if err != nil || len(sealed) != len(buffer) || &sealed[0] != &buffer[0] {
				t.Fatalf("Encrypt in place: %d bytes, %v", len(sealed), err)
			}
			kept := bytes.Clone(sealed)
			opened, err = e.Decrypt(into(buffer[limits.NonceSize:]), key, buffer, nil)
			if err != nil || !bytes.Equal(opened, plaintext) || !bytes.Equal(inside, plaintext) {
				t.Fatalf("Decrypt in place: %v", err)
			}
			copy(buffer, kept)
			if got, err := e.Decrypt(into(buffer[limits.NonceSize:]), testKey(9), buffer, nil); got != nil || !errors.Is(err, codes.DecryptionFailed) || !bytetest.Only(inside, 0) {
				t.Fatalf("another key, in place: %d bytes, %v, or something is left", len(got), err)
			}
		}
	})
}

// Any bit flipped and any cut, in ciphertext, key or AAD, and nothing comes out.
func TestNoChangeGoesUnnoticed(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		e := newEncryptor(t)
		key, aad := testKey(1), []byte("additional data")
		plaintext := []byte("a plaintext of more than two blocks of AES")
		sealed, _, err := e.Encrypt(fresh(), key, plaintext, aad)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range [][]byte{sealed, key, aad} {
			for bit := range len(part) * 8 {
				part[bit/8] ^= 1 << (bit % 8)
				if got, err := e.Decrypt(fresh(), key, sealed, aad); got != nil || !errors.Is(err, codes.DecryptionFailed) {
					t.Fatalf("bit %d: %x, %v", bit, got, err)
				}
				part[bit/8] ^= 1 << (bit % 8)
			}
		}
		for n := range sealed {
			want := codes.DecryptionFailed
			if n < limits.Overhead {
				want = codes.InvalidInput
			}
			if got, err := e.Decrypt(fresh(), key, sealed[:n], aad); got != nil || !errors.Is(err, want) || !codes.IsMiss(err) {
				t.Fatalf("cut to %d bytes: %x, %v", n, got, err)
			}
		}
		if got, err := e.Decrypt(fresh(), key, append(sealed, 0), aad); got != nil || !errors.Is(err, codes.DecryptionFailed) {
			t.Fatalf("one byte more: %x, %v", got, err)
		}
		if got, err := e.Decrypt(fresh(), key, sealed, aad); err != nil || !bytes.Equal(got, plaintext) {
			t.Fatalf("unchanged again: %v", err)
		}
	})
}

func TestKeyCacheKeepsTheLastTwoKeys(t *testing.T) {
	before := setupIsCheap
	defer func() { setupIsCheap = before }()
	setupIsCheap = false
	e := newEncryptor(t)
	expanded := func(n byte) *cachedKey {
		k, err := e.keys.acquire(testKey(n))
		if err != nil {
			t.Fatal(err)
		}
		e.keys.release(k)
		return k
	}
	one, two := expanded(1), expanded(2)
	if expanded(1) != one || expanded(2) != two || expanded(1) != one {
		t.Fatal("a repeated key was expanded again")
	}
	inUse, _ := e.keys.acquire(testKey(2))
	three := expanded(3) // key 2 was the older one
	expanded(4)
	if !wiped(one) {
		t.Error("an evicted key was not wiped")
	}
	if inUse != two || wiped(two) {
		t.Error("an evicted key was wiped under its user")
	}
	e.keys.release(inUse)
	if !wiped(two) {
		t.Error("the last user did not wipe the evicted key")
	}
	for range 2 {
		inUse, _ = e.keys.acquire(testKey(3))
	}
	five := expanded(5)
	four := expanded(4)
	e.keys.release(inUse)
	if wiped(three) {
		t.Error("the first of two users wiped the evicted key")
	}
	e.keys.release(inUse)
	if !wiped(three) {
		t.Error("the last of two users did not wipe the evicted key")
	}
	inUse, _ = e.keys.acquire(testKey(4))
	e.Wipe()
	if !wiped(five) || wiped(four) {
		t.Error("Wipe wipes the keys not in use, and those only")
	}
	if e.keys.last[0].Load() != nil || e.keys.last[1].Load() != nil {
		t.Error("wiped keys are still in the cache")
	}
	e.keys.release(inUse)
	if !wiped(four) {
		t.Error("the last user did not wipe its key after Wipe")
	}
}

// A call that meets Wipe between its two looks at the cache must not leave a key
// in it, which nobody would wipe.
func TestNoKeyEntersAWipedCache(t *testing.T) {
	before := setupIsCheap
	defer func() { setupIsCheap = before }()
	setupIsCheap = false
	e := newEncryptor(t)
	e.keys.mu.Lock()
	result := make(chan error)
	go func() {
		_, _, err := e.Encrypt(fresh(), testKey(1), []byte("data"), nil)
		result <- err
	}()
	for stacks := make([]byte, 1<<16); ; runtime.Gosched() {
		all := stacks[:runtime.Stack(stacks, true)]
		if bytes.Contains(all, []byte("(*keyCache).acquire(")) && bytes.Contains(all, []byte("[sync.Mutex.Lock]")) {
			break
		}
	}
	e.keys.wiped.Store(true)
	e.keys.mu.Unlock()
	if err := <-result; !errors.Is(err, ErrWiped) {
		t.Errorf("a call amid Wipe: %v", err)
	}
	if e.keys.last[0].Load() != nil {
		t.Error("a key is in a cache that is wiped")
	}
}

func TestEncryptorWipedUnderLoad(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		e := newEncryptor(t)
		sealed, _, _ := e.Encrypt(fresh(), testKey(1), []byte("data"), nil)
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for {
					got, err := e.Decrypt(fresh(), testKey(1), sealed, nil)
					if err == ErrWiped {
						return
					}
					if err != nil || string(got) != "data" {
						t.Errorf("%q, %v", got, err)
						return
					}
					if _, _, err := e.Encrypt(fresh(), testKey(byte(g)), got, nil); err != nil && !errors.Is(err, ErrWiped) {
						t.Error(err)
					}
				}
			})
		}
		for e.Counter() < 100 {
			runtime.Gosched()
		}
		e.Wipe()
		e.Wipe()
		wg.Wait()
		if _, _, err := e.Encrypt(fresh(), testKey(1), nil, nil); codes.Of(err) != codes.InvalidHandle {
			t.Errorf("after Wipe: %v", err)
		}
	})
}
