package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// damaged are envelopes of payload that pass Inspect and fail afterwards, with
// a good part of the payload already decompressed.
func damaged(payload []byte) map[error][]byte {
	sum, size, block := partsOf(payload), partsOf(payload), partsOf(payload)
	sum.checksum = integers(make([]byte, 8))
	size.size = integer(uint64(len(payload) + 1))
	block.block = bin(join(literalBlock(payload)[:len(literalBlock(payload))-1]))
	return map[error][]byte{
		core.ErrChecksumMismatch:     sum.array(),
		core.ErrSizeValidationFailed: size.array(),
		core.ErrDecompressionFailed:  block.array(),
	}
}

func TestStoreWritesTheDefaultFormat(t *testing.T) {
	for _, format := range []string{core.DefaultFormat, "json", ""} {
		s := core.NewByteStorage(format)
		envelope, err := s.Store(hello)
		e, err2 := core.Inspect(envelope)
		if err != nil || err2 != nil || string(e.Format) != format || s.DefaultFormat() != format {
			t.Errorf("default format %q: wrote %q, says %q, %v, %v", format, e.Format, s.DefaultFormat(), err, err2)
		}
	}
}

func TestAllWaysToStoreAgree(t *testing.T) {
	s := core.NewByteStorage("json")
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 64, 5000, 100000} {
			data := kind.make(n)
			name := fmt.Sprintf("%s of %d", kind.name, n)
			want, err := s.Store(data)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for how, write := range map[string]func() ([]byte, error){
				"AppendStore":    func() ([]byte, error) { return s.AppendStore(nil, data, "json") },
				"AppendEnvelope": func() ([]byte, error) { return core.AppendEnvelope(nil, data, "json") },
				"AppendStore to a full slice": func() ([]byte, error) {
					got, err := s.AppendStore([]byte("head"), data, "json")
					return bytes.TrimPrefix(got, []byte("head")), err
				},
				"AppendEnvelope to a full slice": func() ([]byte, error) {
					got, err := core.AppendEnvelope([]byte("head"), data, "json")
					return bytes.TrimPrefix(got, []byte("head")), err
				},
				"StoreInto": func() ([]byte, error) {
					dst := make([]byte, core.EnvelopeBound(n, 4))
					k, err := s.StoreInto(dst, data, "json")
					return dst[:k], err
				},
				"EncodeEnvelope": func() ([]byte, error) {
					dst := make([]byte, core.EnvelopeBound(n, 4))
					k, err := core.EncodeEnvelope(dst, data, "json")
					return dst[:k], err
				},
			} {
				if got, err := write(); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %s gives %d bytes, %v, want %d", name, how, len(got), err, len(want))
				}
			}
		}
	}
}

func TestAllWaysToRetrieveAgree(t *testing.T) {
	s := core.NewByteStorage("json")
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 64, 5000, 100000} {
			data := kind.make(n)
			envelope := store(t, data)
			for how, read := range map[string]func() ([]byte, error){
				"Retrieve":       func() ([]byte, error) { return s.Retrieve(envelope) },
				"AppendRetrieve": func() ([]byte, error) { return s.AppendRetrieve(nil, envelope) },
				"AppendPayload":  func() ([]byte, error) { return core.AppendPayload(nil, envelope) },
				"AppendRetrieve to a full slice": func() ([]byte, error) {
					got, err := s.AppendRetrieve([]byte("head"), envelope)
					return bytes.TrimPrefix(got, []byte("head")), err
				},
				"RetrieveInto": func() ([]byte, error) {
					dst := make([]byte, n)
					k, err := s.RetrieveInto(dst, envelope)
					return dst[:k], err
				},
				"Extract": func() ([]byte, error) {
					e, err := core.Inspect(envelope)
					if err != nil {
						return nil, err
					}
					dst := make([]byte, e.OriginalSize)
					return dst, e.Extract(dst)
				},
			} {
				if got, err := read(); err != nil || got == nil || !bytes.Equal(got, data) {
					t.Errorf("%s of %d: %s gives %d bytes, %v", kind.name, n, how, len(got), err)
				}
			}
		}
	}
}

