package envelope

import (
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// reader reads what an envelope is made of. Reading consumes the slice
// and allocates nothing; a length that the rest of the input cannot back is
// refused where it is declared.
type reader struct {
	in      []byte
	whole   int // bytes of the input before anything was read
	reading int // which field, or fieldCount
	flaw        // the first, once something was wrong
}

// at is how many bytes were read.
func (r *reader) at() int { return r.whole - len(r.in) }

// wrong notes why the envelope is refused, and returns false.
func (r *reader) wrong(kind flawKind, at, n int) bool {
	if r.kind == flawless {
		r.flaw = flaw{kind, r.reading, at, n}
	}
	return false
}

// unfit is wrong for the header h, which was read: it is not of the kind that has to be
// there, or it is and claims more than follows.
func (r *reader) unfit(h msgpack.Header, kind msgpack.Kind) bool {
	at := r.at() - h.Size
	inField := r.reading != fieldCount
	switch {
	case h.Kind == msgpack.Invalid && h.Size > 0:
		return r.wrong(reserved, at, 0)
	case h.Kind == msgpack.Invalid, h.Kind == kind, h.Kind == msgpack.Map && kind == msgpack.Array && !inField:
		return r.wrong(truncated, r.whole, 0)
	case kind == msgpack.Uint:
		return r.wrong(notInteger, at, 0)
	case kind == msgpack.String:
		return r.wrong(notText, at, 0)
	case inField:
		return r.wrong(notBytes, at, 0)
	}
	return r.wrong(notContainer, at, 0)
}

// header consumes the header of the next item.
func (r *reader) header() msgpack.Header {
	h := msgpack.Next(r.in)
	r.in = r.in[h.Size:]
	return h
}

// container reads the header of an array or, where no field is read, of a map, and
// returns its number of elements or pairs.
func (r *reader) container() (count uint64, isMap, ok bool) {
	h := r.header()
	isMap = h.Kind == msgpack.Map
	if !r.holds(h) || isMap && r.reading != fieldCount {
		return 0, false, r.unfit(h, msgpack.Array)
	}
	return h.N, isMap, true
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
		return r.unfit(h, kind)
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
	if h.Kind != msgpack.Uint {
		return r.unfit(h, msgpack.Uint)
	}
	return true
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
	if ok && wide > 0xff {
		return r.wrong(notByte, r.at(), 0)
	}
	return ok
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
	count, _, ok := r.container()
	if !ok {
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
		ok := r.bytes(msgpack.Bin, &b)
		if ok && len(b) != limits.ChecksumSize {
			return r.checksumSize(len(b))
		}
		copy(sum[:], b)
		return ok
	}
	count, _, ok := r.container()
	switch {
	case !ok:
		return false
	case count != limits.ChecksumSize:
		return r.checksumSize(int(count))
	}
	for i := range sum {
		if !r.byte(&sum[i]) {
			return false
		}
	}
	return true
}

func (r *reader) checksumSize(n int) bool {
	return r.wrong(wrongChecksumSize, r.at(), n)
}

// str reads valid UTF-8.
func (r *reader) str(out *[]byte) bool {
	if !r.bytes(msgpack.String, out) {
		return false
	}
	if !memory.ValidUTF8(*out) {
		return r.wrong(notUTF8, r.at(), 0)
	}
	return true
}

// skip passes over one item that lies inside depth containers.
func (r *reader) skip(depth int) bool {
	h := r.header()
	count := h.N
	switch h.Kind {
	case msgpack.Invalid:
		return r.unfit(h, h.Kind)
	case msgpack.String, msgpack.Bin, msgpack.Ext:
		if h.N > uint64(len(r.in)) {
			return r.unfit(h, h.Kind)
		}
		r.in = r.in[h.N:]
		return true
	case msgpack.Map:
		count *= 2
	case msgpack.Array:
	default:
		return true
	}
	if !r.holds(h) {
		return r.unfit(h, h.Kind)
	}
	if depth >= limits.MaxNesting {
		return r.wrong(tooDeep, r.at(), 0)
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
