package core_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
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
	s, other := core.NewByteStorage(core.DefaultFormat), core.NewByteStorage("json")
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 64, 5000, 100000} {
			data := kind.make(n)
			name := fmt.Sprintf("%s of %d", kind.name, n)
			want, err := s.Store(data)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			into := func(write func(dst []byte) (int, error)) ([]byte, error) {
				dst := make([]byte, core.EnvelopeBound(n, len(core.DefaultFormat)))
				k, err := write(dst)
				return dst[:k], err
			}
			behind := func(write func(dst []byte) ([]byte, error)) ([]byte, error) {
				got, err := write([]byte("head"))
				return bytes.TrimPrefix(got, []byte("head")), err
			}
			for how, write := range map[string]func() ([]byte, error){
				"AppendStore": func() ([]byte, error) { return other.AppendStore(nil, data, core.DefaultFormat) },
				"AppendStore to a full slice": func() ([]byte, error) {
					return behind(func(dst []byte) ([]byte, error) { return other.AppendStore(dst, data, core.DefaultFormat) })
				},
				"StoreInto": func() ([]byte, error) {
					return into(func(dst []byte) (int, error) { return other.StoreInto(dst, data, core.DefaultFormat) })
				},
				"Compress":       func() ([]byte, error) { return core.Compress(data) },
				"AppendCompress": func() ([]byte, error) { return core.AppendCompress(nil, data) },
				"AppendCompress to a full slice": func() ([]byte, error) {
					return behind(func(dst []byte) ([]byte, error) { return core.AppendCompress(dst, data) })
				},
				"CompressInto": func() ([]byte, error) {
					return into(func(dst []byte) (int, error) { return core.CompressInto(dst, data) })
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
			into := func(read func(dst, envelope []byte) (int, error)) ([]byte, error) {
				dst := make([]byte, n)
				k, err := read(dst, envelope)
				return dst[:k], err
			}
			behind := func(read func(dst, envelope []byte) ([]byte, error)) ([]byte, error) {
				got, err := read([]byte("head"), envelope)
				return bytes.TrimPrefix(got, []byte("head")), err
			}
			for how, read := range map[string]func() ([]byte, error){
				"Retrieve":                         func() ([]byte, error) { return s.Retrieve(envelope) },
				"AppendRetrieve":                   func() ([]byte, error) { return s.AppendRetrieve(nil, envelope) },
				"AppendRetrieve to a full slice":   func() ([]byte, error) { return behind(s.AppendRetrieve) },
				"RetrieveInto":                     func() ([]byte, error) { return into(s.RetrieveInto) },
				"Decompress":                       func() ([]byte, error) { return core.Decompress(envelope) },
				"AppendDecompress":                 func() ([]byte, error) { return core.AppendDecompress(nil, envelope) },
				"AppendDecompress to a full slice": func() ([]byte, error) { return behind(core.AppendDecompress) },
				"DecompressInto":                   func() ([]byte, error) { return into(core.DecompressInto) },
			} {
				if got, err := read(); err != nil || got == nil || !bytes.Equal(got, data) {
					t.Errorf("%s of %d: %s gives %d bytes, %v", kind.name, n, how, len(got), err)
				}
			}
		}
	}
}

