package core_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/zeebo/xxh3"

	"github.com/cachekit-go/cachekit-core/core"
)

// vectorDir holds the published vectors, beside the repository.
const vectorDir = "../../shared/vectors"

// vectorPath skips the test where the vectors are not there.
func vectorPath(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(vectorDir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("published vectors not found, skipping: %v", err)
	}
	return path
}

func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(vectorPath(t, name))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// run is a piece of a payload or an envelope that is too long to print.
type run struct {
	Hex   string
	Count int
}

func build(runs []run) (out []byte) {
	for _, r := range runs {
		out = append(out, bytes.Repeat(fromHex(r.Hex), r.Count)...)
	}
	return out
}

// checkVector reads an envelope in every way there is, and writes it again.
func checkVector(t *testing.T, name string, envelope, input []byte, format string, canonical bool) {
	t.Helper()
	s := core.NewByteStorage(format)
	got, err := s.Retrieve(envelope)
	if err != nil || !bytes.Equal(got, input) {
		t.Errorf("%s: Retrieve gives %d bytes, %v", name, len(got), err)
		return
	}
	if err := s.Validate(envelope); err != nil {
		t.Errorf("%s: Validate: %v", name, err)
	}
	e, err := core.Inspect(envelope)
	if err != nil || e.OriginalSize != len(input) || string(e.Format) != format || e.Checksum != core.Checksum(input) {
		t.Errorf("%s: Inspect gives %d bytes of %q, %x, %v", name, e.OriginalSize, e.Format, e.Checksum, err)
	}
	ours, err := s.Store(input)
	if err != nil {
		t.Errorf("%s: Store: %v", name, err)
		return
	}
	if back, err := s.Retrieve(ours); err != nil || !bytes.Equal(back, input) {
		t.Errorf("%s: our own envelope gives %d bytes, %v", name, len(back), err)
	}
	// LZ4 is not canonical but everything after the block is, and its bytes
	// are the same where both blocks end in the same way.
	o, err := core.Inspect(ours)
	if err != nil {
		t.Errorf("%s: Inspect of our own envelope: %v", name, err)
	} else if tail := len(ours) - 1 - binHeader(o.CompressedSize) - o.CompressedSize; canonical &&
		!bytes.Equal(ours[len(ours)-tail:], envelope[len(envelope)-tail:]) {
		t.Errorf("%s: our checksum, size and format are spelled %x, theirs %x", name, ours[len(ours)-tail:], envelope[len(envelope)-tail:])
	}
}

func binHeader(n int) int {
	switch {
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	}
	return 5
}

func TestWireFormatVectors(t *testing.T) {
	for _, file := range []struct {
		name                 string
		vectors, constructed int
	}{
		{"cachekit/wire-format-1.1.0.json", 12, 0},
		{"cachekit/wire-format-1.2.0.transcribed.json", 14, 1},
	} {
		t.Run(filepath.Base(file.name), func(t *testing.T) {
			var f struct {
				Limits struct {
					MaxCompressedSize   int `json:"max_compressed_size"`
					MaxCompressionRatio int `json:"max_compression_ratio"`
					MaxUncompressedSize int `json:"max_uncompressed_size"`
				}
				Vectors []struct {
					Name, Format string
					InputHex     string `json:"input_hex"`
					InputSize    int    `json:"input_size"`
					EnvelopeHex  string `json:"envelope_hex"`
					EnvelopeSize int    `json:"envelope_size"`
				}
				ConstructedVectors []struct {
					Name, Format         string
					OriginalSize         int    `json:"original_size"`
					CompressedSize       int    `json:"compressed_size"`
					EnvelopeSize         int    `json:"envelope_size"`
					ChecksumHex          string `json:"checksum_hex"`
					EnvelopeConstruction []run  `json:"envelope_construction"`
					InputConstruction    []run  `json:"input_construction"`
				} `json:"constructed_vectors"`
			}
			readVectors(t, file.name, &f)
			if len(f.Vectors) != file.vectors || len(f.ConstructedVectors) != file.constructed {
				t.Fatalf("%d vectors and %d constructed ones, want %d and %d",
					len(f.Vectors), len(f.ConstructedVectors), file.vectors, file.constructed)
			}
			if l := f.Limits; l.MaxCompressedSize != core.MaxEnvelopeSize || l.MaxCompressionRatio != core.MaxCompressionRatio ||
				l.MaxUncompressedSize != core.MaxPayloadSize {
				t.Errorf("limits %+v are not ours", l)
			}
			for _, v := range f.Vectors {
				envelope, input := fromHex(v.EnvelopeHex), fromHex(v.InputHex)
				if len(envelope) != v.EnvelopeSize || len(input) != v.InputSize {
					t.Errorf("%s: read %d and %d bytes, want %d and %d", v.Name, len(envelope), len(input), v.EnvelopeSize, v.InputSize)
				}
				checkVector(t, v.Name, envelope, input, v.Format, true)
			}
			for _, v := range f.ConstructedVectors {
				envelope, input := build(v.EnvelopeConstruction), build(v.InputConstruction)
				if len(envelope) != v.EnvelopeSize || len(input) != v.OriginalSize {
					t.Errorf("%s: built %d and %d bytes, want %d and %d", v.Name, len(envelope), len(input), v.EnvelopeSize, v.OriginalSize)
				}
				e, err := core.Inspect(envelope)
				if err != nil || e.CompressedSize != v.CompressedSize || hex.EncodeToString(e.Checksum[:]) != v.ChecksumHex {
					t.Errorf("%s: Inspect gives a block of %d bytes, %x, %v", v.Name, e.CompressedSize, e.Checksum, err)
				}
				checkVector(t, v.Name, envelope, input, v.Format, true)
			}
		})
	}
}

