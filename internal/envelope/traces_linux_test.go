//go:build !race

// The race detector keeps copies of its own.

package envelope

import (
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

// Who wipes what he gave and what he got has wiped everything; what was there for the
// time of the call holds nothing, also where it is used again.
func TestNothingIsLeftOfPayloads(t *testing.T) {
	if !alone.Run(t, "", "CACHEKIT_LZ4=portable") {
		return
	}
	const most = 3 << 20
	room := traces.Pages(t, 4*most)
	data, out := room[:most], room[most:]
	encoded := func(data []byte) int {
		to := memory.Into(out)
		envelope, err := Encode(&to, data, limits.DefaultFormat)
		if err != nil {
			t.Fatal(err)
		}
		return len(envelope)
	}
	tight := func(data []byte, short int) error {
		var scratch memory.Scratch
		defer scratch.Done()
		n := encoded(data)
		clear(out[:n])
		got, err := EncodeTight(out[:n-short], scratch.Alloc, data, limits.DefaultFormat)
		if got != n {
			t.Errorf("%d bytes, not %d", got, n)
		}
		clear(out[:n-short])
		return err
	}
	inPlace := func(data []byte, change func(envelope []byte)) error {
		n := encoded(data)
		e, err := Inspect(out[:n])
		if err != nil {
			return err
		}
		change(out[:n])
		payload, err := DecodeInPlace(out[:e.InPlaceSize()], n)
		clear(payload)
		return err
	}
	validated := func(data []byte, change func(envelope []byte)) error {
		var scratch memory.Scratch
		defer scratch.Done()
		envelope := out[:encoded(data)]
		change(envelope)
		err := Default.Validate(scratch.Alloc, envelope)
		clear(envelope)
		return err
	}
	asItIs := func([]byte) {}
	otherBlock := func(envelope []byte) { envelope[len(envelope)-40] ^= 0x55 }
	cut := func(envelope []byte) { envelope[len(envelope)-1] = 0xff } // the format is no text any more
	for i, c := range []struct {
		name string
		call func(data []byte) error
		want error
	}{
		{"EncodeTight", func(data []byte) error { return tight(data, 0) }, nil},
		{"EncodeTight, too short", func(data []byte) error { return tight(data, 1) }, codes.BufferTooSmall},
		{"Ratio", func(data []byte) error {
			var scratch memory.Scratch
			defer scratch.Done()
			_, err := Default.Ratio(scratch.Alloc, data)
			return err
		}, nil},
		{"Fit", func(data []byte) error {
			to := memory.Fitting()
			envelope, err := Encode(&to, data, limits.DefaultFormat)
			clear(to.Fit(envelope))
			return err
		}, nil},
		{"DecodeInPlace", func(data []byte) error { return inPlace(data, asItIs) }, nil},
		{"DecodeInPlace, other block", func(data []byte) error { return inPlace(data, otherBlock) }, codes.ChecksumMismatch},
		{"DecodeInPlace, no envelope", func(data []byte) error { return inPlace(data, cut) }, codes.InvalidInput},
		{"Validate", func(data []byte) error { return validated(data, asItIs) }, nil},
		{"Validate, other block", func(data []byte) error { return validated(data, otherBlock) }, codes.ChecksumMismatch},
	} {
		for _, size := range []struct{ n, zeros int }{{64, 0}, {20 << 10, 0}, {20 << 10, 15 << 10}, {100 << 10, 90 << 10}, {most - most>>6, 0}} {
			data := data[:size.n]
			payload := traces.Payload(100*i + size.n + size.zeros)
			clear(data[:size.zeros])
			payload.Fill(data[size.zeros:])
			err := payload.Check(t, c.name, size.n, func() error { return c.call(data) }, data)
			if !errors.Is(err, c.want) {
				t.Errorf("%s of %d bytes: %v", c.name, size.n, err)
			}
		}
	}
}