// What Store and Compress return takes no more than twice its size, however much
// had to be reserved for it, and a small one exactly its size. It is nobody
// else's memory: the next call leaves it alone.
func TestResultsAreClippedAndTheCallersOwn(t *testing.T) {
	const small = 64 << 10 // up to this bound there is memory that is used again
	s := core.NewByteStorage("a format that is not the default one")
	copied, exact := 0, 0
	for how, write := range map[string]func(data []byte) ([]byte, error){"Store": s.Store, "Compress": core.Compress} {
		var results, copies [][]byte
		for _, kind := range payloadKinds {
			for _, n := range []int{0, 1, 64, 5000, 60000, small, 70000, 1 << 20} {
				got, err := write(kind.make(n))
				if err != nil {
					t.Fatalf("%s of %d bytes of %s: %v", how, n, kind.name, err)
				}
				most := 2 * len(got)
				bound := core.EnvelopeBound(n, 0)
				if bound+core.MaxNesting <= small { // room for either format
					most = len(got)
					exact++
				} else if len(got) < bound/2 {
					copied++
				}
				if cap(got) > most {
					t.Errorf("%s of %d bytes of %s: %d bytes in memory of %d", how, n, kind.name, len(got), cap(got))
				}
				results, copies = append(results, got), append(copies, bytes.Clone(got))
			}
		}
		for i := range results {
			if !bytes.Equal(results[i], copies[i]) {
				t.Errorf("%s: result %d changed when later ones were made", how, i)
			}
		}
	}
	if copied == 0 || exact == 0 {
		t.Errorf("%d results were small, %d large and compressed well: want both", exact, copied)
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
		{"CompressInto", bound, func(dst []byte) (int, error) { return core.CompressInto(dst, data) }},
		{"RetrieveInto", len(data), func(dst []byte) (int, error) { return s.RetrieveInto(dst, envelope) }},
		{"DecompressInto", len(data), func(dst []byte) (int, error) { return core.DecompressInto(dst, envelope) }},
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
		for how, into := range map[string]func(dst, envelope []byte) (int, error){"RetrieveInto": s.RetrieveInto, "DecompressInto": core.DecompressInto} {
			if n, err := into(nil, envelope); n != 0 || !errors.Is(err, want) {
				t.Errorf("%s of what is no envelope: %d, %v, want %v", how, n, err, want)
			}
		}
	}
	// No room is enough for nothing.
	for how, into := range map[string]func(dst, envelope []byte) (int, error){"RetrieveInto": s.RetrieveInto, "DecompressInto": core.DecompressInto} {
		if n, err := into(nil, store(t, nil)); n != 0 || err != nil {
			t.Errorf("%s of an empty payload: %d, %v", how, n, err)
		}
	}
}