// Writers take a destination longer than the bound, and leave what lies beyond
// the bound alone. Readers leave everything beyond the payload alone.
func TestNothingIsWrittenBeyondTheResult(t *testing.T) {
	filled := func(n int) []byte { return bytes.Repeat([]byte{0xA5}, n) }
	s := core.NewByteStorage(core.DefaultFormat)
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 13, 64, 1000, 70000, 200000} {
			data := kind.make(n)
			bound := core.EnvelopeBound(n, len(core.DefaultFormat))
			dst := filled(bound + 64)
			k, err := s.StoreInto(dst, data, core.DefaultFormat)
			if err != nil || !bytes.Equal(dst[bound:], filled(64)) {
				t.Errorf("%s of %d: StoreInto wrote beyond its bound, or %v", kind.name, n, err)
			}
			out := filled(n + 64)
			if k, err := s.RetrieveInto(out, dst[:k]); err != nil || k != n || !bytes.Equal(out[n:], filled(64)) {
				t.Errorf("%s of %d: RetrieveInto gave %d, %v, or wrote beyond its result", kind.name, n, k, err)
			}
			// Spare capacity belongs to somebody else.
			room := filled(n + 128)
			if got, err := s.AppendRetrieve(room[:64], dst[:k]); err != nil || len(got) != n+64 || !bytes.Equal(room[n+64:], filled(64)) || !bytes.Equal(room[:64], filled(64)) {
				t.Errorf("%s of %d: AppendRetrieve wrote outside its result, or %v", kind.name, n, err)
			}
		}
	}
}

func TestBufferTooSmallTellsTheSizeAndWritesNothing(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	data := jsonLike(1000)
	envelope := store(t, data)
	bound := core.EnvelopeBound(len(data), 7)
	for _, c := range []struct {
		name string
		need int
		call func(dst []byte) (int, error)
	}{
		{"StoreInto", bound, func(dst []byte) (int, error) { return s.StoreInto(dst, data, "msgpack") }},
		{"EncodeEnvelope", bound, func(dst []byte) (int, error) { return core.EncodeEnvelope(dst, data, "msgpack") }},
		{"RetrieveInto", len(data), func(dst []byte) (int, error) { return s.RetrieveInto(dst, envelope) }},
	} {
		for _, short := range []int{0, 1, c.need / 2, c.need - 1} {
			dst := bytes.Repeat([]byte{0xA5}, c.need) // long enough, were its length not cut
			if n, err := c.call(dst[:short]); n != c.need || !errors.Is(err, core.ErrBufferTooSmall) {
				t.Errorf("%s into %d bytes: %d, %v, want %d", c.name, short, n, err, c.need)
			}
			if !bytes.Equal(dst, bytes.Repeat([]byte{0xA5}, c.need)) {
				t.Errorf("%s into %d bytes wrote something", c.name, short)
			}
		}
		if _, err := c.call(make([]byte, c.need)); err != nil {
			t.Errorf("%s into the size it asked for: %v", c.name, err)
		}
	}
	// What can never succeed is not sent off to fetch a larger buffer.
	if n, err := s.StoreInto(nil, data, "\xff"); n != 0 || !errors.Is(err, core.ErrInvalidInput) {
		t.Errorf("StoreInto of a format that is not UTF-8: %d, %v", n, err)
	}
	for want, envelope := range map[error][]byte{core.ErrInvalidInput: {0xc1}, core.ErrDecompressionBomb: with(func(p *parts) { p.block = bin(nil) })} {
		if n, err := s.RetrieveInto(nil, envelope); n != 0 || !errors.Is(err, want) {
			t.Errorf("RetrieveInto of what is no envelope: %d, %v, want %v", n, err, want)
		}
	}
	e, err := core.Inspect(envelope)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, len(data) - 1, len(data) + 1} {
		if err := e.Extract(make([]byte, n)); !errors.Is(err, core.ErrBufferTooSmall) {
			t.Errorf("Extract into %d bytes of %d: %v", n, len(data), err)
		}
	}
}

