package envelope

import (
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// reader reads what an envelope is made of. Reading consumes the slice
// and allocates nothing; a length that the rest of the input cannot back is
// refused where it is declared.
type reader struct{ in []byte }

// header consumes the header of the next item.
func (r *reader) header() msgpack.Header {
	h := msgpack.Next(r.in)
	r.in = r.in[h.Size:]
	return h
}

// container reads the header of an array or a map and returns its number of
// elements or pairs.
func (r *reader) container() (count uint64, isMap, ok bool) {
	h := r.header()
	return h.N, h.Kind == msgpack.Map, r.holds(h)
}

// holds tells whether h is an array or a map, and the input long enough for
// its elements, which take a byte each at least.
func (r *reader) holds(h msgpack.Header) bool {
	return h.Kind == msgpack.Array && h.N <= uint64(len(r.in)) ||
		h.Kind == msgpack.Map && 2*h.N <= uint64(len(r.in))
}

// bytes reads an item of the given kind, which is bytes behind a length.
func (r *reader) bytes(kind msgpack.Kind, out *[]byte) bool {
	h := r.header()
	if h.Kind != kind || h.N > uint64(len(r.in)) {
		return false
	}
	*out = r.in[:h.N:h.N]
	r.in = r.in[h.N:]
	return true
}

// uint reads an integer of any width, signed ones included, that is not
// negative.
func (r *reader) uint(v *uint64) bool {
	h := r.header()
	*v = h.N
	return h.Kind == msgpack.Uint
}

// byte reads such an integer below 256. The two forms that writers use for
// the bytes of a checksum come first.
func (r *reader) byte(v *byte) bool {
	if in := r.in; len(in) >= 2 {
		if in[0] <= 0x7f {
			*v, r.in = in[0], in[1:]
			return true
		}
		if in[0] == 0xcc {
			*v, r.in = in[1], in[2:]
			return true
		}
	}
	var wide uint64
	ok := r.uint(&wide)
	*v = byte(wide)
	return ok && wide <= 0xff
}

// atBin tells whether bin comes next. That its bytes are missing shows later.
func (r *reader) atBin() bool {
	return len(r.in) > 0 && r.in[0] >= 0xc4 && r.in[0] <= 0xc6
}

// block reads the first field of an envelope: bin, or the array of integers
// that the first versions of the format wrote.
func (r *reader) block(e *Header) bool {
	if r.atBin() {
		ok := r.bytes(msgpack.Bin, &e.block)
		e.CompressedSize, e.behind = len(e.block), len(r.in)
		return ok
	}
	count, isMap, ok := r.container()
	if !ok || isMap {
		return false
	}
	integers := r.in
	for i := uint64(0); i < count; i++ {
		var b byte
		if !r.byte(&b) {
			return false
		}
	}
	e.block, e.integer, e.CompressedSize = integers[:len(integers)-len(r.in)], true, int(count)
	return true
}

// checksum reads an array of eight integers, or eight bytes of bin.
func (r *reader) checksum(sum *[limits.ChecksumSize]byte) bool {
	if r.atBin() {
		var b []byte
		return r.bytes(msgpack.Bin, &b) && copy(sum[:], b) == len(b) && len(b) == limits.ChecksumSize
	}
	count, isMap, ok := r.container()
	if !ok || isMap || count != limits.ChecksumSize {
		return false
	}
	for i := range sum {
		if !r.byte(&sum[i]) {
			return false
		}
	}
	return true
}

// str reads valid UTF-8.
func (r *reader) str(out *[]byte) bool {
	return r.bytes(msgpack.String, out) && memory.ValidUTF8(*out)
}

// skip passes over one item that lies inside depth containers.
func (r *reader) skip(depth int) bool {
	h := r.header()
	count := h.N
	switch h.Kind {
	case msgpack.Invalid:
		return false
	case msgpack.String, msgpack.Bin, msgpack.Ext:
		if h.N > uint64(len(r.in)) {
			return false
		}
		r.in = r.in[h.N:]
		return true
	case msgpack.Map:
		count *= 2
	case msgpack.Array:
	default:
		return true
	}
	if !r.holds(h) || depth >= limits.MaxNesting {
		return false
	}
	for count > 0 {
		if n := r.skipFlat(min(count, flatItems)); n > 0 {
			count -= n
			continue
		}
		if !r.skip(depth + 1) {
			return false
		}
		count--
	}
	return true
}

// flatItems is how many items skipFlat passes over at a time: its loop cannot be
// preempted, only its prologue.
const flatItems = 1 << 12

// skipFlat passes over up to limit items whose size stands in their first byte, and
// returns how many.
//
//go:noinline
func (r *reader) skipFlat(limit uint64) (n uint64) {
	in := r.in
	for n < limit && len(in) > 0 {
		size := msgpack.FixedSize(in[0])
		if size == 0 || size > len(in) {
			break
		}
		in = in[size:]
		n++
	}
	r.in = in
	return n
}
