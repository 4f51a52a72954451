// Package msgpack reads and writes the headers of MessagePack items, after
// https://github.com/msgpack/msgpack/blob/master/spec.md. Order, limits and
// what to do with an item are its callers' business.
package msgpack

import "encoding/binary"

// Kind is what an item is. A signed form that holds no negative number counts
// as Uint, so that equal integers have equal kinds.
type Kind uint8

// The kinds of items.
const (
	Invalid Kind = iota // cut short, and of size 0; or the reserved byte c1
	Nil
	False
	True
	Uint    // N is the number
	Int     // N is the negative number in two's complement
	Float32 // N is its bits
	Float64 // N is its bits
	String  // N bytes follow
	Bin     // N bytes follow
	Ext     // N bytes follow
	Array   // N items follow
	Map     // N pairs of items follow
)

// Header is the start of an item: all of a scalar, and of the others what
// comes before their content.
type Header struct {
	Kind    Kind
	ExtType int8
	Size    int    // bytes that the header itself takes
	N       uint64 // see Kind
}

// form is what a first byte says: the kind, and the number N or the width in
// bytes of the big-endian number that follows.
type form struct {
	kind  Kind
	width uint8
	n     uint8
}

var forms = func() (f [256]form) {
	for c := range 0x80 {
		f[c] = form{kind: Uint, n: uint8(c)}
	}
	for c := range 0x10 {
		f[0x80|c] = form{kind: Map, n: uint8(c)}
		f[0x90|c] = form{kind: Array, n: uint8(c)}
	}
	for c := range 0x20 {
		f[0xa0|c] = form{kind: String, n: uint8(c)}
		f[0xe0|c] = form{kind: Int, n: uint8(0xe0 | c)}
	}
	f[0xc0], f[0xc2], f[0xc3] = form{kind: Nil}, form{kind: False}, form{kind: True}
	f[0xca], f[0xcb] = form{kind: Float32, width: 4}, form{kind: Float64, width: 8}
	for i := range 3 {
		f[0xc4+i] = form{kind: Bin, width: 1 << i}
		f[0xc7+i] = form{kind: Ext, width: 1 << i}
		f[0xd9+i] = form{kind: String, width: 1 << i}
	}
	for i := range 4 {
		f[0xcc+i] = form{kind: Uint, width: 1 << i}
		f[0xd0+i] = form{kind: Int, width: 1 << i}
	}
	for i := range 5 {
		f[0xd4+i] = form{kind: Ext, n: 1 << i}
	}
	f[0xdc], f[0xdd] = form{kind: Array, width: 2}, form{kind: Array, width: 4}
	f[0xde], f[0xdf] = form{kind: Map, width: 2}, form{kind: Map, width: 4}
	return f
}()

// fixedSizes holds what FixedSize returns.
var fixedSizes = func() (sizes [256]uint8) {
	for c, f := range forms {
		switch {
		case f.kind == String && f.width == 0:
			sizes[c] = 1 + f.n
		case f.kind == Ext && f.width == 0:
			sizes[c] = 2 + f.n
		case f.kind >= Nil && f.kind <= Float64:
			sizes[c] = 1 + f.width
		}
	}
	return sizes
}()

// FixedSize returns the size in bytes of a whole item, if its first byte tells:
// of scalars and of short strings and extensions. For others it returns 0.
func FixedSize(first byte) int { return int(fixedSizes[first]) }

// Next reads the header at the start of in. It does not look at what follows
// the header, so N is a claim that the caller has to check.
func Next(in []byte) Header {
	if len(in) == 0 {
		return Header{}
	}
	f := forms[in[0]]
	h := Header{Kind: f.kind, Size: 1 + int(f.width), N: uint64(f.n)}
	if len(in) < h.Size {
		return Header{}
	}
	switch f.width {
	case 1:
		h.N = uint64(in[1])
	case 2:
		h.N = uint64(binary.BigEndian.Uint16(in[1:]))
	case 4:
		h.N = uint64(binary.BigEndian.Uint32(in[1:]))
	case 8:
		h.N = binary.BigEndian.Uint64(in[1:])
	}
	switch f.kind {
	case Int:
		unused := 64 - 8*max(f.width, 1)
		h.N = uint64(int64(h.N<<unused) >> unused) // extends the sign
		if int64(h.N) >= 0 {
			h.Kind = Uint
		}
	case Ext:
		if len(in) == h.Size {
			return Header{}
		}
		h.ExtType = int8(in[h.Size])
		h.Size++
	}
	return h
}

// MaxSize is the most that Size returns.
const MaxSize = 9

// Size returns the size in bytes of the shortest header for an item that is
// not an extension. Lengths and counts have to fit 32 bits.
func Size(kind Kind, n uint64) int {
	_, size := Shortest(kind, n)
	return size
}

// Shortest returns the first byte of that header and its size in bytes.
func Shortest(kind Kind, n uint64) (first byte, size int) {
	first, width := shortest(kind, n)
	return first, 1 + width
}

// Append appends that shortest header to dst.
func Append(dst []byte, kind Kind, n uint64) []byte {
	first, width := shortest(kind, n)
	dst = append(dst, first)
	switch width {
	case 1:
		dst = append(dst, byte(n))
	case 2:
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	case 4:
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	case 8:
		dst = binary.BigEndian.AppendUint64(dst, n)
	}
	return dst
}

// shortest returns the first byte of the shortest header and the width in
// bytes of the number that follows it.
func shortest(kind Kind, n uint64) (first byte, width int) {
	size := log2Width(n)
	switch kind {
	case Nil:
		return 0xc0, 0
	case False:
		return 0xc2, 0
	case True:
		return 0xc3, 0
	case Uint:
		if n <= 0x7f {
			return byte(n), 0
		}
		return 0xcc + size, 1 << size
	case Int:
		if ^n <= 0x1f {
			return byte(n), 0
		}
		size = log2Width(^n<<1 | 1) // one bit more, for the sign
		return 0xd0 + size, 1 << size
	case Float32:
		return 0xca, 4
	case Float64:
		return 0xcb, 8
	case String:
		if n <= 0x1f {
			return 0xa0 | byte(n), 0
		}
		return 0xd9 + size, 1 << size
	case Bin:
		return 0xc4 + size, 1 << size
	case Array:
		if n <= 0xf {
			return 0x90 | byte(n), 0
		}
		size = max(size, 1)
		return 0xdb + size, 1 << size
	case Map:
		if n <= 0xf {
			return 0x80 | byte(n), 0
		}
		size = max(size, 1)
		return 0xdd + size, 1 << size
	}
	panic("msgpack: no header for an item of this kind")
}

// log2Width returns 0, 1, 2 or 3 for a number that takes 1, 2, 4 or 8 bytes.
func log2Width(n uint64) byte {
	switch {
	case n <= 0xff:
		return 0
	case n <= 0xffff:
		return 1
	case n <= 0xffffffff:
		return 2
	}
	return 3
}

// IsPythonFrame recognises the start of a frame that only the Python SDK reads, and that
// is taken for MessagePack where its writer and a reader do not agree. No document starts
// with it: 43 is a whole one.
func IsPythonFrame(in []byte) bool { return len(in) >= 3 && string(in[:3]) == "CK\x03" }
