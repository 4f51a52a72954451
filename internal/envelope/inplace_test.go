package envelope

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// inPlace decodes an envelope in a buffer of its InPlaceSize with guards around it,
// and returns that buffer too.
func inPlace(t *testing.T, name string, envelope []byte) (buffer, payload []byte, err error) {
	t.Helper()
	const guard = 64
	e, err := Inspect(envelope)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	size := e.InPlaceSize()
	if size < len(envelope) || size < e.OriginalSize {
		t.Fatalf("%s: %d bytes for an envelope of %d and a payload of %d", name, size, len(envelope), e.OriginalSize)
	}
	guarded := filled(guard + size + guard)
	buffer = guarded[guard:][:size:size]
	copy(buffer, envelope)
	payload, err = DecodeInPlace(buffer, len(envelope))
	if !bytes.Equal(guarded[:guard], filled(guard)) || !bytes.Equal(guarded[guard+size:], filled(guard)) {
		t.Errorf("%s: wrote outside the buffer", name)
	}
	return buffer, payload, err
}

// A buffer of InPlaceSize is enough, whatever the payload and the format: payload
// and envelope overlap most where little was gained, and the block lies before the
// buffer's end by the format. Only the payload is in the buffer afterwards.
func TestDecodeInPlace(t *testing.T) {
	for _, n := range []int{0, 1, 12, 13, 64, 255, 256, 1000, 4096, 65535, 65536, 65537, 300_000, 3 << 20} {
		for _, kind := range payloadKinds {
			data := kind.make(n)
			for _, format := range []string{"", limits.DefaultFormat, strings.Repeat("long", 2500)} {
				name := fmt.Sprintf("%s of %d, a format of %d", kind.name, n, len(format))
				envelope := written(t, data, format)
				e, err := Inspect(envelope)
				if err != nil {
					t.Fatal(err)
				}
				behind := len(envelope) - arrayHeader - msgpack.Size(msgpack.Bin, uint64(e.CompressedSize)) - e.CompressedSize
				if least := n + lz4block.InPlaceMargin(e.CompressedSize) + behind; e.InPlaceSize() != max(least, len(envelope)) {
					t.Errorf("%s: InPlaceSize is %d, not %d or %d", name, e.InPlaceSize(), least, len(envelope))
				}
				buffer, got, err := inPlace(t, name, envelope)
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s: other bytes came back, or %v", name, err)
				}
				if n > 0 && &got[0] != &buffer[0] || got == nil {
					t.Errorf("%s: the payload is not at the buffer's start", name)
				}
				if rest := buffer[n:]; !bytes.Equal(rest, make([]byte, len(rest))) {
					t.Errorf("%s: something is left behind the payload", name)
				}
			}
		}
	}
}

// asMap is an envelope as a map, in another order and with a field that nobody knows.
func asMap(data []byte) []byte {
	name := func(out []byte, s string) []byte {
		return append(msgpack.Append(out, msgpack.String, uint64(len(s))), s...)
	}
	f := fieldsOf(data)
	out := msgpack.Append(nil, msgpack.Map, fieldCount+1)
	out = name(name(out, fieldNames[fieldFormat]), f.format)
	out = name(out, fieldNames[fieldBlock])
	out = append(msgpack.Append(out, msgpack.Bin, uint64(len(f.block))), f.block...)
	out = name(out, "x")
	out = append(msgpack.Append(out, msgpack.Bin, uint64(len(data))), data...)
	out = msgpack.Append(name(out, fieldNames[fieldSize]), msgpack.Uint, uint64(f.size))
	return appendIntegers(name(out, fieldNames[fieldChecksum]), f.sum[:])
}

// What comes of damaged envelopes is an error in place too, though their decoding may
// run over bytes still to be read, and nothing of them stays.
func TestDecodeInPlaceAnswersWhatDecodeAnswers(t *testing.T) {
	failed := 0
	check := func(name string, envelope []byte) {
		t.Helper()
		to := memory.From(memory.Make)
		want, wantErr := Decode(&to, envelope)
		buffer, got, err := inPlace(t, name, envelope)
		if (err == nil) != (wantErr == nil) || !bytes.Equal(got, want) || !codes.IsMiss(err) && err != nil {
			t.Errorf("%s: in place %d bytes, %v, otherwise %d, %v", name, len(got), err, len(want), wantErr)
		}
		if err == nil {
			return
		}
		failed++
		// Zeros wherever the buffer was written to, which is at both ends for sure.
		zeros := make([]byte, len(envelope))
		if got != nil || holds(buffer) || !bytes.Equal(buffer[:len(envelope)], zeros) || !bytes.Equal(buffer[len(buffer)-len(envelope):], zeros) {
			t.Errorf("%s, %v: something is left in the buffer", name, err)
		}
	}
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 15, 64, 300, 5000, 70000} {
			data := kind.make(n)
			name := fmt.Sprintf("%s of %d", kind.name, n)
			envelope := written(t, data, limits.DefaultFormat)
			check(name, envelope)
			check(name+" as a map", asMap(data))
			e, err := Inspect(envelope)
			if err != nil {
				t.Fatal(err)
			}
			for i := range min(len(e.block), 100) {
				e.block[i] ^= 0x55
				check(fmt.Sprintf("%s, byte %d damaged", name, i), envelope)
				e.block[i] ^= 0x55
			}
			if n < 2 {
				continue
			}
			for want, envelope := range damaged(data) {
				check(fmt.Sprintf("%s, %v", name, want), envelope)
			}
		}
	}
	long := fieldsOf([]byte("data"))
	long.block = make([]byte, 3000)
	check("block far longer than its payload", long.envelope())
	if failed < 100 {
		t.Errorf("only %d failed", failed)
	}
}

// What is no envelope any more when it is decoded is refused like any other, and
// wiped.
func TestDecodeInPlaceOfWhatIsNoEnvelope(t *testing.T) {
	for _, size := range []int{50, 51, 99, 5000} {
		buffer := filled(size)
		copy(buffer, bytes.Repeat([]byte{'x'}, 50))
		got, err := DecodeInPlace(buffer, 50)
		if got != nil || codes.Of(err) != codes.InvalidInput || !codes.IsMiss(err) {
			t.Errorf("in %d bytes: %d bytes, %v", size, len(got), err)
		}
		want := filled(size)
		clear(want[:50])
		clear(want[size-50:])
		if !bytes.Equal(buffer, want) {
			t.Errorf("in %d bytes: something is left, or more was written", size)
		}
	}
}

func TestIntegersAreNotDecodedInPlace(t *testing.T) {
	old := fieldsOf([]byte("data"))
	old.integers = true
	if e, err := Inspect(old.envelope()); err != nil || e.InPlaceSize() != 0 {
		t.Errorf("a block of integers: %d, %v, want 0", e.InPlaceSize(), err)
	}
}
