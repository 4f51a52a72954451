package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// bombs are small inputs that claim much.
func bombs() map[string][]byte {
	all := map[string][]byte{
		"500 GB":              with(func(p *parts) { p.size = integer(500e9) }),
		"512 MiB":             with(func(p *parts) { p.size = integer(core.MaxPayloadSize) }),
		"512 MiB of integers": with(func(p *parts) { p.block, p.size = integers(literalBlock(hello)), integer(core.MaxPayloadSize) }),
		"512 MiB in a map": mapOf(func() [][]byte {
			p := partsOf(hello)
			p.size = integer(core.MaxPayloadSize)
			f := p.pairs()
			return f[:]
		}()...),
		"2^64-1 bytes":                 with(func(p *parts) { p.size = integer(1<<64 - 1) }),
		"4 GiB block":                  with(func(p *parts) { p.block = header(0xc6, 4, 1<<32-1) }),
		"4 GiB checksum":               with(func(p *parts) { p.checksum = header(0xc6, 4, 1<<32-1) }),
		"4 GiB format":                 with(func(p *parts) { p.format = header(0xdb, 4, 1<<32-1) }),
		"2^32-1 integers in the block": with(func(p *parts) { p.block = header(0xdd, 4, 1<<32-1) }),
		"2^32-1 fields":                header(0xdd, 4, 1<<32-1),
		"2^32-1 pairs":                 header(0xdf, 4, 1<<32-1),
		"arrays in arrays":             mapOf(join(str("x"), bytes.Repeat([]byte{0xdd, 0xff, 0xff, 0xff, 0xff}, 200))),
		"a million arrays deep":        mapOf(join(str("x"), bytes.Repeat([]byte{0x91}, 1e6))),
		"a million maps deep":          mapOf(join(str("x"), bytes.Repeat([]byte{0x81}, 1e6))),
		"4 GiB extension":              mapOf(join(str("x"), header(0xc9, 4, 1<<32-1))),
		"4 GiB name":                   mapOf(header(0xdb, 4, 1<<32-1)),
		"ratio 1000 and one byte":      with(func(p *parts) { p.block, p.size = bin(make([]byte, 20)), integer(20001) }),
	}
	return all
}

// What an input claims costs nothing: no memory but for the error before the checks
// are through.
func TestBombsAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("allocations cannot be counted under the race detector")
	}
	s := core.NewByteStorage(core.DefaultFormat)
	for name, bomb := range bombs() {
		for how, read := range map[string]func() error{
			"Retrieve":       func() error { _, err := s.Retrieve(bomb); return err },
			"RetrieveInto":   func() error { _, err := s.RetrieveInto(nil, bomb); return err },
			"Decompress":     func() error { _, err := core.Decompress(bomb); return err },
			"DecompressInto": func() error { _, err := core.DecompressInto(nil, bomb); return err },
			"Validate":       func() error { return s.Validate(bomb) },
			"Inspect":        func() error { _, err := core.Inspect(bomb); return err },
		} {
			var err error
			if n := bytetest.Allocated(func() { err = read() }); n > bytetest.ErrorSize || err == nil {
				t.Errorf("%s: %s allocates %d bytes, %v", name, how, n, err)
			}
			if err == nil || errors.Is(err, core.ErrBufferTooSmall) {
				t.Errorf("%s: %s gives %v", name, how, err)
			}
		}
	}
}

