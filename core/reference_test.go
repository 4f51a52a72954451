package core_test

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/cachekit-go/cachekit-core/core"
)

// A second reader of envelopes, slow and plain, to hold the real one against.
// It shares no code with it: it reads the whole input into a tree of values
// first and looks for an envelope in that tree afterwards.

type kind int

const (
	kindOther kind = iota // nil, booleans, floats, negative integers, extensions
	kindUint
	kindStr
	kindBin
	kindArray
	kindMap
)

type value struct {
	kind  kind
	uint  uint64
	bytes []byte
	list  []value // elements, or keys and values by turns
}

// parseValue reads one MessagePack value that lies inside depth containers.
func parseValue(in []byte, depth int) (v value, rest []byte, ok bool) {
	take := func(n uint64) []byte {
		if !ok || n > uint64(len(in)) {
			ok = false
			return nil
		}
		out := in[:n]
		in = in[n:]
		return out
	}
	number := func(width uint64) (n uint64) {
		for _, b := range take(width) {
			n = n*256 + uint64(b)
		}
		return n
	}
	ok = true
	first := take(1)
	if !ok {
		return v, nil, false
	}
	elements := uint64(0)
	switch c := first[0]; {
	case c < 0x80:
		v = value{kind: kindUint, uint: uint64(c)}
	case c < 0x90:
		v.kind, elements = kindMap, 2*uint64(c-0x80)
	case c < 0xa0:
		v.kind, elements = kindArray, uint64(c-0x90)
	case c < 0xc0:
		v = value{kind: kindStr, bytes: take(uint64(c - 0xa0))}
	case c == 0xc0, c == 0xc2, c == 0xc3, c >= 0xe0:
	case c == 0xc1:
		return v, nil, false
	case c == 0xc4, c == 0xc5, c == 0xc6:
		v = value{kind: kindBin, bytes: take(number(1 << (c - 0xc4)))}
	case c == 0xc7, c == 0xc8, c == 0xc9:
		take(number(1<<(c-0xc7)) + 1)
	case c == 0xca:
		take(4)
	case c == 0xcb:
		take(8)
	case c >= 0xcc && c <= 0xcf:
		v = value{kind: kindUint, uint: number(1 << (c - 0xcc))}
	case c >= 0xd0 && c <= 0xd3:
		width := 1 << (c - 0xd0)
		n := number(uint64(width))
		if n < 1<<(8*width-1) {
			v = value{kind: kindUint, uint: n}
		}
	case c >= 0xd4 && c <= 0xd8:
		take(1 + 1<<(c-0xd4))
	case c == 0xd9, c == 0xda, c == 0xdb:
		v = value{kind: kindStr, bytes: take(number(1 << (c - 0xd9)))}
	case c == 0xdc:
		v.kind, elements = kindArray, number(2)
	case c == 0xdd:
		v.kind, elements = kindArray, number(4)
	case c == 0xde:
		v.kind, elements = kindMap, 2*number(2)
	case c == 0xdf:
		v.kind, elements = kindMap, 2*number(4)
	}
	if v.kind == kindArray || v.kind == kindMap {
		if !ok || depth >= 100 || elements > uint64(len(in)) {
			return v, nil, false
		}
		for ; elements > 0; elements-- {
			var element value
			if element, in, ok = parseValue(in, depth+1); !ok {
				return v, nil, false
			}
			v.list = append(v.list, element)
		}
	}
	return v, in, ok
}

// byteList returns the bytes of bin, or of an array of integers 0 to 255.
func (v value) byteList() ([]byte, bool) {
	switch v.kind {
	case kindBin:
		return v.bytes, true
	case kindArray:
		out := make([]byte, len(v.list))
		for i, e := range v.list {
			if e.kind != kindUint || e.uint > 255 {
				return nil, false
			}
			out[i] = byte(e.uint)
		}
		return out, true
	}
	return nil, false
}

// reference is what an envelope says, field by field.
type reference struct {
	block, checksum []byte
	size            uint64
	format          string
}

