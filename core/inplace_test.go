package core

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// An envelope at the end of a buffer of InPlaceSize is extracted to its start,
// whatever the payload and the format: payload and envelope overlap most where
// little was gained, and the block lies before the buffer's end by the format.
func TestExtractInPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{0, 1, 12, 13, 64, 255, 256, 1000, 4096, 65535, 65536, 65537, 300_000, 3 << 20} {
		random := make([]byte, n)
		for i := range random {
			random[i] = byte(rng.Uint32())
		}
		halves := bytes.Clone(random)
		clear(halves[n/2:])
		swapped := bytes.Clone(random)
		clear(swapped[:n/2])
		for kind, data := range map[string][]byte{
			"random": random, "random then zeros": halves, "zeros then random": swapped, "zeros": make([]byte, n),
			"text": bytes.Repeat([]byte("a cache entry, and "), n/19+1)[:n],
		} {
			for _, format := range []string{"", DefaultFormat, strings.Repeat("long", 2500)} {
				t.Run(fmt.Sprintf("%s/%d/%d", kind, n, len(format)), func(t *testing.T) {
					envelope, err := NewByteStorage(format).Store(data)
					if err != nil {
						t.Fatal(err)
					}
					e, err := Inspect(envelope)
					if err != nil {
						t.Fatal(err)
					}
					behind := len(envelope) - arrayHeader - msgpack.Size(msgpack.Bin, uint64(e.CompressedSize)) - e.CompressedSize
					if least := n + lz4block.InPlaceMargin(e.CompressedSize) + behind; e.InPlaceSize() != max(least, len(envelope)) {
						t.Errorf("InPlaceSize is %d, not %d or %d", e.InPlaceSize(), least, len(envelope))
					}
					buffer := make([]byte, e.InPlaceSize())
					at := buffer[len(buffer)-len(envelope):]
					copy(at, envelope)
					if e, err = Inspect(at); err != nil {
						t.Fatal(err)
					}
					if err := e.Extract(buffer[:e.OriginalSize]); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(buffer[:n], data) {
						t.Error("other bytes came back")
					}
				})
			}
		}
	}
}
