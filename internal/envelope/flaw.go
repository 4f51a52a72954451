package envelope

import (
	"math"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// flaw is why something is no envelope. It consists of numbers, from which err makes the
// error: an error inside the reader would have the compiler put what is read, and so the
// buffers of callers, on the heap.
type flaw struct {
	kind  flawKind
	field int // in which it is, or fieldCount
	at, n int // what they are, the texts of err say
}

type flawKind int

const (
	flawless flawKind = iota
	truncated
	reserved
	notContainer
	notBytes
	notText
	notUTF8
	notInteger
	notByte
	wrongChecksumSize
	wrongFieldCount
	tooDeep
	twice
	missing
	trailing
	pythonFrame
)

func (f flaw) err() error {
	if f.kind == missing {
		return codes.Entry(f.lacks())
	}
	err := f.reason()
	switch f.field {
	case fieldBlock:
		err = codes.At(err, "in compressed_data")
	case fieldChecksum:
		err = codes.At(err, "in checksum")
	case fieldSize:
		err = codes.At(err, "in original_size")
	case fieldFormat:
		err = codes.At(err, "in format")
	}
	return codes.Entry(err)
}

func (f flaw) reason() error {
	const c = codes.InvalidInput
	switch f.kind {
	case truncated:
		return c.Because("truncated at byte %d", f.at)
	case reserved:
		return c.Because("byte %d is c1, which begins nothing", f.at)
	case notContainer:
		return c.Because("neither an array nor a map at byte %d", f.at)
	case notBytes:
		return c.Because("neither bytes nor an array at byte %d", f.at)
	case notText:
		return c.Because("no text at byte %d", f.at)
	case notUTF8:
		return c.Because("text before byte %d is not UTF-8", f.at)
	case notInteger:
		return c.Because("no unsigned integer at byte %d", f.at)
	case notByte:
		return c.Because("an integer above 255 before byte %d", f.at)
	case wrongChecksumSize:
		return c.Because("%d bytes before byte %d, %d needed", f.n, f.at, limits.ChecksumSize)
	case wrongFieldCount:
		return c.Because("an array of %d, %d needed", f.n, fieldCount)
	case tooDeep:
		return c.Because("nested deeper than %d levels before byte %d", limits.MaxNesting, f.at)
	case twice:
		return c.Because("a field of the map is there twice, again before byte %d", f.at)
	case trailing:
		return c.Because("%d bytes after the envelope, which ends at byte %d", f.n, f.at)
	case pythonFrame:
		return c.Because("written by the Python SDK's private frame (CK 03)")
	}
	return c
}

// lacks is the reason where a map has a field too few.
func (f flaw) lacks() error {
	const c = codes.InvalidInput
	switch f.field {
	case fieldBlock:
		return c.Because("the map has no compressed_data")
	case fieldChecksum:
		return c.Because("the map has no checksum")
	case fieldSize:
		return c.Because("the map has no original_size")
	}
	return c.Because("the map has no format")
}

func tooLarge(n int) error {
	return codes.InputTooLarge.Because("an envelope of %d bytes, at most %d", n, limits.MaxEnvelopeSize)
}

// claimsTooMuch is the answer to an original size, of which an int may not hold all.
func claimsTooMuch(size uint64, most int) error {
	if size > math.MaxInt {
		return codes.InputTooLarge.Because("original size above %d, at most %d", math.MaxInt, most)
	}
	return codes.InputTooLarge.Because("original size %d, at most %d", int(size), most)
}

func isBomb(block, size int) error {
	if block == 0 {
		return codes.DecompressionBomb.Because("compressed_data is empty")
	}
	return codes.DecompressionBomb.Because("original size %d, at most %d for each of %d compressed bytes", size, limits.MaxCompressionRatio, block)
}

func isBroken(block, size int) error {
	return codes.DecompressionFailed.Because("the block of %d bytes is broken, or holds more than %d", block, size)
}

// sizesOf is code for a payload of which so many bytes came out of the block.
func sizesOf(code codes.Code, decompressed, size int) error {
	return code.Because("%d bytes decompressed, original size %d", decompressed, size)
}
