package core

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/internal/checksum"
	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/memory"
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
	arrayHeader    = 1                  // fixarray
	binHeaderMax   = 5                  // bin32
	checksumMax    = 1 + 2*ChecksumSize // fixarray, each byte in up to two
	sizeMax        = 5                  // uint32
	strHeaderMax   = 5                  // str32
	envelopeExtras = arrayHeader + binHeaderMax + checksumMax + sizeMax + strHeaderMax
)

// Envelope is the header of a stored envelope: what it says of its payload,
// before anything is decompressed. It comes from Inspect and may be copied; out of
// the zero value comes ErrDecompressionFailed.
type Envelope struct {
	OriginalSize   int                // size of the payload in bytes
	CompressedSize int                // size of the LZ4 block in bytes
	Checksum       [ChecksumSize]byte // XXH3-64 of the payload, big-endian
	Format         []byte             // valid UTF-8; part of the envelope's bytes, not a copy

	size    int    // of the envelope in bytes
	behind  int    // bytes of the envelope behind the block
	block   []byte // the LZ4 block, or in an old envelope the integers that spell it
	integer bool   // block holds MessagePack integers, not bytes
}

// EnvelopeBound is the largest size in bytes that the envelope of n payload
// bytes with a format of formatLen bytes can take; math.MaxInt, if that is more.
func EnvelopeBound(n, formatLen int) int {
	bound := lz4block.Bound(n) + envelopeExtras
	if bound < 0 || bound > math.MaxInt-formatLen {
		return math.MaxInt
	}
	return bound + formatLen
}

// Inspect reads the header of an envelope and makes every check that needs no
// decompression. It costs the same for 64 bytes and for 512 MiB, except for
// envelopes written before the block became `bin`: those spell it as an array
// of integers, which has to be walked.
func Inspect(envelope []byte) (Envelope, error) {
	var e Envelope
	if len(envelope) > MaxEnvelopeSize {
		return Envelope{}, ErrInputTooLarge
	}
	size, ok := e.parseWritten(envelope)
	if !ok {
		size, ok = e.parse(envelope)
	}
	switch {
	case !ok:
		return Envelope{}, ErrInvalidInput
	case size > MaxPayloadSize:
		return Envelope{}, ErrInputTooLarge
	case e.CompressedSize == 0, size > uint64(e.CompressedSize)*MaxCompressionRatio:
		return Envelope{}, ErrDecompressionBomb
	}
	e.OriginalSize, e.size = int(size), len(envelope)
	return e, nil
}

// Extract decompresses the payload into dst, which must be OriginalSize bytes
// long and must not overlap the envelope, except as InPlaceSize says, and
// checks it. After an error dst holds zeros as far as it was written to, which may be
// a small part of what the envelope claimed.
func (e *Envelope) Extract(dst []byte) error {
	written, err := e.extract(dst)
	if err != nil {
		memory.Clear(dst[:written])
	}
	return err
}

// Size is the size of the whole envelope in bytes.
func (e *Envelope) Size() int { return e.size }

// InPlaceSize is the size in bytes of a buffer in which the envelope, standing
// at the buffer's end, may be extracted to the buffer's start, and is
// overwritten as it is read. It is 0 for an envelope that cannot: one of those
// that spell the block as integers.
func (e *Envelope) InPlaceSize() int {
	if e.integer {
		return 0
	}
	return max(e.size, e.OriginalSize+lz4block.InPlaceMargin(len(e.block))+e.behind)
}

// extract also returns how much of dst was written to.
func (e *Envelope) extract(dst []byte) (written int, err error) {
	if len(dst) != e.OriginalSize {
		return 0, ErrBufferTooSmall
	}
	var n int
	if e.integer {
		n, err = decodeIntegerBlock(dst, e.block)
	} else {
		n, err = lz4block.Decode(dst, e.block)
	}
	if err != nil {
		return n, ErrDecompressionFailed
	}
	written = min(n+lz4block.DecodeSlack, len(dst))
	// The checksum is looked at first: a wrong size that it vouches for is a
	// writer's mistake, anything else is damage.
	if checksum.Sum(dst[:n]) != binary.BigEndian.Uint64(e.Checksum[:]) {
		return written, ErrChecksumMismatch
	}
	if n != e.OriginalSize {
		return written, ErrSizeValidationFailed
	}
	return written, nil
}