// Past the checks, the payload's size is the only memory taken, and that is at
// most 1000 bytes for each byte of the input.
func TestDamagedEnvelopesAllocateTheirClaimOnly(t *testing.T) {
	if raceDetector {
		t.Skip("allocations cannot be counted under the race detector")
	}
	for name, block := range map[string][]byte{
		"bytes":    bin(make([]byte, 4000)),
		"integers": integers(make([]byte, 4000)),
	} {
		envelope := with(func(p *parts) { p.block, p.size = block, integer(4e6) })
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := core.Decompress(envelope)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, core.ErrDecompressionFailed) {
			t.Errorf("%s: %v", name, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 4e6+64<<10 {
			t.Errorf("%s: took %d bytes for a claim of 4,000,000", name, took)
		}
	}
}

// checkDamaged reads an envelope that something was done to.
func checkDamaged(t *testing.T, what string, envelope, original []byte) (accepted bool) {
	t.Helper()
	got, err := core.Decompress(envelope)
	switch {
	case err == nil && !bytes.Equal(got, original):
		t.Errorf("%s: wrong data, %d bytes", what, len(got))
	case err != nil && codes.Of(err) == codes.Internal:
		t.Errorf("%s: %v, not one of ours", what, err)
	}
	return err == nil
}

// Any byte changed, cut or put in: the answer is an error or the original
// payload. Which it is:
//   - a cut envelope is always invalid input;
//   - a changed byte inside the format is the original payload with another
//     format (the checksum covers the payload alone), or invalid input where it
//     is not UTF-8 any more;
//   - a flipped bit elsewhere is an error, except in the block, where another
//     block may stand for the same payload, and in the header of an integer,
//     where it may be another spelling of the same number (cd and d1).
func TestDamageNeverYieldsWrongData(t *testing.T) {
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 20, 80} {
			if (testing.Short() || raceDetector) && n > 20 {
				continue
			}
			data := kind.make(n)
			p := partsOf(data)
			f := p.pairs()
			old := p
			old.block = integers(literalBlock(data))
			for shape, envelope := range map[string][]byte{
				"as written": store(t, data),
				"as a map":   mapOf(f[3], f[2], f[1], f[0]),
				"integers":   old.array(),
			} {
				name := fmt.Sprintf("%s of %d %s", kind.name, n, shape)
				if !checkDamaged(t, name, envelope, data) {
					t.Fatalf("%s: not accepted to begin with", name)
				}
				for i := range envelope {
					if _, err := core.Decompress(envelope[:i]); !errors.Is(err, core.ErrInvalidInput) {
						t.Errorf("%s, cut to %d: %v", name, i, err)
					}
					checkDamaged(t, fmt.Sprintf("%s, first %d gone", name, i+1), envelope[i+1:], data)
					checkDamaged(t, fmt.Sprintf("%s, %d left out", name, i), join(envelope[:i], envelope[i+1:]), data)
				}
				damagedCopy := bytes.Clone(envelope)
				for i := range envelope {
					for x := 1; x < 256; x++ {
						damagedCopy[i] ^= byte(x)
						checkDamaged(t, fmt.Sprintf("%s, byte %d ^ %02x", name, i, x), damagedCopy, data)
						damagedCopy[i] = envelope[i]
					}
				}
				for i := range len(envelope) + 1 {
					for x := range 256 {
						checkDamaged(t, fmt.Sprintf("%s, %02x put in at %d", name, x, i),
							join(envelope[:i], []byte{byte(x)}, envelope[i:]), data)
					}
				}
			}
		}
	}
}

// The precise part of the above, on an envelope whose fields' places are known.
func TestFlippedBitsByField(t *testing.T) {
	data := bytetest.Noise(300) // stays literal, so that no other block stands for it
	envelope := store(t, data)
	e, err := core.Inspect(envelope)
	if err != nil {
		t.Fatal(err)
	}
	block := 1 + binHeader(e.CompressedSize)
	checksum := block + e.CompressedSize
	size := checksum + len(checksumAsWritten(data))
	format := size + 3 + 1
	if format+len(core.DefaultFormat) != len(envelope) {
		t.Fatalf("fields end at %d of %d", format+len(core.DefaultFormat), len(envelope))
	}
	for i := range envelope {
		for bit := range 8 {
			flipped := bytes.Clone(envelope)
			flipped[i] ^= 1 << bit
			got, err := core.Decompress(flipped)
			name := fmt.Sprintf("bit %d of byte %d", bit, i)
			switch {
			case i >= format && flipped[i] < 0x80:
				after, _ := core.Inspect(flipped)
				if err != nil || !bytes.Equal(got, data) || string(after.Format) == core.DefaultFormat {
					t.Errorf("%s, in the format: %d bytes of %q, %v", name, len(got), after.Format, err)
				}
			case i >= format, i < block:
				if !errors.Is(err, core.ErrInvalidInput) {
					t.Errorf("%s, in a header or a format that is no text: %v", name, err)
				}
			case i >= size && i < format && err == nil:
				t.Errorf("%s, in the size: accepted", name)
			case i >= checksum && i < size && err == nil:
				t.Errorf("%s, in the checksum: accepted", name)
			case i == block && bit < 4:
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s, without a meaning in the last token of a block: %d bytes, %v", name, len(got), err)
				}
			case i >= block && i < checksum && err == nil:
				t.Errorf("%s, in the block: accepted", name)
			case i >= block+3 && i < checksum && !errors.Is(err, core.ErrChecksumMismatch):
				t.Errorf("%s, in the literals: %v, want a checksum mismatch", name, err)
			}
		}
	}
}

// A writer cannot be talked into another envelope by what it stores.
func TestPayloadsThatLookLikeEnvelopes(t *testing.T) {
	inner := store(t, hello)
	for name, data := range map[string][]byte{
		"an envelope":         inner,
		"envelopes":           bytes.Repeat(inner, 50),
		"an envelope's end":   append(checksumAsWritten(nil), inner...),
		"MessagePack headers": []byte(strings.Repeat("\xc4\x98\x94\xdd\xff", 100)),
	} {
		checkAccepted(t, name, store(t, data), data)
	}
}
