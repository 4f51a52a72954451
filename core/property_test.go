package core_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/zeebo/xxh3"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
)

// Every payload comes back, from our reader and from the plain one of these
// tests, which knows nothing of ours.
func TestRoundTrip(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	check := func(name string, data []byte) {
		t.Helper()
		envelope, err := s.Store(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := s.Retrieve(envelope)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes come back, %v", name, len(got), err)
		}
		plain, must, err := referenceRetrieve(envelope)
		if err != nil || !must || !bytes.Equal(plain, data) {
			t.Errorf("%s: the plain reader gives %d bytes, %v, bound to be read: %t", name, len(plain), err, must)
		}
		again, err := s.Store(data)
		if err != nil || !bytes.Equal(again, envelope) {
			t.Errorf("%s: the second envelope differs, %v", name, err)
		}
	}
	for _, kind := range payloadKinds {
		for n := range 600 {
			check(fmt.Sprintf("%s of %d", kind.name, n), kind.make(n))
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	for i := range rounds {
		kind := payloadKinds[r.IntN(len(payloadKinds))]
		data := bytes.Clone(kind.make(1 << r.IntN(18)))
		data = data[:r.IntN(len(data)+1)]
		for range r.IntN(20) {
			if len(data) > 0 {
				data[r.IntN(len(data))] = byte(r.Uint32())
			}
		}
		check(fmt.Sprintf("round %d: %s of %d", i, kind.name, len(data)), data)
	}
	for _, n := range []int{1<<20 - 1, 1 << 20, 1<<20 + 1, 5<<20 + 77} {
		check(fmt.Sprintf("json of %d", n), jsonLike(n))
	}
}

// Payloads above 1 MiB are hashed in pieces; the sum must not tell.
func TestChecksumOfLargePayloads(t *testing.T) {
	data := jsonLike(4<<20 + 300)
	for _, n := range []int{1<<20 - 1, 1 << 20, 1<<20 + 1, 1<<20 + 63, 1<<20 + 240, 1<<20 + 241, 2 << 20, 2<<20 + 1, 3<<20 + 1024, 4<<20 + 300} {
		sum := core.Checksum(data[:n])
		if want := xxh3.Hash(data[:n]); binary.BigEndian.Uint64(sum[:]) != want {
			t.Errorf("%d bytes: %x, want %016x", n, sum, want)
		}
	}
}

func TestVerifyChecksum(t *testing.T) {
	data := jsonLike(1000)
	sum := core.Checksum(data)
	if err := core.VerifyChecksum(data, sum); err != nil {
		t.Error(err)
	}
	for bit := range 8 * core.ChecksumSize {
		wrong := sum
		wrong[bit/8] ^= 1 << (bit % 8)
		if err := core.VerifyChecksum(data, wrong); !errors.Is(err, core.ErrChecksumMismatch) {
			t.Errorf("bit %d of the checksum flipped: %v", bit, err)
		}
	}
	for i := range data {
		data[i] ^= 1
		if err := core.VerifyChecksum(data, sum); !errors.Is(err, core.ErrChecksumMismatch) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		data[i] ^= 1
	}
}

// One ByteStorage and one envelope serve any number of goroutines.
func TestConcurrentUse(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	shared := jsonLike(3000)
	envelope := store(t, shared)
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			for i := range 50 {
				own := bytetest.Noise(g*50 + i)
				written, err := s.Store(own)
				if err != nil {
					t.Error(err)
					return
				}
				for want, envelope := range map[*[]byte][]byte{&own: written, &shared: envelope} {
					if got, err := s.Retrieve(envelope); err != nil || !bytes.Equal(got, *want) {
						t.Errorf("goroutine %d: %d bytes, %v", g, len(got), err)
					}
				}
				s.Metrics()
			}
		})
	}
	wait.Wait()
}
