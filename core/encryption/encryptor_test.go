package encryption

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// everyPath runs a test with keys expanded for each message and with keys kept.
func everyPath(t *testing.T, f func(t *testing.T)) {
	before := setupIsCheap
	defer func() { setupIsCheap = before }()
	for name, cheap := range map[string]bool{"key expanded each time": true, "key kept": false} {
		setupIsCheap = cheap
		t.Run(name, f)
	}
}

func testKey(n byte) []byte { return bytes.Repeat([]byte{n}, KeySize) }

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
			sealed, err := e.Encrypt(key, plaintext, aad)
			if err != nil || len(sealed) != len(plaintext)+Overhead {
				t.Fatalf("Encrypt: %d bytes, %v", len(sealed), err)
			}
			opened, err := e.Decrypt(key, sealed, aad)
			if err != nil || opened == nil || !bytes.Equal(opened, plaintext) {
				t.Fatalf("Decrypt: %v", err)
			}
			if _, err := e.Decrypt(testKey(9), sealed, aad); err != core.ErrDecryptionFailed {
				t.Fatalf("another key: %v", err)
			}
			if _, err := e.Decrypt(key, sealed, append(aad[:len(aad):len(aad)], 0)); err != core.ErrDecryptionFailed {
				t.Fatalf("another aad: %v", err)
			}
		}
	})
}

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
	if e, err := NewEncryptor(); e != nil || !errors.Is(err, core.ErrRNGFailure) || codes.Of(err) != codes.RNGFailure {
		t.Errorf("NewEncryptor: %v", err)
	}
	if k, err := NewTenantKeyring(testKey(1), nil, []byte("t")); k != nil || !errors.Is(err, core.ErrRNGFailure) {
		t.Errorf("NewTenantKeyring: %v", err)
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

func TestRotationIsAnnouncedAndTheCounterEnds(t *testing.T) {
	key := testKey(1)
	e := newEncryptor(t)
	ring := testKeyring(t, key, nil, "t")
	encrypt := map[*nonces]func(dst []byte) (int, bool, error){
		&e.nonces:    func(dst []byte) (int, bool, error) { return e.EncryptInto(dst, key, []byte("x"), nil) },
		&ring.nonces: func(dst []byte) (int, bool, error) { return ring.EncryptInto(dst, []byte("x"), nil) },
	}
	decrypt := map[*nonces]func(in []byte) ([]byte, error){
		&e.nonces:    func(in []byte) ([]byte, error) { return e.Decrypt(key, in, nil) },
		&ring.nonces: func(in []byte) ([]byte, error) { p, _, err := ring.Decrypt(in, nil); return p, err },
	}
	for n, f := range encrypt {
		for _, c := range []struct {
			made   uint64
			rotate bool
			err    error
		}{
			{0, false, nil},
			{1<<31 - 1, false, nil}, // the 2,147,483,648th
			{1 << 31, true, nil},    // the 2,147,483,649th
			{1<<32 - 1, true, nil},
			{1 << 32, false, core.ErrCounterExhausted},
			{1<<32 + 1000, false, core.ErrCounterExhausted},
		} {
			n.made.Store(c.made)
			dst := make([]byte, Overhead+1)
			size, rotate, err := f(dst)
			if rotate != c.rotate || err != c.err {
				t.Errorf("encryption %d: rotate %t, %v", c.made+1, rotate, err)
			}
			if err != nil {
				if size != 0 || !bytes.Equal(dst, make([]byte, len(dst))) || n.Counter() != MaxEncryptions {
					t.Errorf("encryption %d: %d bytes, output %x, counter %d", c.made+1, size, dst, n.Counter())
				}
				continue
			}
			if want := uint32(c.made); binary.BigEndian.Uint32(dst[8:]) != want {
				t.Errorf("encryption %d: counter %x in the nonce", c.made+1, dst[8:12])
			}
			if got, err := decrypt[n](dst[:size]); err != nil || string(got) != "x" {
				t.Errorf("encryption %d opens to %q, %v", c.made+1, got, err)
			}
			if want := c.made+1 >= 1<<31; n.RotationNeeded() != want {
				t.Errorf("RotationNeeded is %t after %d", !want, c.made+1)
			}
		}
	}
}

func TestNoNonceTwiceWithManyGoroutines(t *testing.T) {
	const goroutines, each = 16, 500
	key := testKey(1)
	e := newEncryptor(t)
	ring := testKeyring(t, key, nil, "t")
	for _, start := range []uint64{0, MaxEncryptions - goroutines*each/2} {
		for n, encrypt := range map[*nonces]func() ([]byte, error){
			&e.nonces:    func() ([]byte, error) { return e.Encrypt(key, nil, nil) },
			&ring.nonces: func() ([]byte, error) { return ring.Encrypt(nil, nil) },
		} {
			n.made.Store(start)
			nonces := make([][][NonceSize]byte, goroutines)
			exhausted := make([]int, goroutines)
			var wg sync.WaitGroup
			for g := range goroutines {
				wg.Go(func() {
					for range each {
						switch sealed, err := encrypt(); err {
						case nil:
							nonces[g] = append(nonces[g], [NonceSize]byte(sealed))
						case core.ErrCounterExhausted:
							exhausted[g]++
						default:
							t.Error(err)
						}
						if n.Counter() > MaxEncryptions {
							t.Error("counter beyond its end")
						}
					}
				})
			}
			wg.Wait()
			want := int(min(goroutines*each, MaxEncryptions-start))
			all := slices.Concat(nonces...)
			seen := map[[NonceSize]byte]bool{}
			for _, nonce := range all {
				seen[nonce] = true
			}
			failed := 0
			for _, n := range exhausted {
				failed += n
			}
			if len(all) != want || len(seen) != want || failed != goroutines*each-want {
				t.Errorf("from %d: %d encryptions, %d nonces, %d refused; want %d", start, len(all), len(seen), failed, want)
			}
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
			if n != c.n || err != c.err {
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
			if n, err := e.DecryptInto(c.dst, c.key, c.ciphertext, nil); n != c.n || err != c.err {
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
			if n, err := e.DecryptInto(dst, testKey(1), sealed, nil); n != 0 || err != core.ErrDecryptionFailed {
				t.Fatalf("%d, %v", n, err)
			}
			if !bytes.Equal(dst[:size], zeros) || dst[size] != 0xaa {
				t.Errorf("%d bytes: not zeros after a failed open", size)
			}
			dst = bytes.Repeat([]byte{0xaa}, size+1)
			if n, _, err := ring.DecryptInto(dst, sealed, nil); n != 0 || err != core.ErrDecryptionFailed {
				t.Fatalf("%d, %v", n, err)
			}
			if !bytes.Equal(dst[:size], zeros) || dst[size] != 0xaa {
				t.Errorf("%d bytes: keyring: not zeros after a failed open", size)
			}

			inPlace := bytes.Clone(sealed)
			if n, err := e.DecryptInto(inPlace[NonceSize:], testKey(1), inPlace, nil); n != 0 || err != core.ErrDecryptionFailed {
				t.Fatalf("%d, %v", n, err)
			}
			if !bytes.Equal(inPlace[NonceSize:][:size], zeros) {
				t.Errorf("%d bytes: not zeros after a failed open in place", size)
			}
			inPlace = bytes.Clone(sealed)
			if n, err := ring.DecryptAtInto(1, inPlace[NonceSize:], inPlace, nil); n != 0 || err != core.ErrDecryptionFailed {
				t.Fatalf("%d, %v", n, err)
			}
			if !bytes.Equal(inPlace[NonceSize:][:size], zeros) {
				t.Errorf("%d bytes: keyring: not zeros after a failed open in place", size)
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
		sealed, err := e.Encrypt(key, plaintext, aad)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range [][]byte{sealed, key, aad} {
			for bit := range len(part) * 8 {
				part[bit/8] ^= 1 << (bit % 8)
				if got, err := e.Decrypt(key, sealed, aad); got != nil || err != core.ErrDecryptionFailed {
					t.Fatalf("bit %d: %x, %v", bit, got, err)
				}
				part[bit/8] ^= 1 << (bit % 8)
			}
		}
		for n := range sealed {
			want := core.ErrDecryptionFailed
			if n < Overhead {
				want = core.ErrInvalidInput
			}
			if got, err := e.Decrypt(key, sealed[:n], aad); got != nil || err != want {
				t.Fatalf("cut to %d bytes: %x, %v", n, got, err)
			}
		}
		if got, err := e.Decrypt(key, append(sealed, 0), aad); got != nil || err != core.ErrDecryptionFailed {
			t.Fatalf("one byte more: %x, %v", got, err)
		}
		if got, err := e.Decrypt(key, sealed, aad); err != nil || !bytes.Equal(got, plaintext) {
			t.Fatalf("unchanged again: %v", err)
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
		_, err := e.Encrypt(testKey(1), []byte("data"), nil)
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
	if err := <-result; err != ErrWiped {
		t.Errorf("a call amid Wipe: %v", err)
	}
	if e.keys.last[0].Load() != nil {
		t.Error("a key is in a cache that is wiped")
	}
}

func TestEncryptorWipedUnderLoad(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		e := newEncryptor(t)
		sealed, _ := e.Encrypt(testKey(1), []byte("data"), nil)
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for {
					got, err := e.Decrypt(testKey(1), sealed, nil)
					if err == ErrWiped {
						return
					}
					if err != nil || string(got) != "data" {
						t.Errorf("%q, %v", got, err)
						return
					}
					if _, err := e.Encrypt(testKey(byte(g)), got, nil); err != nil && err != ErrWiped {
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
		if _, err := e.Encrypt(testKey(1), nil, nil); codes.Of(err) != codes.InvalidHandle {
			t.Errorf("after Wipe: %v", err)
		}
	})
}
