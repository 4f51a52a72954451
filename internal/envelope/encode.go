package envelope

import (
	"math"

	"github.com/cachekit-go/cachekit-core/internal/checksum"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// Bound is the largest size in bytes that the envelope of n payload
// bytes with a format of formatLen bytes can take; math.MaxInt, if that is more.
func Bound(n, formatLen int) int {
	bound := lz4block.Bound(n) + envelopeExtras
	if bound < 0 || bound > math.MaxInt-formatLen {
		return math.MaxInt
	}
	return bound + formatLen
}

// CheckFormat refuses a format that is not to be written.
func CheckFormat(format string) error {
	if format == limits.DefaultFormat { // is inlined
		return nil
	}
	return checkFormat(format)
}

func checkFormat(format string) error {
	switch {
	case len(format) > limits.MaxFormatSize:
		return codes.InputTooLarge.Because("a format of %d bytes, at most %d", len(format), limits.MaxFormatSize)
	case !memory.ValidUTF8(memory.Bytes(format)):
		return codes.InvalidInput.Because("the format is not UTF-8")
	}
	return nil
}

// Encode returns the envelope of data, at the start of memory from dst, which must
// not overlap data. The memory behind the envelope holds no byte of the payload.
func Encode(dst *memory.Dest, data []byte, format string) ([]byte, error) {
	return Default.EncodeBetween(0, 0, dst, data, format)
}

// EncodeBetween is Encode for an envelope that lies between so many bytes of others,
// which it leaves room for. It returns the memory of them all, exactly.
func (o Options) EncodeBetween(before, after int, dst *memory.Dest, data []byte, format string) ([]byte, error) {
	if err := o.CheckPayload(data); err != nil {
		return nil, err
	}
	if err := CheckFormat(format); err != nil {
		return nil, err
	}
	room, err := dst.Take(before + Bound(len(data), len(format)) + after)
	if err != nil {
		return nil, err
	}
	envelope, err := encode(room[before:len(room)-after], data, format, o.Level)
	if err != nil {
		return nil, err
	}
	return room[:before+len(envelope)+after], nil
}

// CheckPayload refuses what is more than an envelope may hold.
func (o Options) CheckPayload(data []byte) error {
	if len(data) > o.MaxPayload {
		return codes.InputTooLarge.Because("a payload of %d bytes, at most %d", len(data), o.MaxPayload)
	}
	return nil
}

// EncodeTight writes the envelope of data to dst and returns its size. If dst is
// shorter than Bound, the envelope is made in memory from alloc and copied, and if it
// is too long, the answer is BufferTooSmall and its size.
func EncodeTight(dst []byte, alloc memory.Alloc, data []byte, format string) (int, error) {
	into := memory.Into(dst)
	made, err := Encode(&into, data, format)
	if err == codes.BufferTooSmall {
		return encodeAside(dst, alloc, data, format)
	}
	return len(made), err
}

// encodeAside is EncodeTight for a buffer that is shorter than Bound.
func encodeAside(dst []byte, alloc memory.Alloc, data []byte, format string) (int, error) {
	from := memory.From(alloc)
	made, err := Encode(&from, data, format)
	if err != nil {
		return 0, err
	}
	defer memory.Clear(made)
	if len(made) > len(dst) {
		return len(made), memory.TooSmall(len(made), len(dst))
	}
	memory.Copy(dst[:len(made)], made)
	return len(made), nil
}

// Ratio returns the compression ratio, original / compressed size of the block, that
// EncodeBetween would reach on data: 0 for no data. In the memory from alloc, no payload is
// left.
func (o Options) Ratio(alloc memory.Alloc, data []byte) (float64, error) {
	if err := o.CheckPayload(data); err != nil {
		return 0, err
	}
	scratch := alloc(lz4block.Bound(len(data)))
	if scratch == nil {
		return 0, codes.OutOfMemory
	}
	n := lz4block.EncodeLevel(scratch, data, o.Level)
	memory.Clear(scratch[:min(n+lz4block.Slack, len(scratch))]) // and no page touched that was not
	return float64(len(data)) / float64(n), nil
}

// encode is Encode at the start of dst, for data, a format and memory that fit.
func encode(dst, data []byte, format string, level int) ([]byte, error) {
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
	n := lz4block.EncodeLevel(dst[start:start+blockBound], data, level)
	header := msgpack.Size(msgpack.Bin, uint64(n))
	if header != guess {
		copy(dst[arrayHeader+header:], dst[start:start+n])
	}
	msgpack.Append(dst[:arrayHeader], msgpack.Bin, uint64(n))
	at := arrayHeader + header + n

	dst[at] = 0x90 | limits.ChecksumSize
	at++
	for _, b := range checksum.Bytes(data) {
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
	if len(out)+len(format) > limits.MaxEnvelopeSize {
		memory.Clear(dst[:max(len(out), dirty)])
		return nil, tooLarge(len(out) + len(format))
	}
	out = memory.Append(out, memory.Bytes(format))
	if len(out) < dirty {
		clear(dst[len(out):dirty])
	}
	return out, nil
}
