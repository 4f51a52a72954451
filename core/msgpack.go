package core

import (
	"encoding/binary"
	"unicode/utf8"
)

// The handful of MessagePack that an envelope needs, after
// https://github.com/msgpack/msgpack/blob/master/spec.md. Reading consumes
// the slice and allocates nothing; a length that the rest of the input cannot
// back is refused where it is declared.

type msgpackReader struct{ in []byte }

// container reads the header of an array or a map and returns its number of
// elements or pairs.
func (r *msgpackReader) container() (count uint64, isMap, ok bool) {
	if len(r.in) == 0 {
		return 0, false, false
	}
	c := r.in[0]
	switch {
	case c&0xf0 == 0x90, c&0xf0 == 0x80:
		r.in = r.in[1:]
		count, isMap, ok = uint64(c&0xf), c&0xf0 == 0x80, true
	case c == 0xdc || c == 0xde:
		count, ok = r.length(2)
		isMap = c == 0xde
	case c == 0xdd || c == 0xdf:
		count, ok = r.length(4)
		isMap = c == 0xdf
	}
	least := count // each element takes a byte at least
	if isMap {
		least *= 2
	}
	return count, isMap, ok && least <= uint64(len(r.in))
}

// length consumes a type byte and the big-endian number of width bytes that
// follows it.
func (r *msgpackReader) length(width int) (n uint64, ok bool) {
	if len(r.in) < 1+width {
		return 0, false
	}
	for _, b := range r.in[1 : 1+width] {
		n = n<<8 | uint64(b)
	}
	r.in = r.in[1+width:]
	return n, true
}

// bytes consumes n bytes.
func (r *msgpackReader) bytes(n uint64, out *[]byte) bool {
	if n > uint64(len(r.in)) {
		return false
	}
	*out = r.in[:n:n]
	r.in = r.in[n:]
	return true
}

// uint reads an integer of any width, signed ones included, that is not
// negative.
func (r *msgpackReader) uint(v *uint64) bool {
	if len(r.in) == 0 {
		return false
	}
	c := r.in[0]
	if c <= 0x7f {
		*v = uint64(c)
		r.in = r.in[1:]
		return true
	}
	if c < 0xcc || c > 0xd3 {
		return false
	}
	width := 1 << (c & 3) // cc..cf and d0..d3 are 1, 2, 4 and 8 bytes
	if len(r.in) < 1+width {
		return false
	}
	if c >= 0xd0 && r.in[1]&0x80 != 0 {
		return false
	}
	var ok bool
	*v, ok = r.length(width)
	return ok
}

// atBin tells whether bin comes next.
func (r *msgpackReader) atBin() bool {
	return len(r.in) > 0 && r.in[0] >= 0xc4 && r.in[0] <= 0xc6
}

func (r *msgpackReader) bin(out *[]byte) bool {
	if !r.atBin() {
		return false
	}
	n, ok := r.length(1 << (r.in[0] - 0xc4))
	return ok && r.bytes(n, out)
}

func (r *msgpackReader) str(out *[]byte) bool {
	if len(r.in) == 0 {
		return false
	}
	c := r.in[0]
	switch {
	case c&0xe0 == 0xa0:
		r.in = r.in[1:]
		return r.bytes(uint64(c&0x1f), out)
	case c >= 0xd9 && c <= 0xdb:
		n, ok := r.length(1 << (c - 0xd9))
		return ok && r.bytes(n, out)
	}
	return false
}

// block reads the first field of an envelope: bin, or the array of integers
// that the first versions of the format wrote.
func (r *msgpackReader) block(e *Envelope) bool {
	if r.atBin() {
		ok := r.bin(&e.block)
		e.CompressedSize, e.behind = len(e.block), len(r.in)
		return ok
	}
	count, isMap, ok := r.container()
	if !ok || isMap {
		return false
	}
	integers := r.in
	for i := uint64(0); i < count; i++ {
		var v uint64
		if !r.uint(&v) || v > 0xff {
			return false
		}
	}
	e.block, e.integer, e.CompressedSize = integers[:len(integers)-len(r.in)], true, int(count)
	return true
}

// checksum reads an array of eight integers, or eight bytes of bin.
func (r *msgpackReader) checksum(sum *[ChecksumSize]byte) bool {
	if r.atBin() {
		var b []byte
		return r.bin(&b) && copy(sum[:], b) == len(b) && len(b) == ChecksumSize
	}
	count, isMap, ok := r.container()
	if !ok || isMap || count != ChecksumSize {
		return false
	}
	for i := range sum {
		var v uint64
		if !r.uint(&v) || v > 0xff {
			return false
		}
		sum[i] = byte(v)
	}
	return true
}

func (r *msgpackReader) format(out *[]byte) bool {
	return r.str(out) && utf8.Valid(*out)
}

// skip passes over one value that lies inside depth containers.
func (r *msgpackReader) skip(depth int) bool {
	var v uint64
	var b []byte
	if len(r.in) == 0 {
		return false
	}
	switch c := r.in[0]; {
	case c <= 0x7f, c >= 0xe0, c == 0xc0, c == 0xc2, c == 0xc3: // small integers, nil, booleans
		return r.bytes(1, &b)
	case c == 0xc1: // reserved
		return false
	case c&0xe0 == 0xa0, c >= 0xd9 && c <= 0xdb:
		return r.str(&b)
	case c >= 0xc4 && c <= 0xc6:
		return r.bin(&b)
	case c >= 0xc7 && c <= 0xc9: // ext: length, a type byte, data
		n, ok := r.length(1 << (c - 0xc7))
		return ok && r.bytes(n+1, &b)
	case c == 0xca: // float32
		return r.bytes(1+4, &b)
	case c == 0xcb: // float64
		return r.bytes(1+8, &b)
	case c >= 0xcc && c <= 0xd3: // integers, negative ones too
		return r.bytes(1+1<<(c&3), &b)
	case c >= 0xd4 && c <= 0xd8: // fixext: a type byte, data
		return r.bytes(2+1<<(c-0xd4), &b)
	}
	count, isMap, ok := r.container()
	if !ok || depth >= MaxNesting {
		return false
	}
	if isMap {
		count *= 2
	}
	for v = 0; v < count; v++ {
		if !r.skip(depth + 1) {
			return false
		}
	}
	return true
}

// binHeaderSize is the size of the shortest header for n bytes of bin.
func binHeaderSize(n int) int {
	switch {
	case n <= 0xff:
		return 2
	case n <= 0xffff:
		return 3
	}
	return 5
}

func putBinHeader(dst []byte, n int) {
	switch binHeaderSize(n) {
	case 2:
		dst[0], dst[1] = 0xc4, byte(n)
	case 3:
		dst[0] = 0xc5
		binary.BigEndian.PutUint16(dst[1:], uint16(n))
	default:
		dst[0] = 0xc6
		binary.BigEndian.PutUint32(dst[1:], uint32(n))
	}
}

func appendUint(dst []byte, v uint32) []byte {
	switch {
	case v <= 0x7f:
		return append(dst, byte(v))
	case v <= 0xff:
		return append(dst, 0xcc, byte(v))
	case v <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(v))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xce), v)
}

func appendStr(dst []byte, s string) []byte {
	switch n := len(s); {
	case n <= 31:
		dst = append(dst, 0xa0|byte(n))
	case n <= 0xff:
		dst = append(dst, 0xd9, byte(n))
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xda), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xdb), uint32(n))
	}
	return append(dst, s...)
}
