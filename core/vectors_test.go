package core_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/zeebo/xxh3"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(need.Vectors(t, name), into); err != nil {
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
func checkVector(t *testing.T, name string, envelope, input []byte, format string) {
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
	} else if tail := len(ours) - 1 - binHeader(o.CompressedSize) - o.CompressedSize; !bytes.Equal(ours[len(ours)-tail:], envelope[len(envelope)-tail:]) {
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

// wireFormat is the published file of envelopes.
type wireFormat struct {
	Version string
	Limits  struct {
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
	Constructed []struct {
		Name, Format         string
		OriginalSize         int    `json:"original_size"`
		CompressedSize       int    `json:"compressed_size"`
		EnvelopeSize         int    `json:"envelope_size"`
		ChecksumHex          string `json:"checksum_hex"`
		EnvelopeConstruction []run  `json:"envelope_construction"`
		InputConstruction    []run  `json:"input_construction"`
	} `json:"constructed_vectors"`
	Rejects []struct {
		Name         string
		Step         int    `json:"reject_step"`
		EnvelopeHex  string `json:"envelope_hex"`
		EnvelopeSize int    `json:"envelope_size"`
	} `json:"reject_vectors"`
	PayloadRejects []struct {
		Name, Format string
		InputHex     string `json:"input_hex"`
		EnvelopeHex  string `json:"envelope_hex"`
		EnvelopeSize int    `json:"envelope_size"`
	} `json:"payload_reject_vectors"`
	Temporal []struct {
		Name       string
		PayloadHex string `json:"payload_hex"`
	} `json:"temporal_sentinel_vectors"`
}

func readWireFormat(t *testing.T) (f wireFormat) {
	t.Helper()
	readVectors(t, "cachekit/wire-format-1.4.0.json", &f)
	return f
}

// Nothing in the file goes unread: a set that is new has no test here yet.
func TestWireFormatSets(t *testing.T) {
	f := readWireFormat(t)
	if f.Version != "1.4.0" {
		t.Errorf("version %q", f.Version)
	}
	if l := f.Limits; l.MaxCompressedSize != core.MaxEnvelopeSize || l.MaxCompressionRatio != core.MaxCompressionRatio ||
		l.MaxUncompressedSize != core.MaxPayloadSize {
		t.Errorf("limits %+v are not ours", l)
	}
	var sets map[string]json.RawMessage
	readVectors(t, "cachekit/wire-format-1.4.0.json", &sets)
	got := map[string]int{}
	for name, raw := range sets {
		var cases []json.RawMessage
		if json.Unmarshal(raw, &cases) == nil {
			got[name] = len(cases)
		}
	}
	want := map[string]int{"vectors": 18, "constructed_vectors": 4, "reject_vectors": 14, "payload_reject_vectors": 2, "temporal_sentinel_vectors": 3}
	if !maps.Equal(got, want) {
		t.Errorf("sets %v, want %v", got, want)
	}
	if len(f.Vectors) != 18 || len(f.Constructed) != 4 || len(f.Rejects) != 14 || len(f.PayloadRejects) != 2 || len(f.Temporal) != 3 {
		t.Error("some are not read")
	}
}

func TestWireFormatVectors(t *testing.T) {
	f := readWireFormat(t)
	for _, v := range f.Vectors {
		envelope, input := fromHex(v.EnvelopeHex), fromHex(v.InputHex)
		if len(envelope) != v.EnvelopeSize || len(input) != v.InputSize {
			t.Errorf("%s: read %d and %d bytes, want %d and %d", v.Name, len(envelope), len(input), v.EnvelopeSize, v.InputSize)
		}
		checkVector(t, v.Name, envelope, input, v.Format)
	}
	for _, v := range f.Constructed {
		envelope, input := build(v.EnvelopeConstruction), build(v.InputConstruction)
		if len(envelope) != v.EnvelopeSize || len(input) != v.OriginalSize {
			t.Errorf("%s: built %d and %d bytes, want %d and %d", v.Name, len(envelope), len(input), v.EnvelopeSize, v.OriginalSize)
		}
		e, err := core.Inspect(envelope)
		if err != nil || e.CompressedSize != v.CompressedSize || hex.EncodeToString(e.Checksum[:]) != v.ChecksumHex {
			t.Errorf("%s: Inspect gives a block of %d bytes, %x, %v", v.Name, e.CompressedSize, e.Checksum, err)
		}
		checkVector(t, v.Name, envelope, input, v.Format)
	}
}

// Each is refused with the error that the vector's description names, and up to
// step 5, where nothing is decompressed yet, before any memory is taken.
func TestWireFormatRejects(t *testing.T) {
	f := readWireFormat(t)
	wants := map[string]error{
		"reject_original_size_over_cap":       core.ErrInputTooLarge,
		"reject_original_size_wraps_u32":      core.ErrInputTooLarge,
		"reject_original_size_sign_bit":       core.ErrInputTooLarge,
		"reject_zero_length_compressed_data":  core.ErrDecompressionBomb,
		"reject_ratio_bomb":                   core.ErrDecompressionBomb,
		"reject_ratio_float32_rounds":         core.ErrDecompressionBomb,
		"reject_decompressed_length_mismatch": core.ErrSizeValidationFailed,
		"reject_checksum_mismatch":            core.ErrChecksumMismatch,
		"reject_envelope_arity_5":             core.ErrInvalidInput,
		"reject_envelope_arity_3":             core.ErrInvalidInput,
		"reject_checksum_nine_elements":       core.ErrInvalidInput,
		"reject_checksum_seven_elements":      core.ErrInvalidInput,
		"reject_legacy_element_above_255":     core.ErrInvalidInput,
		"reject_envelope_slots_overclaim":     core.ErrInvalidInput,
	}
	s := core.NewByteStorage(core.DefaultFormat)
	out := make([]byte, 17)
	for _, v := range f.Rejects {
		envelope, want := fromHex(v.EnvelopeHex), wants[v.Name]
		if delete(wants, v.Name); want == nil || len(envelope) != v.EnvelopeSize {
			t.Errorf("%s: %d bytes, want %d, with the error %v", v.Name, len(envelope), v.EnvelopeSize, want)
		}
		calls := map[string]func() error{
			"Retrieve":     func() error { _, err := s.Retrieve(envelope); return err },
			"RetrieveInto": func() error { _, err := s.RetrieveInto(out, envelope); return err },
			"Validate":     func() error { return s.Validate(envelope) },
		}
		if v.Step <= 5 {
			calls["Inspect"] = func() error { _, err := core.Inspect(envelope); return err }
		}
		for how, call := range calls {
			var err error
			taken := bytetest.Allocated(func() { err = call() })
			if !errors.Is(err, want) || !core.IsMiss(err) {
				t.Errorf("%s: %s gives %v, want %v", v.Name, how, err, want)
			}
			if v.Step <= 5 && taken > bytetest.ErrorSize && !raceDetector {
				t.Errorf("%s: %s allocates %d bytes", v.Name, how, taken)
			}
		}
	}
	if len(wants) > 0 {
		t.Errorf("not in the file: %v", wants)
	}
}

// An envelope carries any payload. Those that are no sound MessagePack are
// refused by what reads MessagePack, package interop; times in them are maps to
// this library, which hands them on.
func TestWireFormatPayloads(t *testing.T) {
	f := readWireFormat(t)
	for _, v := range f.PayloadRejects {
		envelope, payload := fromHex(v.EnvelopeHex), fromHex(v.InputHex)
		if len(envelope) != v.EnvelopeSize {
			t.Errorf("%s: %d bytes, want %d", v.Name, len(envelope), v.EnvelopeSize)
		}
		checkVector(t, v.Name, envelope, payload, v.Format)
		_, canonical := interop.Canonical(payload)
		_, parse := interop.Parse(payload)
		for how, err := range map[string]error{"Check": interop.Check(payload), "Canonical": canonical, "Parse": parse} {
			if !errors.Is(err, core.ErrInvalidInput) {
				t.Errorf("%s: interop.%s gives %v", v.Name, how, err)
			}
		}
	}
	for _, v := range f.Temporal {
		payload := fromHex(v.PayloadHex)
		if got, err := core.Decompress(store(t, payload)); err != nil || !bytes.Equal(got, payload) {
			t.Errorf("%s: comes back as %x, %v", v.Name, got, err)
		}
		if got, err := interop.Canonical(payload); err != nil || !bytes.Equal(got, payload) {
			t.Errorf("%s: is %x in canonical form, %v", v.Name, got, err)
		}
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
	files, err := filepath.Glob(filepath.Join(need.VectorPath(t, "lz4-pierrec-fuzz/uncompress"), "*"))
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
			got, err := core.Decompress(p.array())
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
	files, err := filepath.Glob(filepath.Join(need.VectorPath(t, "lz4-pierrec-fuzz/compress"), "*"))
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
	source := string(need.Vectors(t, "xxh3-zeebo/compat_test.go.txt"))
	plain, seeds := goNumbers(t, source, "testVecs64"), goNumbers(t, source, "testVecs64Seed")
	if len(plain) != 4096 || len(seeds) != 4096 {
		t.Fatalf("%d and %d vectors, want 4096 of each", len(plain), len(seeds))
	}
	data := make([]byte, len(plain))
	for i := range data {
		data[i] = byte((i + 1) % 251)
	}
	for i, want := range plain {
		sum := core.Checksum(data[:i])
		if got := binary.BigEndian.Uint64(sum[:]); got != want {
			t.Errorf("xxh3_64[%d]: %x, want %x", i, got, want)
		}
		if got := xxh3.HashSeed(data[:i], want); got != seeds[i] {
			t.Errorf("xxh3_64_seed[%d]: %x, want %x", i, got, seeds[i])
		}
		if err := core.VerifyChecksum(data[:i], sum); err != nil {
			t.Errorf("xxh3_64[%d]: %v", i, err)
		}
	}
}

// goNumbers returns a variable of Go source that is a list of numbers.
func goNumbers(t *testing.T, source, name string) (numbers []uint64) {
	t.Helper()
	_, list, _ := strings.Cut(source, "\nvar "+name+" = []uint64{")
	list, _, _ = strings.Cut(list, "}")
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		n, err := strconv.ParseUint(word, 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	return numbers
}
