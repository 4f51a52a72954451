package core

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/pausetest"
)

// TestPauses stops the world again and again while each function works on
// hundreds of MiB.
func TestPauses(t *testing.T) {
	if !pausetest.Alone(t, "", "CACHEKIT_LZ4=portable") {
		return
	}
	data := make([]byte, MaxPayloadSize)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(data[:1<<19]) // and as many zeros, or the envelope gets too large
	for n := 1 << 20; n < len(data); n *= 2 {
		copy(data[n:], data[:n])
	}
	s := NewByteStorage(DefaultFormat)
	envelope := make([]byte, EnvelopeBound(len(data), len(DefaultFormat)))
	var n int
	pausetest.Run(t, "store", func() (err error) { n, err = s.StoreInto(envelope, data, DefaultFormat); return err })
	pausetest.Run(t, "estimate", func() error { _, err := s.EstimateCompression(data); return err })
	if n, _ = CompressInto(envelope, data); n == 0 {
		t.Fatal("no envelope")
	}
	pausetest.Run(t, "validate", func() error { return s.Validate(envelope[:n]) })
	pausetest.Run(t, "retrieve", func() error { _, err := s.RetrieveInto(data, envelope[:n]); return err })
	var sum [ChecksumSize]byte
	pausetest.Run(t, "checksum", func() error { sum = Checksum(data); return nil })
	pausetest.Run(t, "verify checksum", func() error { return VerifyChecksum(data, sum) })
	pausetest.Run(t, "append", func() error { _, err := AppendCompress(data[:len(data):len(data)], nil); return err })

	// Text is what takes most sequences for its size.
	text := data[:128<<20]
	for i := range text {
		text[i] = "abcdefgh \n"[random.Uint64()%10]
	}
	pausetest.Run(t, "store text", func() (err error) { n, err = CompressInto(envelope, text); return err })
	pausetest.Run(t, "retrieve text", func() error { _, err := s.RetrieveInto(text, envelope[:n]); return err })

	// Formats are bytes of an envelope too, and read at any length.
	for name, char := range map[string]string{"ASCII": "x", "not ASCII": "é"} {
		const size = 500 << 20
		n, err := s.StoreInto(envelope, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		long := binary.BigEndian.AppendUint32(append(envelope[:n-1], 0xdb), size)
		long = append(long, strings.Repeat(char, size/len(char))...)
		pausetest.Run(t, "inspect a long format, "+name, func() error { _, err := Inspect(long); return err })
	}

	// An old envelope spells its block as integers: one match, then literals.
	const zeros = 256 << 20
	block := []byte{0x1f, 0, 1, 0}
	block = append(block, bytes.Repeat([]byte{255}, (zeros-20)/255)...)
	block = append(block, byte((zeros-20)%255), 0x10, 1)
	literals := 100 << 20
	block = append(block[:len(block)-2], 0xf0)
	block = append(block, bytes.Repeat([]byte{255}, (literals-15)/255)...)
	block = append(block, byte((literals-15)%255))
	block = append(block, make([]byte, literals)...)
	old := binary.BigEndian.AppendUint32([]byte{0x94, 0xdd}, uint32(len(block)))
	for _, b := range block {
		if b > 0x7f {
			old = append(old, 0xcc)
		}
		old = append(old, b)
	}
	payload := data[:zeros+literals]
	clear(payload)
	sum = Checksum(payload)
	old = append(old, 0x98)
	for _, b := range sum {
		old = append(old, 0xcc, b)
	}
	old = binary.BigEndian.AppendUint32(append(old, 0xce), uint32(len(payload)))
	old = append(old, "\xa7msgpack"...)
	pausetest.Run(t, "inspect integers", func() error { _, err := Inspect(old); return err })
	pausetest.Run(t, "retrieve integers", func() error { _, err := s.RetrieveInto(payload, old); return err })

	// In a map, what is unknown is passed over.
	unknown := slices.Concat([]byte("\x81\xa1x\xdd\x10\x00\x00\x00"), make([]byte, 256<<20))
	pausetest.Run(t, "pass over a field", func() error {
		if _, err := Inspect(unknown); !errors.Is(err, ErrInvalidInput) {
			t.Error(err)
		}
		return nil
	})
}
