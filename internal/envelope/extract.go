package envelope

import (
	"encoding/binary"

	"github.com/cachekit-go/cachekit-core/internal/checksum"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// Extract decompresses the payload into dst, which must be OriginalSize bytes
// long and must not overlap the envelope, except as DecodeInPlace does, and
// checks it. After an error dst holds zeros as far as it was written to, which may be
// a small part of what the envelope claimed.
func (e *Header) Extract(dst []byte) error {
	written, err := e.extract(dst)
	if err != nil {
		memory.Clear(dst[:written])
	}
	return err
}

// extract also returns how much of dst was written to.
func (e *Header) extract(dst []byte) (written int, err error) {
	if len(dst) != e.OriginalSize {
		return 0, codes.BufferTooSmall
	}
	var n int
	if e.integer {
		n, err = decodeIntegerBlock(dst, e.block)
	} else {
		n, err = lz4block.Decode(dst, e.block)
	}
	if err != nil {
		return n, isBroken(e.CompressedSize, e.OriginalSize)
	}
	written = min(n+lz4block.DecodeSlack, len(dst))
	// The checksum is looked at first: a wrong size that it vouches for is a
	// writer's mistake, anything else is damage.
	if checksum.Sum(dst[:n]) != binary.BigEndian.Uint64(e.Checksum[:]) {
		return written, sizesOf(codes.ChecksumMismatch, n, e.OriginalSize)
	}
	if n != e.OriginalSize {
		return written, sizesOf(codes.SizeValidationFailed, n, e.OriginalSize)
	}
	return written, nil
}

// Decode returns the payload of an envelope, in memory from dst.
func Decode(dst *memory.Dest, envelope []byte) ([]byte, error) {
	return Default.Decode(dst, envelope)
}

// Decode is Decode for a payload of up to o.MaxPayload bytes.
func (o Options) Decode(dst *memory.Dest, envelope []byte) ([]byte, error) {
	var e Header
	if err := e.Read(envelope, o.MaxPayload); err != nil {
		return nil, err
	}
	return e.Payload(dst)
}

// Payload is Extract into memory from dst.
func (e *Header) Payload(dst *memory.Dest) ([]byte, error) {
	out, err := dst.Take(e.OriginalSize)
	if err != nil {
		return nil, err
	}
	out = out[:e.OriginalSize]
	if err := e.Extract(out); err != nil {
		return nil, err
	}
	return out, nil
}

// Validate returns exactly the error that Decode would. What it decompresses on the
// way it wipes.
func (o Options) Validate(alloc memory.Alloc, envelope []byte) error {
	from := memory.From(alloc)
	payload, err := o.Decode(&from, envelope)
	memory.Clear(payload)
	return err
}

// InPlaceSize is the size in bytes of a buffer in which DecodeInPlace works. It is 0
// for an envelope that cannot: one of those that spell the block as integers.
func (e *Header) InPlaceSize() int {
	if e.integer {
		return 0
	}
	return max(e.size, e.OriginalSize+e.InPlaceMargin())
}

// InPlaceMargin is how far behind the payload the envelope has to end while it is
// decoded in the same memory.
func (e *Header) InPlaceMargin() int { return lz4block.InPlaceMargin(len(e.block)) + e.behind }

// DecodeInPlace turns the envelope of n bytes at the start of buffer, which is of
// InPlaceSize bytes, into its payload. It moves the envelope to the end and reads it
// from there, and overwrites it on the way. The rest of the buffer is wiped as far as
// it was written to.
func DecodeInPlace(buffer []byte, n int) ([]byte, error) {
	at := buffer[len(buffer)-n:]
	memory.MoveUp(buffer, len(buffer)-n, n)
	e, err := Inspect(at)
	if err == nil {
		err = e.Extract(buffer[:e.OriginalSize])
	}
	if err != nil {
		memory.Clear(buffer[:n])
		memory.Clear(at)
		return nil, err
	}
	memory.Clear(buffer[e.OriginalSize:])
	return buffer[:e.OriginalSize], nil
}

// decodeIntegerBlock decodes a block that an old envelope spells as
// MessagePack integers. It reads them one by one instead of gathering them in
// a buffer first, so that an old envelope needs no more memory than a new one.
func decodeIntegerBlock(dst, integers []byte) (int, error) {
	r := reader{in: integers}
	return lz4block.DecodeFrom(dst, func() (byte, bool) {
		var b byte
		ok := r.byte(&b)
		return b, ok
	})
}