// An envelope at the end of a buffer of InPlaceSize bytes can be extracted to
// its start. The plain result and the result in place must be the same, for
// damaged envelopes too, whose decoding may run over bytes still to be read.
func TestExtractInPlace(t *testing.T) {
	check := func(name string, envelope []byte) {
		t.Helper()
		e, err := core.Inspect(envelope)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		size := e.InPlaceSize()
		if size < len(envelope) {
			t.Errorf("%s: %d bytes do not hold the envelope of %d", name, size, len(envelope))
			return
		}
		want := make([]byte, e.OriginalSize)
		wantErr := e.Extract(want)
		guarded := bytes.Repeat([]byte{0xA5}, 64+size+64)
		buffer := guarded[64:][:size:size]
		copy(buffer[size-len(envelope):], envelope)
		if e, err = core.Inspect(buffer[size-len(envelope):]); err != nil {
			t.Fatalf("%s, moved: %v", name, err)
		}
		got := buffer[:e.OriginalSize]
		if err := e.Extract(got); !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
			t.Errorf("%s: in place %v, otherwise %v, or other bytes", name, err, wantErr)
		}
		if guard := bytes.Repeat([]byte{0xA5}, 64); !bytes.Equal(guarded[:64], guard) || !bytes.Equal(guarded[64+size:], guard) {
			t.Errorf("%s: wrote outside the buffer", name)
		}
	}
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 15, 64, 300, 5000, 70000} {
			data := kind.make(n)
			name := fmt.Sprintf("%s of %d", kind.name, n)
			envelope := store(t, data)
			check(name, envelope)
			f := partsOf(data).pairs()
			check(name+" as a map", mapOf(f[3], f[0], join(str("x"), bin(data)), f[2], f[1]))
			e, err := core.Inspect(envelope)
			if err != nil {
				t.Fatal(err)
			}
			block := envelope[1+binHeader(e.CompressedSize):][:e.CompressedSize]
			for i := range min(len(block), 100) {
				block[i] ^= 0x55
				check(fmt.Sprintf("%s, byte %d damaged", name, i), envelope)
				block[i] ^= 0x55
			}
		}
	}
	for want, envelope := range damaged(jsonLike(1000)) {
		check(want.Error(), envelope)
	}
	check("block far longer than its payload", with(func(p *parts) { p.block = bin(make([]byte, 3000)) }))
	old := with(func(p *parts) { p.block = integers(literalBlock(hello)) })
	if e, err := core.Inspect(old); err != nil || e.InPlaceSize() != 0 {
		t.Errorf("a block of integers: %d, %v, want 0", e.InPlaceSize(), err)
	}
}

// After a failure the caller's slice is what it was, and no byte of the
// payload that failed its check stays in the memory behind it.
func TestFailedRetrievalLeavesNothingBehind(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	for _, payload := range [][]byte{randomBytes(40), jsonLike(5000)} {
		n := len(payload)
		for want, envelope := range damaged(payload) {
			for name, read := range map[string]func(dst []byte) ([]byte, error){
				"AppendRetrieve": func(dst []byte) ([]byte, error) { return s.AppendRetrieve(dst, envelope) },
				"AppendPayload":  func(dst []byte) ([]byte, error) { return core.AppendPayload(dst, envelope) },
				"RetrieveInto": func(dst []byte) ([]byte, error) {
					k, err := s.RetrieveInto(dst[len(dst):cap(dst)], envelope)
					return dst[:len(dst)+k], err
				},
				"Extract": func(dst []byte) ([]byte, error) {
					e, err := core.Inspect(envelope)
					if err != nil {
						return nil, err
					}
					return dst, e.Extract(dst[len(dst) : len(dst)+e.OriginalSize])
				},
			} {
				room := bytes.Repeat([]byte{0xA5}, 4+n+100)
				copy(room, "head")
				got, err := read(room[:4])
				if !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", name, err, want)
				}
				if string(got) != "head" || &got[0] != &room[0] || cap(got) != cap(room) {
					t.Errorf("%s, %v: the slice came back changed, %d bytes", name, want, len(got))
				}
				if !bytes.Equal(room[4:4+n], make([]byte, n)) {
					t.Errorf("%s, %v: the output is not all zeros", name, want)
				}
				if !bytes.Equal(room[4+n+1:], bytes.Repeat([]byte{0xA5}, 99)) {
					t.Errorf("%s, %v: wrote beyond the output", name, want)
				}
			}
			// Without room, the slice is not even moved.
			full := []byte("head")
			if got, err := s.AppendRetrieve(full[:4:4], envelope); !errors.Is(err, want) || &got[0] != &full[0] || len(got) != 4 {
				t.Errorf("AppendRetrieve without room: %q, %v, want %v", got, err, want)
			}
		}
	}
}

func TestFailedStoreLeavesTheSliceAlone(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	room := []byte("head....")
	for name, write := range map[string]func(dst []byte) ([]byte, error){
		"AppendStore":    func(dst []byte) ([]byte, error) { return s.AppendStore(dst, hello, "\xff") },
		"AppendEnvelope": func(dst []byte) ([]byte, error) { return core.AppendEnvelope(dst, hello, "\xff") },
	} {
		got, err := write(room[:4])
		if !errors.Is(err, core.ErrInvalidInput) || string(got) != "head" || &got[0] != &room[0] || string(room) != "head...." {
			t.Errorf("%s: %q of %q, %v", name, got, room, err)
		}
	}
	if got, err := core.NewByteStorage("\xff").Store(hello); got != nil || !errors.Is(err, core.ErrInvalidInput) {
		t.Errorf("Store: %q, %v", got, err)
	}
}

