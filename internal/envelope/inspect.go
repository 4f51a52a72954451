// Package envelope is the wire format of stored payloads: LZ4 and XXH3-64 in a
// MessagePack array. It reads and writes envelopes, and counts that for a
// ByteStorage.
package envelope

import (
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// An envelope is a MessagePack array of four fields, by position: the block,
// the checksum, the original size and the format. Readers also take a map
// keyed by these names, which some decoders of the family accept.
const (
	fieldBlock = iota
	fieldChecksum
	fieldSize
	fieldFormat
	fieldCount
)

var fieldNames = [fieldCount]string{"compressed_data", "checksum", "original_size", "format"}

// Bytes that an envelope adds around block and format, at most.
const (
	arrayHeader    = 1                         // fixarray
	binHeaderMax   = 5                         // bin32
	checksumMax    = 1 + 2*limits.ChecksumSize // fixarray, each byte in up to two
	sizeMax        = 5                         // uint32
	strHeaderMax   = 5                         // str32
	envelopeExtras = arrayHeader + binHeaderMax + checksumMax + sizeMax + strHeaderMax
)

// Header is what an envelope says of its payload, before anything is decompressed.
// It comes from Inspect and refers to the envelope. To extract the zero value is
// DecompressionFailed.
type Header struct {
	OriginalSize   int                       // size of the payload in bytes
	CompressedSize int                       // size of the LZ4 block in bytes
	Checksum       [limits.ChecksumSize]byte // XXH3-64 of the payload, big-endian
	Format         []byte                    // valid UTF-8

	size    int    // of the envelope in bytes
	behind  int    // bytes of the envelope behind the block
	block   []byte // the LZ4 block, or in an old envelope the integers that spell it
	integer bool   // block holds MessagePack integers, not bytes
}

// Inspect reads the header of an envelope and makes every check that needs no
// decompression. It costs the same for 64 bytes and for 512 MiB, except for two forms
// that have to be walked: a block that is spelled as an array of integers, as the first
// envelopes were, and a map with unknown fields.
func Inspect(envelope []byte) (Header, error) { return Default.Inspect(envelope) }

// Inspect is Inspect for a payload of up to o.MaxPayload bytes.
func (o Options) Inspect(envelope []byte) (Header, error) {
	var e Header
	if err := e.Read(envelope, o.MaxPayload); err != nil {
		return Header{}, err
	}
	return e, nil
}

// Read is Inspect into a zero value, which spares a copy, for a payload of up to
// maxPayload bytes. After an error e means nothing.
func (e *Header) Read(envelope []byte, maxPayload int) error {
	if len(envelope) > limits.MaxEnvelopeSize {
		return codes.Entry(tooLarge(len(envelope)))
	}
	size, ok := e.parseWritten(envelope)
	if !ok {
		var f flaw
		if size, f = e.parse(envelope); f.kind != flawless {
			return f.err()
		}
	}
	switch {
	case size > uint64(maxPayload):
		return codes.Entry(claimsTooMuch(size, maxPayload))
	case e.CompressedSize == 0, size > uint64(e.CompressedSize)*limits.MaxCompressionRatio:
		return isBomb(e.CompressedSize, int(size))
	}
	e.OriginalSize, e.size = int(size), len(envelope)
	return nil
}

// parseWritten is parse for the one form that writers give an envelope, at a
// third of the time. It reports false for every other form, valid or not.
func (e *Header) parseWritten(envelope []byte) (size uint64, ok bool) {
	if len(envelope) < 3 || envelope[0] != 0x90|fieldCount {
		return 0, false
	}
	h := msgpack.Next(envelope[arrayHeader:])
	rest := envelope[arrayHeader+h.Size:]
	if h.Kind != msgpack.Bin || h.N > uint64(len(rest)) {
		return 0, false
	}
	block, rest := rest[:h.N:h.N], rest[h.N:]
	if len(rest) < checksumMax+2 || rest[0] != 0x90|limits.ChecksumSize {
		return 0, false
	}
	// Half of all checksum bytes take two, at random, which no branch
	// predictor learns: the high bit of a byte says how far to step.
	var strange byte
	at := 1
	for i := range e.Checksum {
		first := rest[at]
		wide := first >> 7
		strange |= (first ^ 0xcc) & -wide
		e.Checksum[i] = rest[at+int(wide)]
		at += 1 + int(wide)
	}
	h = msgpack.Next(rest[at:])
	size, format := h.N, rest[at+h.Size:]
	if strange != 0 || h.Kind != msgpack.Uint || len(format) == 0 || int(format[0]) != 0xa0|(len(format)-1) {
		return 0, false
	}
	format = format[1:len(format):len(format)]
	if len(format) > 31 || string(format) != limits.DefaultFormat && !utf8.Valid(format) {
		return 0, false
	}
	e.block, e.CompressedSize, e.behind, e.Format = block, len(block), len(rest), format
	return size, true
}

// parse splits an envelope into its fields and returns the original size, or why it
// is not one envelope. It allocates nothing.
func (e *Header) parse(envelope []byte) (size uint64, f flaw) {
	r := reader{in: envelope, whole: len(envelope), reading: fieldCount}
	count, isMap, ok := r.container()
	switch {
	case isMap:
		r.pairs(e, &size, count)
	case ok && count == fieldCount:
		for field := range fieldCount {
			if !r.read(field, e, &size) {
				break
			}
		}
	case ok:
		r.wrong(wrongFieldCount, 0, int(count))
	case msgpack.IsPythonFrame(envelope):
		return 0, flaw{kind: pythonFrame, field: fieldCount}
	}
	r.reading = fieldCount
	if r.kind == flawless && len(r.in) > 0 {
		r.wrong(trailing, r.at(), len(r.in))
	}
	return size, r.flaw
}

// read reads one field.
func (r *reader) read(field int, e *Header, size *uint64) bool {
	r.reading = field
	switch field {
	case fieldBlock:
		return r.block(e)
	case fieldChecksum:
		return r.checksum(&e.Checksum)
	case fieldSize:
		return r.uint(size)
	}
	return r.str(&e.Format)
}

// pairs reads the count pairs of a map.
func (r *reader) pairs(e *Header, size *uint64, count uint64) bool {
	var seen [fieldCount]bool
	for ; count > 0; count-- {
		r.reading = fieldCount
		var name []byte
		if !r.str(&name) {
			return false
		}
		field := fieldCount
		for i, known := range fieldNames {
			if string(name) == known {
				field = i
			}
		}
		if field == fieldCount {
			// The map itself is the first level of nesting.
			if !r.skip(1) {
				return false
			}
			continue
		}
		r.reading = field
		if seen[field] {
			return r.wrong(twice, r.at(), 0)
		}
		seen[field] = true
		if !r.read(field, e, size) {
			return false
		}
	}
	for field, found := range seen {
		if r.reading = field; !found {
			return r.wrong(missing, 0, 0)
		}
	}
	return true
}
