package core

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// An envelope at the end of a buffer of InPlaceSize is extracted to its start,
// whatever the payload: the two overlap most where little was gained.
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
			t.Run(fmt.Sprintf("%s/%d", kind, n), func(t *testing.T) {
				envelope, err := NewByteStorage(DefaultFormat).Store(data)
				if err != nil {
					t.Fatal(err)
				}
				e, err := Inspect(envelope)
				if err != nil {
					t.Fatal(err)
				}
				buffer := make([]byte, max(e.InPlaceSize(), len(envelope)))
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
