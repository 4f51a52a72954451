// Package envelope is the wire format of stored payloads: LZ4 and XXH3-64 in a
// MessagePack array. It reads and writes envelopes, and counts that for a
// ByteStorage.
package envelope

import (
	"encoding/binary"
	"math/bits"
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
// fifth of the time. It reports false for every other form, valid or not.
func (e *Header) parseWritten(envelope []byte) (size uint64, ok bool) {
	block, rest := writtenBlock(envelope)
	// As long as a checksum can be, and a size and a format of a byte each.
	if len(rest) < checksumMax+2 || rest[0] != 0x90|limits.ChecksumSize {
		return 0, false
	}
	sum := (*[2 * limits.ChecksumSize]byte)(rest[1:])
	values, at, ok := writtenBytes(sum)
	if !ok {
		return 0, false
	}
	for i := range e.Checksum {
		e.Checksum[i] = sum[bits.TrailingZeros32(values)&15]
		values &= values - 1
	}
	size, format := writtenUint(rest[1+at:])
	if len(format) == 0 || int(format[0]) != 0xa0|(len(format)-1) {
		return 0, false
	}
	format = format[1:len(format):len(format)]
	if len(format) > 31 || string(format) != limits.DefaultFormat && !utf8.Valid(format) {
		return 0, false
	}
	e.block, e.CompressedSize, e.behind, e.Format = block, len(block), len(rest), format
	return size, true
}

// writtenBlock reads the header of a block in bytes, and returns it and what follows
// it; nothing for another form.
func writtenBlock(envelope []byte) (block, rest []byte) {
	if len(envelope) < 6 || envelope[0] != 0x90|fieldCount {
		return nil, nil
	}
	var n uint64
	at := 0
	switch envelope[1] {
	case 0xc4:
		n, at = uint64(envelope[2]), 3
	case 0xc5:
		n, at = uint64(binary.BigEndian.Uint16(envelope[2:])), 4
	case 0xc6:
		n, at = uint64(binary.BigEndian.Uint32(envelope[2:])), 6
	default:
		return nil, nil
	}
	if rest = envelope[at:]; n > uint64(len(rest)) {
		return nil, nil
	}
	return rest[:n:n], rest[n:]
}

// writtenUint reads an integer of up to four bytes, and returns it and what follows it;
// nothing for another form.
func writtenUint(in []byte) (v uint64, rest []byte) {
	switch {
	case len(in) < 5:
	case in[0] <= 0x7f:
		return uint64(in[0]), in[1:]
	case in[0] == 0xcc:
		return uint64(in[1]), in[2:]
	case in[0] == 0xcd:
		return uint64(binary.BigEndian.Uint16(in[1:])), in[3:]
	case in[0] == 0xce:
		return uint64(binary.BigEndian.Uint32(in[1:])), in[5:]
	}
	return 0, nil
}

// writtenBytes finds eight bytes among those that spell them as integers: a byte below
// 0x80 as itself, one from 0x80 on behind a mark, 0xcc. It returns where they are, a bit
// for each, and how many bytes spell them; ok is false for another spelling.
//
// Half of all checksum bytes are from 0x80 on, at random, which no branch predictor
// learns, and to go from one to the next takes a load for each. So all are found at once.
// Of the bytes from 0x80 on, which lie in runs, every other one is a mark, from the first
// of each run on. Of a run that begins at an even place these are the even places, of
// another one the odd ones.
func writtenBytes(in *[2 * limits.ChecksumSize]byte) (values uint32, n int, ok bool) {
	const even = 0x5555
	low, high := binary.LittleEndian.Uint64(in[:]), binary.LittleEndian.Uint64(in[8:])
	wide := highBits(low) | highBits(high)<<8
	starts := wide &^ (wide << 1)
	// A run that a one is added to at its start becomes zeros.
	fromEven := wide &^ (wide + starts&even)
	marks := fromEven&even | wide&^fromEven&^even
	values = ^marks
	// The eighth value is the last that belongs to them.
	after := values
	for range limits.ChecksumSize - 1 {
		after &= after - 1
	}
	n = bits.TrailingZeros32(after) + 1
	own := uint32(1)<<n - 1
	// Each mark is one, and what follows it is from 0x80 on.
	isMark := zeroBytes(low^0xcccccccccccccccc) | zeroBytes(high^0xcccccccccccccccc)<<8
	strange := marks&own&^isMark | (marks&own)<<1&^wide
	return values & own, n, strange == 0 && n <= len(in)
}

const (
	sevenBits = 0x7f7f7f7f7f7f7f7f
	eighthBit = 0x8080808080808080
)

// highBits gathers the highest bit of each byte of v, that of the first byte lowest.
func highBits(v uint64) uint32 { return uint32((v & eighthBit >> 7) * 0x0102040810204080 >> 56) }

// zeroBytes has a bit for each byte of v that is zero.
func zeroBytes(v uint64) uint32 { return highBits(^(v&sevenBits + sevenBits | v)) }

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
