//go:build !race

// The race detector keeps copies of its own.

package core_test

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

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
	memory, err := unix.Mmap(-1, 0, 4*most, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	data, envelope, out := memory[:most], memory[most:3*most], memory[3*most:]
	s := core.NewByteStorage(core.DefaultFormat)
	written := func(data []byte) []byte {
		n, err := core.EncodeEnvelope(envelope, data, core.DefaultFormat)
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
		{"EncodeEnvelope", func(data []byte) error { clear(written(data)); return nil }, nil},
		{"EstimateCompression", func(data []byte) error { _, err := s.EstimateCompression(data); return err }, nil},
		{"Retrieve", func(data []byte) error { p, err := s.Retrieve(written(data)); clear(p); return err }, nil},
		{"RetrieveInto", func(data []byte) error { n, err := s.RetrieveInto(out, written(data)); clear(out[:n]); return err }, nil},
		{"Validate", func(data []byte) error { return s.Validate(written(data)) }, nil},
		{"Retrieve, other checksum", func(data []byte) error { _, err := s.Retrieve(otherSum(data)); return err }, core.ErrChecksumMismatch},
		{"RetrieveInto, other checksum", func(data []byte) error { _, err := s.RetrieveInto(out, otherSum(data)); return err }, core.ErrChecksumMismatch},
		{"Validate, other checksum", func(data []byte) error { return s.Validate(otherSum(data)) }, core.ErrChecksumMismatch},
		{"RetrieveInto, other block", func(data []byte) error { _, err := s.RetrieveInto(out, otherBlock(data)); return err }, core.ErrChecksumMismatch},
		{"AppendPayload, other checksum", func(data []byte) error { _, err := core.AppendPayload(out[:0], otherSum(data)); return err }, core.ErrChecksumMismatch},
	} {
		for _, n := range []int{64, 100 << 10, most - most>>6} {
			payload := traces.Payload(100*i + n)
			payload.Fill(data[:n])
			err := payload.Check(t, c.name, n, func() error { return c.call(data[:n]) }, data, envelope)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
	if !bytes.Equal(out, make([]byte, len(out))) {
		t.Error("something is left in the caller's memory")
	}
}