// The payload is written once, to where the caller gets it: one allocation
// where the caller brings no memory, none where it does.
func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("allocations cannot be counted under the race detector")
	}
	// A pool takes some memory after each collection.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	s := core.NewByteStorage(core.DefaultFormat)
	old := func(data []byte) []byte {
		p := partsOf(data)
		p.block = integers(literalBlock(data))
		return mapOf(func() [][]byte { f := p.pairs(); return f[:] }()...)
	}
	for _, n := range []int{0, 64, 4096, 1 << 20, 3 << 20} {
		data := jsonLike(n)
		envelope, spelled := store(t, data), old(data)
		room, out := make([]byte, core.EnvelopeBound(n, 7)), make([]byte, n+1)
		var sum [core.ChecksumSize]byte
		for _, c := range []struct {
			name string
			want float64
			call func() error
		}{
			{"Store", 1, func() error { _, err := s.Store(data); return err }},
			{"AppendStore", 0, func() error { _, err := s.AppendStore(room[:0], data, "msgpack"); return err }},
			{"StoreInto", 0, func() error { _, err := s.StoreInto(room, data, "msgpack"); return err }},
			{"AppendEnvelope", 0, func() error { _, err := core.AppendEnvelope(room[:0], data, "msgpack"); return err }},
			{"EncodeEnvelope", 0, func() error { _, err := core.EncodeEnvelope(room, data, "msgpack"); return err }},
			{"Retrieve", 1, func() error { _, err := s.Retrieve(envelope); return err }},
			{"AppendRetrieve", 0, func() error { _, err := s.AppendRetrieve(out[:0], envelope); return err }},
			{"AppendPayload", 0, func() error { _, err := core.AppendPayload(out[:0], envelope); return err }},
			{"RetrieveInto", 0, func() error { _, err := s.RetrieveInto(out, envelope); return err }},
			{"Inspect", 0, func() error { _, err := core.Inspect(envelope); return err }},
			{"Validate", 1, func() error { return s.Validate(envelope) }},
			{"Retrieve an old envelope", 1, func() error { _, err := s.Retrieve(spelled); return err }},
			{"RetrieveInto from an old envelope", 0, func() error { _, err := s.RetrieveInto(out, spelled); return err }},
			{"Inspect an old envelope", 0, func() error { _, err := core.Inspect(spelled); return err }},
			{"Checksum", 0, func() error { sum = core.Checksum(data); return nil }},
			{"VerifyChecksum", 0, func() error { return core.VerifyChecksum(data, sum) }},
			{"Metrics", 0, func() error { s.Metrics(); return nil }},
		} {
			var err error
			got := testing.AllocsPerRun(5, func() { err = c.call() })
			if err != nil || got > c.want {
				t.Errorf("%s of %d bytes: %.0f allocations, want %.0f; %v", c.name, n, got, c.want, err)
			}
		}
	}
}

func TestEstimateCompression(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	for _, kind := range payloadKinds {
		for _, n := range []int{1, 100, 10000, 300000} {
			data := kind.make(n)
			e, err := core.Inspect(store(t, data))
			if err != nil {
				t.Fatal(err)
			}
			want := float64(n) / float64(e.CompressedSize)
			if got, err := s.EstimateCompression(data); err != nil || got != want {
				t.Errorf("%s of %d: %v, %v, want what a store reaches, %v", kind.name, n, got, err, want)
			}
		}
	}
	if got, err := s.EstimateCompression(nil); got != 0 || err != nil {
		t.Errorf("no data: %v, %v, want 0", got, err)
	}
	if m := s.Metrics(); m != (core.Metrics{}) {
		t.Errorf("an estimate counts as an operation: %+v", m)
	}
}

func TestEnvelopeBoundGrowsWithItsParts(t *testing.T) {
	for _, n := range []int{0, 1, 255, 1 << 16, core.MaxPayloadSize} {
		for _, f := range []int{0, 7, 1 << 20, core.MaxEnvelopeSize} {
			// 33: array 1, bin 5, checksum 1+16, size 5, str 5.
			if got, want := uint64(core.EnvelopeBound(n, f)), uint64(n)+uint64(n)/255+16+33+uint64(f); got != want {
				t.Errorf("EnvelopeBound(%d, %d) = %d, want %d", n, f, got, want)
			}
		}
	}
	if core.EnvelopeBound(core.MaxPayloadSize, core.MaxEnvelopeSize) > math.MaxInt32 {
		t.Error("the largest bound does not fit a 32-bit int")
	}
}