// parseWritten is parse for the one form that writers give an envelope, at a
// third of the time. It reports false for every other form, valid or not.
func (e *Envelope) parseWritten(envelope []byte) (size uint64, ok bool) {
	if len(envelope) < 3 || envelope[0] != 0x90|fieldCount {
		return 0, false
	}
	h := msgpack.Next(envelope[arrayHeader:])
	rest := envelope[arrayHeader+h.Size:]
	if h.Kind != msgpack.Bin || h.N > uint64(len(rest)) {
		return 0, false
	}
	block, rest := rest[:h.N:h.N], rest[h.N:]
	if len(rest) < checksumMax+2 || rest[0] != 0x90|ChecksumSize {
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
	if len(format) > 31 || string(format) != DefaultFormat && !utf8.Valid(format) {
		return 0, false
	}
	e.block, e.CompressedSize, e.behind, e.Format = block, len(block), len(rest), format
	return size, true
}

// parse splits an envelope into its fields and returns the original size. It
// allocates nothing, and reports false for whatever is not one envelope.
func (e *Envelope) parse(envelope []byte) (size uint64, ok bool) {
	r := msgpackReader{in: envelope}
	count, isMap, ok := r.container()
	if !ok {
		return 0, false
	}
	if !isMap {
		if count != fieldCount {
			return 0, false
		}
		ok = r.block(e) && r.checksum(&e.Checksum) && r.uint(&size) && r.str(&e.Format)
		return size, ok && len(r.in) == 0
	}
	var seen [fieldCount]bool
	for ; count > 0; count-- {
		var name []byte
		if !r.str(&name) {
			return 0, false
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
				return 0, false
			}
			continue
		}
		if seen[field] {
			return 0, false
		}
		seen[field] = true
		switch field {
		case fieldBlock:
			ok = r.block(e)
		case fieldChecksum:
			ok = r.checksum(&e.Checksum)
		case fieldSize:
			ok = r.uint(&size)
		case fieldFormat:
			ok = r.str(&e.Format)
		}
		if !ok {
			return 0, false
		}
	}
	return size, seen == [fieldCount]bool{true, true, true, true} && len(r.in) == 0
}

// EncodeEnvelope writes the envelope of data to dst and returns its size. dst
// must not overlap data; if it is shorter than EnvelopeBound(len(data),
// len(format)), the answer is ErrBufferTooSmall and that bound, and nothing is
// written. No payload is left in dst behind the envelope. It is
// ByteStorage.StoreInto without metrics.
func EncodeEnvelope(dst, data []byte, format string) (int, error) {
	if len(data) > MaxPayloadSize || len(format) > MaxFormatSize {
		return 0, ErrInputTooLarge
	}
	if format != DefaultFormat && !memory.ValidUTF8(memory.Bytes(format)) {
		return 0, ErrInvalidInput
	}
	if bound := EnvelopeBound(len(data), len(format)); len(dst) < bound {
		return bound, ErrBufferTooSmall
	}
	blockBound := lz4block.Bound(len(data))
	dst[0] = 0x90 | fieldCount

	// The block's header comes first and its length depends on the block, so
	// its width is a guess; a wrong one costs a move of the block. Blocks of
	// up to 64 KiB are the likely outcome up to three times that input.
	guess := 5
	switch {
	case blockBound <= 0xff:
		guess = 2
	case len(data) <= 3<<16:
		guess = 3
	}
	start := arrayHeader + guess
	n := lz4block.Encode(dst[start:start+blockBound], data)
	header := msgpack.Size(msgpack.Bin, uint64(n))
	if header != guess {
		copy(dst[arrayHeader+header:], dst[start:start+n])
	}
	msgpack.Append(dst[:arrayHeader], msgpack.Bin, uint64(n))
	at := arrayHeader + header + n

	dst[at] = 0x90 | ChecksumSize
	at++
	for _, b := range Checksum(data) {
		// Without a branch, see parseWritten: the mark of a wide byte is
		// written, and kept if the byte is one.
		dst[at] = 0xcc
		at += int(b >> 7)
		dst[at] = b
		at++
	}
	out := msgpack.Append(dst[:at], msgpack.Uint, uint64(len(data)))
	out = msgpack.Append(out, msgpack.String, uint64(len(format)))
	dirty := start + min(n+lz4block.Slack, blockBound)
	if len(out)+len(format) > MaxEnvelopeSize {
		memory.Clear(dst[:max(len(out), dirty)])
		return 0, ErrInputTooLarge
	}
	out = memory.Append(out, memory.Bytes(format))
	if len(out) < dirty {
		clear(dst[len(out):dirty])
	}
	return len(out), nil
}

// decodeIntegerBlock decodes a block that an old envelope spells as
// MessagePack integers. It reads them one by one instead of gathering them in
// a buffer first, so that an old envelope needs no more memory than a new one.
func decodeIntegerBlock(dst, integers []byte) (int, error) {
	r := msgpackReader{in: integers}
	return lz4block.DecodeFrom(dst, func() (byte, bool) {
		var b byte
		ok := r.byte(&b)
		return b, ok
	})
}