// referenceInspect is core.Inspect, by its description in the wire format.
func referenceInspect(envelope []byte) (reference, error) {
	var r reference
	if len(envelope) > 512<<20 {
		return r, core.ErrInputTooLarge
	}
	v, rest, ok := parseValue(envelope, 0)
	if !ok || len(rest) > 0 {
		return r, core.ErrInvalidInput
	}
	var fields [4]*value
	switch {
	case v.kind == kindArray && len(v.list) == 4:
		for i := range v.list {
			fields[i] = &v.list[i]
		}
	case v.kind == kindMap:
		for i := 0; i < len(v.list); i += 2 {
			name := v.list[i]
			if name.kind != kindStr || !utf8.Valid(name.bytes) {
				return r, core.ErrInvalidInput
			}
			for j, known := range []string{"compressed_data", "checksum", "original_size", "format"} {
				if string(name.bytes) == known {
					if fields[j] != nil {
						return r, core.ErrInvalidInput
					}
					fields[j] = &v.list[i+1]
				}
			}
		}
	}
	for _, f := range fields {
		if f == nil {
			return r, core.ErrInvalidInput
		}
	}
	block, ok1 := fields[0].byteList()
	sum, ok2 := fields[1].byteList()
	if !ok1 || !ok2 || len(sum) != 8 || fields[2].kind != kindUint ||
		fields[3].kind != kindStr || !utf8.Valid(fields[3].bytes) {
		return r, core.ErrInvalidInput
	}
	r = reference{block, sum, fields[2].uint, string(fields[3].bytes)}
	switch {
	case r.size > 512<<20:
		return r, core.ErrInputTooLarge
	case len(block) == 0, float64(r.size)/float64(len(block)) > 1000:
		return r, core.ErrDecompressionBomb
	}
	return r, nil
}

// A block is strict if it obeys all of the LZ4 block format, whose last five
// bytes are literals and whose last match starts twelve bytes before the end:
// every reader must take it, whatever the low nibble of its last token, which
// has no meaning. It is loose if it makes sense but does not end like that,
// after a match for instance; a reader may refuse it.
type verdict int

const (
	malformed verdict = iota
	loose
	strict
)

// referenceDecode decodes an LZ4 block of at most limit bytes.
func referenceDecode(block []byte, limit int) (out []byte, v verdict) {
	lastMatch := math.MinInt
	for {
		if len(block) == 0 && len(out) > 0 {
			return out, loose
		}
		if len(block) == 0 {
			return nil, malformed
		}
		token := int(block[0])
		block = block[1:]
		length := func(n int) (int, bool) {
			if n < 15 {
				return n, true
			}
			for len(block) > 0 {
				b := block[0]
				block = block[1:]
				n += int(b)
				if b < 255 {
					return n, true
				}
			}
			return 0, false
		}
		literals, ok := length(token >> 4)
		if !ok || literals > len(block) || literals > limit-len(out) {
			return nil, malformed
		}
		out = append(out, block[:literals]...)
		block = block[literals:]
		if len(block) == 0 {
			if lastMatch != math.MinInt && (literals < 5 || lastMatch > len(out)-12) {
				return out, loose
			}
			return out, strict
		}
		if len(block) < 2 {
			return nil, malformed
		}
		offset := int(binary.LittleEndian.Uint16(block))
		block = block[2:]
		match, ok := length(token & 15)
		match += 4
		if !ok || offset == 0 || offset > len(out) || match > limit-len(out) {
			return nil, malformed
		}
		lastMatch = len(out)
		for ; match > 0; match-- {
			out = append(out, out[len(out)-offset])
		}
	}
}

// referenceRetrieve is core.Decompress, by its description. The second
// result is false where a reader is free to refuse.
func referenceRetrieve(envelope []byte) (payload []byte, must bool, err error) {
	r, err := referenceInspect(envelope)
	if err != nil {
		return nil, true, err
	}
	payload, v := referenceDecode(r.block, int(r.size))
	switch {
	case v == malformed:
		return nil, true, core.ErrDecompressionFailed
	case xxh3.Hash(payload) != binary.BigEndian.Uint64(r.checksum):
		return nil, v == strict, core.ErrChecksumMismatch
	case uint64(len(payload)) != r.size:
		return nil, v == strict, core.ErrSizeValidationFailed
	}
	return payload, v == strict, nil
}