// The worked examples of the format's description, byte for byte: blocks this
// short come out the same from every encoder.
func TestWorkedExamples(t *testing.T) {
	for _, c := range []struct{ name, payload, envelope string }{
		{"hello, cachekit!", "hello, cachekit!",
			"94 c412 f001 68656c6c6f2c2063616368656b697421 98 6d cc8a 34 ccb6 3a 3c 52 ccd3 10 a7 6d73677061636b"},
		{"empty", "", "94 c40100 98 2d 06 cc80 05 38 ccd3 cc94 ccc2 00 a7 6d73677061636b"},
	} {
		s := core.NewByteStorage(core.DefaultFormat)
		envelope, err := s.Store([]byte(c.payload))
		if want := fromHex(c.envelope); err != nil || !bytes.Equal(envelope, want) {
			t.Errorf("%s: stored as %x, %v, want %x", c.name, envelope, err, want)
		}
		payload, err := s.Retrieve(fromHex(c.envelope))
		if err != nil || payload == nil || string(payload) != c.payload {
			t.Errorf("%s: retrieved %q, %v", c.name, payload, err)
		}
	}
}

// Every file of the LZ4 corpus is read as a block, both as bytes and as the
// integers of the first format.
func TestLZ4CorpusDecodesOrIsRefused(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(vectorPath(t, "lz4-pierrec-fuzz/uncompress"), "*"))
	if err != nil || len(files) != 108 {
		t.Fatalf("%d files, %v, want 108", len(files), err)
	}
	count := map[verdict]int{}
	for _, file := range files {
		name := filepath.Base(file)
		block, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		size := min(len(block)*core.MaxCompressionRatio, 8<<20)
		want, v := referenceDecode(block, size)
		refusal := core.ErrDecompressionFailed
		if len(block) == 0 {
			refusal = core.ErrDecompressionBomb
		}
		if v != malformed {
			size = len(want)
		}
		count[v]++
		for spelling, field := range map[string][]byte{"bytes": bin(block), "integers": integers(block)} {
			p := parts{field, integers(sumOf(want)), integer(uint64(size)), str("")}
			got, err := core.AppendPayload(nil, p.array())
			switch right := err == nil && bytes.Equal(got, want); {
			case v == strict && !right:
				t.Errorf("%s as %s: %d bytes, %v, want %d", name, spelling, len(got), err, len(want))
			case v == loose && !right && !errors.Is(err, refusal):
				t.Errorf("%s as %s: %d bytes, %v, want %d or %v", name, spelling, len(got), err, len(want), refusal)
			case v == malformed && !errors.Is(err, refusal):
				t.Errorf("%s as %s: %d bytes, %v, want %v", name, spelling, len(got), err, refusal)
			}
		}
	}
	t.Logf("%d to decode, %d that may be refused, %d to refuse", count[strict], count[loose], count[malformed])
	if count[strict] == 0 || count[malformed] == 0 {
		t.Error("the corpus should hold both sound blocks and unsound ones")
	}
}

func TestLZ4CorpusRoundTrips(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(vectorPath(t, "lz4-pierrec-fuzz/compress"), "*"))
	if err != nil || len(files) != 7 {
		t.Fatalf("%d files, %v, want 7", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, must, err := referenceRetrieve(store(t, data))
		if err != nil || !must || !bytes.Equal(got, data) {
			t.Errorf("%s: the plain reader gives %d bytes, %v", filepath.Base(file), len(got), err)
		}
	}
}

// The C implementation's own values. Those with a seed, which is the Checksum
// itself, go through the library behind Checksum: envelopes know seed 0 only.
func TestChecksumVectors(t *testing.T) {
	var f struct {
		Plain  []string `json:"xxh3_64"`
		Seeded []string `json:"xxh3_64_seed"`
	}
	readVectors(t, "xxh3-zeebo/xxh3_64_vectors.json", &f)
	if len(f.Plain) != 4096 || len(f.Seeded) != 4096 {
		t.Fatalf("%d and %d vectors, want 4096 of each", len(f.Plain), len(f.Seeded))
	}
	data := make([]byte, len(f.Plain))
	for i := range data {
		data[i] = byte((i + 1) % 251)
	}
	for i, want := range f.Plain {
		sum := core.Checksum(data[:i])
		if hex.EncodeToString(sum[:]) != want {
			t.Errorf("xxh3_64[%d]: %x, want %s", i, sum, want)
		}
		seeded := fmt.Sprintf("%016x", xxh3.HashSeed(data[:i], binary.BigEndian.Uint64(sum[:])))
		if seeded != f.Seeded[i] {
			t.Errorf("xxh3_64_seed[%d]: %s, want %s", i, seeded, f.Seeded[i])
		}
		if err := core.VerifyChecksum(data[:i], sum); err != nil {
			t.Errorf("xxh3_64[%d]: %v", i, err)
		}
	}
}
