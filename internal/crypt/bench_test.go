package crypt

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// What metrics cost at 64 bytes: rounds with them and without alternate, and
// the best round of each counts, so that a busy machine does not decide. Bare
// is the encryption alone; guarded adds a lock held for reading, the least that
// lets Wipe wait; metered is the whole call, whose counts are also its guard.
func BenchmarkMetricsCost(b *testing.B) {
	const size, round = 64, 1000
	ring := testKeyring(b, testKey(1), nil, "tenant")
	var lock sync.RWMutex
	data, dst := bytes.Repeat([]byte("payload "), size/8), make([]byte, size+limits.Overhead)
	sealed, _, err := ring.Encrypt(fresh(), data, nil)
	must(b, err)
	back := make([]byte, size)
	guarded := func(f func() error) error {
		lock.RLock()
		defer lock.RUnlock()
		return f()
	}
	encrypt := func() error {
		n, err := ciphertextSize(len(data), limits.MaxPlaintextSize)
		if err == nil {
			_, err = ring.seal(dst[:n], data, nil)
		}
		return err
	}
	decrypt := func() error {
		n, err := plaintextSize(len(sealed), limits.MaxPlaintextSize)
		if err == nil {
			_, err = ring.open(back[:n], sealed, nil, 0, 1)
		}
		return err
	}
	for _, c := range []struct {
		name string
		bare func() error
		all  func() error
	}{
		{"encrypt", encrypt, func() error { to := memory.Into(dst); _, _, err := ring.Encrypt(&to, data, nil); return err }},
		{"decrypt", decrypt, func() error { to := memory.Into(back); _, _, err := ring.Decrypt(&to, sealed, nil); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			forms := []func() error{c.bare, func() error { return guarded(c.bare) }, c.all}
			best := make([]float64, len(forms))
			for b.Loop() {
				for i, f := range forms {
					start := time.Now()
					for range round {
						must(b, f())
					}
					if ns := float64(time.Since(start)) / round; best[i] == 0 || ns < best[i] {
						best[i] = ns
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(best[0], "bare-ns")
			b.ReportMetric(best[1], "guarded-ns")
			b.ReportMetric(best[2], "metered-ns")
		})
	}
}