// After a failure the caller's slice is what it was, and no byte of the
// payload that failed its check stays in the memory behind it.
func TestFailedRetrievalLeavesNothingBehind(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	for _, payload := range [][]byte{bytetest.Noise(40), jsonLike(5000)} {
		n := len(payload)
		for want, envelope := range damaged(payload) {
			for name, read := range map[string]func(dst []byte) ([]byte, error){
				"AppendRetrieve":   func(dst []byte) ([]byte, error) { return s.AppendRetrieve(dst, envelope) },
				"AppendDecompress": func(dst []byte) ([]byte, error) { return core.AppendDecompress(dst, envelope) },
				"RetrieveInto": func(dst []byte) ([]byte, error) {
					k, err := s.RetrieveInto(dst[len(dst):cap(dst)], envelope)
					return dst[:len(dst)+k], err
				},
				"DecompressInto": func(dst []byte) ([]byte, error) {
					k, err := core.DecompressInto(dst[len(dst):cap(dst)], envelope)
					return dst[:len(dst)+k], err
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
				// Zeros as far as it was written to: not at all where decompression fails.
				left := bytes.TrimLeft(room[4:4+n], "\x00")
				if !bytes.Equal(left, bytes.Repeat([]byte{0xA5}, len(left))) || len(left) > 0 && want != core.ErrDecompressionFailed {
					t.Errorf("%s, %v: the output holds %.20x", name, want, left)
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
	tooMuch := make([]byte, core.MaxPayloadSize+1) // zero pages that nothing touches
	for _, c := range []struct {
		name  string
		write func(dst []byte) ([]byte, error)
		want  error
	}{
		{"AppendStore of a format", func(dst []byte) ([]byte, error) { return s.AppendStore(dst, hello, "\xff") }, core.ErrInvalidInput},
		{"AppendStore", func(dst []byte) ([]byte, error) { return s.AppendStore(dst, tooMuch, "") }, core.ErrInputTooLarge},
		{"AppendCompress", func(dst []byte) ([]byte, error) { return core.AppendCompress(dst, tooMuch) }, core.ErrInputTooLarge},
	} {
		got, err := c.write(room[:4])
		if !errors.Is(err, c.want) || string(got) != "head" || &got[0] != &room[0] || cap(got) != cap(room) || string(room) != "head...." {
			t.Errorf("%s: %q of %q, %v", c.name, got, room, err)
		}
	}
	if got, err := core.NewByteStorage("\xff").Store(hello); got != nil || !errors.Is(err, core.ErrInvalidInput) {
		t.Errorf("Store: %q, %v", got, err)
	}
}

// The payload is written once, to where the caller gets it: one allocation
// where the caller brings no memory, none where it does. Store takes a second one
// for a large payload that gets much smaller, and gives the first one up.
func TestAllocations(t *testing.T) {
	// A collection would empty the pools.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if raceDetector {
		t.Skip("allocations cannot be counted under the race detector")
	}
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
		stored := 1.0
		if len(room) > 64<<10 && len(envelope) < len(room)/2 {
			stored = 2
		}
		var sum [core.ChecksumSize]byte
		for _, c := range []struct {
			name string
			want float64
			call func() error
		}{
			{"Store", stored, func() error { _, err := s.Store(data); return err }},
			{"AppendStore", 0, func() error { _, err := s.AppendStore(room[:0], data, "msgpack"); return err }},
			{"StoreInto", 0, func() error { _, err := s.StoreInto(room, data, "msgpack"); return err }},
			{"Compress", stored, func() error { _, err := core.Compress(data); return err }},
			{"AppendCompress", 0, func() error { _, err := core.AppendCompress(room[:0], data); return err }},
			{"CompressInto", 0, func() error { _, err := core.CompressInto(room, data); return err }},
			{"Retrieve", 1, func() error { _, err := s.Retrieve(envelope); return err }},
			{"AppendRetrieve", 0, func() error { _, err := s.AppendRetrieve(out[:0], envelope); return err }},
			{"Decompress", 1, func() error { _, err := core.Decompress(envelope); return err }},
			{"AppendDecompress", 0, func() error { _, err := core.AppendDecompress(out[:0], envelope); return err }},
			{"DecompressInto", 0, func() error { _, err := core.DecompressInto(out, envelope); return err }},
			{"RetrieveInto", 0, func() error { _, err := s.RetrieveInto(out, envelope); return err }},
			{"Inspect", 0, func() error { _, err := core.Inspect(envelope); return err }},
			{"Validate", 1, func() error { return s.Validate(envelope) }},
			{"EstimateCompression", 1, func() error { _, err := s.EstimateCompression(data); return err }},
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

// A buffer that a caller has on its stack stays there: no call keeps it anywhere.
func TestBuffersOfCallersStayOnTheStack(t *testing.T) {
	if raceDetector {
		t.Skip("allocations cannot be counted under the race detector")
	}
	s := core.NewByteStorage(core.DefaultFormat)
	envelope := store(t, hello)
	for name, call := range map[string]func() error{
		"StoreInto":        func() error { var b [200]byte; _, err := s.StoreInto(b[:], hello, core.DefaultFormat); return err },
		"CompressInto":     func() error { var b [200]byte; _, err := core.CompressInto(b[:], hello); return err },
		"AppendStore":      func() error { var b [200]byte; _, err := s.AppendStore(b[:0], hello, core.DefaultFormat); return err },
		"AppendCompress":   func() error { var b [200]byte; _, err := core.AppendCompress(b[:0], hello); return err },
		"RetrieveInto":     func() error { var b [200]byte; _, err := s.RetrieveInto(b[:], envelope); return err },
		"DecompressInto":   func() error { var b [200]byte; _, err := core.DecompressInto(b[:], envelope); return err },
		"AppendRetrieve":   func() error { var b [200]byte; _, err := s.AppendRetrieve(b[:0], envelope); return err },
		"AppendDecompress": func() error { var b [200]byte; _, err := core.AppendDecompress(b[:0], envelope); return err },
	} {
		var err error
		if n := testing.AllocsPerRun(5, func() { err = call() }); n != 0 || err != nil {
			t.Errorf("%s: %.0f allocations, %v", name, n, err)
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

// A format has its own limit, whatever the payload.
func TestFormatsHaveALimit(t *testing.T) {
	s := core.NewByteStorage("")
	format := strings.Repeat("f", core.MaxFormatSize+1)
	dst := make([]byte, core.EnvelopeBound(len(hello), len(format)))
	for name, write := range map[string]func(format string) error{
		"Store":       func(format string) error { _, err := core.NewByteStorage(format).Store(hello); return err },
		"StoreInto":   func(format string) error { _, err := s.StoreInto(dst, hello, format); return err },
		"AppendStore": func(format string) error { _, err := s.AppendStore(nil, hello, format); return err },
	} {
		if err := write(format[:core.MaxFormatSize]); err != nil {
			t.Errorf("%s of the longest format: %v", name, err)
		}
		if err := write(format); !errors.Is(err, core.ErrInputTooLarge) {
			t.Errorf("%s of a format too long: %v", name, err)
		}
	}
	if m := s.Metrics().Store; m.Operations != 4 || m.Errors != 2 {
		t.Errorf("counted as %+v", m)
	}
	// What others wrote is read.
	long := partsOf(hello)
	long.format = str(format + format)
	if got, err := s.Retrieve(long.array()); err != nil || !bytes.Equal(got, hello) {
		t.Errorf("reading it: %q, %v", got, err)
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
	for _, beyond := range [][2]int{{math.MaxInt, 0}, {math.MaxInt - 48, 0}, {0, math.MaxInt - 48}, {math.MaxInt, math.MaxInt}, {math.MaxInt/256*255 + 200, 7}} {
		if got := core.EnvelopeBound(beyond[0], beyond[1]); got != math.MaxInt {
			t.Errorf("EnvelopeBound(%d, %d) overflows to %d", beyond[0], beyond[1], got)
		}
	}
	if got := core.EnvelopeBound(0, math.MaxInt-49); got != math.MaxInt {
		t.Errorf("the bound of the longest format is %d", got)
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
			"CompressInto":   func(data []byte) (int, error) { return core.CompressInto(nil, data) },
			"Store":          func(data []byte) (int, error) { out, err := s.Store(data); return len(out), err },
			"Compress":       func(data []byte) (int, error) { out, err := core.Compress(data); return len(out), err },
			"AppendCompress": func(data []byte) (int, error) { out, err := core.AppendCompress(nil, data); return len(out), err },
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
		// Noise, which takes more room in an envelope than outside.
		noise := zeros[:core.MaxPayloadSize-5<<19]
		rng := uint64(1)
		for at := 0; at < len(noise); at += 8 {
			rng ^= rng << 13
			rng ^= rng >> 7
			rng ^= rng << 17
			binary.NativeEndian.PutUint64(noise[at:], rng)
		}
		n, err := s.StoreInto(dst, noise, "")
		if err != nil || n < len(noise) {
			t.Fatalf("noise: %d, %v", n, err)
		}
		format := strings.Repeat("f", core.MaxFormatSize)
		room := core.MaxEnvelopeSize - n - 4 // the header of a string this long
		for _, c := range []struct {
			format string
			want   error
		}{{format[:room], nil}, {format[:room+1], core.ErrInputTooLarge}} {
			dst := append(dst, make([]byte, len(c.format))...)
			if n, err := s.StoreInto(dst, noise, c.format); !errors.Is(err, c.want) || err == nil && n != core.MaxEnvelopeSize {
				t.Errorf("512 MiB with a format of %d bytes, where %d fit: %d, %v", len(c.format), room, n, err)
			}
			// What turns out too large, when it is written, is wiped.
			if left := bytes.TrimLeft(dst[:len(noise)], "\x00"); c.want != nil && len(left) > 0 {
				t.Errorf("%d bytes are left of an envelope that was not to be", len(left))
			}
		}
	})
}