// The limits themselves, at 512 MiB and one byte more. The memory is zeros
// that nobody writes to, so most of it is never there.
func TestHalfAGigabyte(t *testing.T) {
	if testing.Short() || raceDetector || math.MaxInt == math.MaxInt32 {
		t.Skip("takes a second and a gigabyte")
	}
	s := core.NewByteStorage(core.DefaultFormat)
	zeros := make([]byte, core.MaxPayloadSize+1)
	dst := make([]byte, core.EnvelopeBound(core.MaxPayloadSize, 0))

	t.Run("payload", func(t *testing.T) {
		for name, write := range map[string]func(data []byte) (int, error){
			"StoreInto":      func(data []byte) (int, error) { return s.StoreInto(nil, data, "") },
			"EncodeEnvelope": func(data []byte) (int, error) { return core.EncodeEnvelope(nil, data, "") },
			"Store":          func(data []byte) (int, error) { out, err := s.Store(data); return len(out), err },
			"AppendEnvelope": func(data []byte) (int, error) { out, err := core.AppendEnvelope(nil, data, ""); return len(out), err },
			"Estimate":       func(data []byte) (int, error) { _, err := s.EstimateCompression(data); return 0, err },
		} {
			if n, err := write(zeros); n != 0 || !errors.Is(err, core.ErrInputTooLarge) {
				t.Errorf("%s of 512 MiB + 1: %d, %v", name, n, err)
			}
		}
		if m := s.Metrics().Store; m.Operations != 2 || m.Errors != 2 {
			t.Errorf("StoreInto and Store count as %+v", m)
		}
		data := zeros[:core.MaxPayloadSize]
		n, err := s.StoreInto(dst, data, "")
		if err != nil {
			t.Fatal(err)
		}
		envelope := bytes.Clone(dst[:n])
		if n, err := s.RetrieveInto(dst, envelope); err != nil || n != len(data) || !bytes.Equal(dst[:n], data) {
			t.Errorf("512 MiB come back as %d, %v", n, err)
		}
	})

	t.Run("envelope read", func(t *testing.T) {
		// A sound map whose last value is an unknown one that fills it up.
		f := partsOf(hello).pairs()
		head := mapOf(f[0], f[1], f[2], f[3], str("filler"))
		filled := func(size int) []byte {
			filler := size - len(head) - 5
			copy(zeros, join(head, header(0xc6, 4, uint64(filler))))
			return zeros[:size]
		}
		checkAccepted(t, "envelope of 512 MiB", filled(core.MaxEnvelopeSize), hello)
		checkRefused(t, "envelope of 512 MiB + 1", filled(core.MaxEnvelopeSize+1), core.ErrInputTooLarge)
	})

	t.Run("envelope written", func(t *testing.T) {
		overhead := len(store(t, hello)) - 1 - len(core.DefaultFormat) + 5
		format := strings.Repeat("f", core.MaxEnvelopeSize+1)
		n, err := s.StoreInto(dst, hello, format[:core.MaxEnvelopeSize-overhead])
		if err != nil || n != core.MaxEnvelopeSize {
			t.Errorf("envelope of 512 MiB: %d, %v", n, err)
		}
		for name, format := range map[string]string{
			"envelope of 512 MiB + 1": format[:core.MaxEnvelopeSize-overhead+1],
			"format of 512 MiB":       format[:core.MaxEnvelopeSize],
			"format of 512 MiB + 1":   format,
		} {
			if n, err := s.StoreInto(dst, hello, format); n != 0 || !errors.Is(err, core.ErrInputTooLarge) {
				t.Errorf("%s: %d, %v", name, n, err)
			}
			if bytes.Contains(dst[:1000], hello) {
				t.Errorf("%s: the payload is left in its place", name)
			}
		}
		for name, write := range map[string]func() (int, error){
			"StoreInto":      func() (int, error) { return s.StoreInto(nil, hello, format) },
			"EncodeEnvelope": func() (int, error) { return core.EncodeEnvelope(nil, hello, format) },
			"AppendStore":    func() (int, error) { out, err := s.AppendStore(nil, hello, format); return len(out), err },
			"AppendEnvelope": func() (int, error) { out, err := core.AppendEnvelope(nil, hello, format); return len(out), err },
		} {
			if n, err := write(); n != 0 || !errors.Is(err, core.ErrInputTooLarge) {
				t.Errorf("%s of a format of 512 MiB + 1: %d, %v", name, n, err)
			}
		}
	})
}
