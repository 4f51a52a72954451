package core

import (
	"math/rand/v2"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/internal/pausetest"
)

// TestPauses stops the world again and again while 512 MiB are stored and
// retrieved.
func TestPauses(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: takes 1 GiB of memory")
	}
	data := make([]byte, MaxPayloadSize)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(data[:1<<19]) // and as many zeros, or the envelope gets too large
	for n := 1 << 20; n < len(data); n *= 2 {
		copy(data[n:], data[:n])
	}
	envelope := make([]byte, EnvelopeBound(len(data), len(DefaultFormat)))
	var n int
	var err error
	t.Run("store", func(t *testing.T) {
		pausetest.Check(t, func() { n, err = EncodeEnvelope(envelope, data, DefaultFormat) })
		if err != nil {
			t.Fatal(err)
		}
	})
	e, err := Inspect(envelope[:n])
	if err != nil {
		t.Fatal(err)
	}
	t.Run("retrieve", func(t *testing.T) {
		pausetest.Check(t, func() { err = e.Extract(data) })
		if err != nil {
			t.Fatal(err)
		}
	})
}
