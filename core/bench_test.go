package core_test

import (
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

var benchSizes = []struct {
	name string
	size int
}{
	{"64B", 64}, {"256B", 256}, {"1KiB", 1 << 10}, {"4KiB", 4 << 10},
	{"16KiB", 16 << 10}, {"64KiB", 64 << 10}, {"1MiB", 1 << 20},
}

// benchmark runs call for each size of payload; the names suit benchstat.
func benchmark(b *testing.B, prepare func(b *testing.B, data []byte) (call func() error)) {
	for _, s := range benchSizes {
		b.Run("data=json/size="+s.name, func(b *testing.B) {
			b.SetBytes(int64(s.size))
			call := prepare(b, jsonLike(s.size))
			b.ReportAllocs()
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStore(b *testing.B) {
	s := core.NewByteStorage(core.DefaultFormat)
	benchmark(b, func(b *testing.B, data []byte) func() error {
		return func() error { _, err := s.Store(data); return err }
	})
}

func BenchmarkStoreInto(b *testing.B) {
	s := core.NewByteStorage(core.DefaultFormat)
	benchmark(b, func(b *testing.B, data []byte) func() error {
		dst := make([]byte, core.EnvelopeBound(len(data), len(core.DefaultFormat)))
		return func() error { _, err := s.StoreInto(dst, data, core.DefaultFormat); return err }
	})
}

func BenchmarkRetrieve(b *testing.B) {
	s := core.NewByteStorage(core.DefaultFormat)
	benchmark(b, func(b *testing.B, data []byte) func() error {
		envelope := store(b, data)
		return func() error { _, err := s.Retrieve(envelope); return err }
	})
}

func BenchmarkRetrieveInto(b *testing.B) {
	s := core.NewByteStorage(core.DefaultFormat)
	benchmark(b, func(b *testing.B, data []byte) func() error {
		envelope, dst := store(b, data), make([]byte, len(data))
		return func() error { _, err := s.RetrieveInto(dst, envelope); return err }
	})
}

// BenchmarkRetrieveOld reads envelopes whose block is spelled as integers.
func BenchmarkRetrieveOld(b *testing.B) {
	s := core.NewByteStorage(core.DefaultFormat)
	benchmark(b, func(b *testing.B, data []byte) func() error {
		r, err := referenceInspect(store(b, data))
		if err != nil {
			b.Fatal(err)
		}
		envelope := parts{integers(r.block), integers(r.checksum), integer(r.size), str(r.format)}.array()
		dst := make([]byte, len(data))
		return func() error { _, err := s.RetrieveInto(dst, envelope); return err }
	})
}

func BenchmarkInspect(b *testing.B) {
	benchmark(b, func(b *testing.B, data []byte) func() error {
		b.SetBytes(0) // it reads the header alone
		envelope := store(b, data)
		return func() error { _, err := core.Inspect(envelope); return err }
	})
}

func BenchmarkChecksum(b *testing.B) {
	benchmark(b, func(b *testing.B, data []byte) func() error {
		sum := core.Checksum(data)
		return func() error { return core.VerifyChecksum(data, sum) }
	})
}
