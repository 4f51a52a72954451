//go:build !race

// The race detector keeps copies of its own.

package core_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

// Who wipes what he gave and what he got has wiped everything; a call that fails
// leaves nothing to wipe.
func TestNothingIsLeftOfPayloads(t *testing.T) {
	if !alone.Run(t, "", "CACHEKIT_LZ4=portable") {
		return
	}
	const most = 3 << 20
	memory := traces.Pages(t, 4*most)
	data, envelope, out := memory[:most], memory[most:3*most], memory[3*most:]
	s := core.NewByteStorage(core.DefaultFormat)
	written := func(data []byte) []byte {
		n, err := core.CompressInto(envelope, data)
		if err != nil {
			t.Fatal(err)
		}
		return envelope[:n]
	}
	otherSum := func(data []byte) []byte {
		e := written(data)
		i := len(e) - len(core.DefaultFormat) - 2
		for e[i] != 0x98 { // of the checksum, which the size follows
			i--
		}
		for e[i+1] != 0xcc {
			i++
		}
		e[i+2] ^= 1
		return e
	}
	otherBlock := func(data []byte) []byte {
		e := written(data)
		e[len(e)-40] ^= 0x55
		return e
	}
	for i, c := range []struct {
		name string
		call func(data []byte) error
		want error
	}{
		{"Checksum", func(data []byte) error { return core.VerifyChecksum(data, core.Checksum(data)) }, nil},
		{"Store", func(data []byte) error { e, err := s.Store(data); clear(e); return err }, nil},
		{"Compress", func(data []byte) error { e, err := core.Compress(data); clear(e); return err }, nil},
		{"CompressInto", func(data []byte) error { clear(written(data)); return nil }, nil},
		{"EstimateCompression", func(data []byte) error { _, err := s.EstimateCompression(data); return err }, nil},
		{"Retrieve", func(data []byte) error { p, err := s.Retrieve(written(data)); clear(p); return err }, nil},
		{"RetrieveInto", func(data []byte) error { n, err := s.RetrieveInto(out, written(data)); clear(out[:n]); return err }, nil},
		{"Decompress", func(data []byte) error { p, err := core.Decompress(written(data)); clear(p); return err }, nil},
		{"Validate", func(data []byte) error { return s.Validate(written(data)) }, nil},
		{"Retrieve, other checksum", func(data []byte) error { _, err := s.Retrieve(otherSum(data)); return err }, core.ErrChecksumMismatch},
		{"RetrieveInto, other checksum", func(data []byte) error { _, err := s.RetrieveInto(out, otherSum(data)); return err }, core.ErrChecksumMismatch},
		{"Validate, other checksum", func(data []byte) error { return s.Validate(otherSum(data)) }, core.ErrChecksumMismatch},
		{"RetrieveInto, other block", func(data []byte) error { _, err := s.RetrieveInto(out, otherBlock(data)); return err }, core.ErrChecksumMismatch},
		{"AppendDecompress, other checksum", func(data []byte) error { _, err := core.AppendDecompress(out[:0], otherSum(data)); return err }, core.ErrChecksumMismatch},
		{"Decompress, other checksum", func(data []byte) error { _, err := core.Decompress(otherSum(data)); return err }, core.ErrChecksumMismatch},
	} {
		for _, size := range []struct{ n, zeros int }{
			{64, 0},
			{20 << 10, 0},         // by way of memory that is used again
			{20 << 10, 15 << 10},  // the same, of which the envelope needs little
			{100 << 10, 0},        // in memory of its own
			{100 << 10, 90 << 10}, // which is too large for what it comes to
			{most - most>>6, 0},   // in parts
			{most - most>>6, 2 << 20},
		} {
			n := size.n
			payload := traces.Payload(100*i + n + size.zeros)
			clear(data[:size.zeros])
			payload.Fill(data[size.zeros:n])
			err := payload.Check(t, c.name, n, func() error { return c.call(data[:n]) }, data, envelope)
			if !errors.Is(err, c.want) {
				t.Errorf("%s of %d bytes, %d of them zeros: %v", c.name, n, size.zeros, err)
			}
		}
	}
	if !bytes.Equal(out, make([]byte, len(out))) {
		t.Error("something is left in the caller's memory")
	}
}
