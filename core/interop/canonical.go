package interop

import (
	"math"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/internal/memory"
	"github.com/cachekit-go/cachekit-core/core/internal/msgpack"
)

// Canonical returns the canonical form of a MessagePack document: integers of
// any width, maps in any order and float32 come out as [Value] writes them.
//
// It refuses with [core.ErrInvalidInput] what has no canonical form: a map
// with a key twice or a key that is not a string, extension types, strings
// that are not UTF-8, NaN and infinities, and whatever [Check] refuses.
func Canonical(doc []byte) ([]byte, error) { return AppendCanonical(nil, doc) }

// AppendCanonical appends the canonical form of doc to dst, which must not
// overlap doc. After an error dst comes back as it was.
//
// Beyond the output it takes 16 bytes for each pair of the maps around the
// place where it is, and room for the largest map that is not in order yet.
func AppendCanonical(dst, doc []byte) ([]byte, error) {
	size, err := scan(doc, values)
	if err != nil {
		return dst, err
	}
	out, err := appendDocument(memory.Grow(dst, size), doc, values)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// EncodeCanonical writes the canonical form of doc to dst, which must not
// overlap doc, and returns its size. If dst is too short for it, the answer is
// [core.ErrBufferTooSmall] and the size that it takes. After another error dst
// holds zeros where it was written to.
func EncodeCanonical(dst, doc []byte) (int, error) {
	size, err := scan(doc, values)
	if err != nil {
		return 0, err
	}
	if size > len(dst) {
		return size, core.ErrBufferTooSmall
	}
	if _, err := appendDocument(dst[:0:size], doc, values); err != nil {
		return 0, err
	}
	return size, nil
}

// CanonicalBound is the largest size in bytes that the canonical form of a
// document of n bytes can take: a float32, five bytes, becomes a float64,
// nine, and nothing else grows.
func CanonicalBound(n int) int {
	if growth := n / 5 * 4; growth <= math.MaxInt-n {
		return n + growth
	}
	return math.MaxInt
}

// appendDocument appends the canonical form of a document that scan accepted
// under the same rules. After an error there are zeros where it was written to.
func appendDocument(dst, doc []byte, p profile) ([]byte, error) {
	e := newEncoder(p, dst)
	defer e.free()
	if _, err := e.document(doc); err != nil {
		return dst, err
	}
	return e.take(), nil
}

// document writes the item at the start of in and returns what follows it.
// scan has bounded the nesting, so the recursion is bounded.
func (e *encoder) document(in []byte) (rest []byte, err error) {
	h := msgpack.Next(in)
	in = in[h.Size:]
	switch h.Kind {
	case msgpack.Float32, msgpack.Float64:
		if err := e.profile.normalise(&h); err != nil {
			return nil, err
		}
	case msgpack.String, msgpack.Bin:
		e.header(h.Kind, h.N)
		e.content(in[:h.N])
		return in[h.N:], nil
	case msgpack.Array:
		e.header(h.Kind, h.N)
		for range h.N {
			if in, err = e.document(in); err != nil {
				return nil, err
			}
		}
		return in, nil
	case msgpack.Map:
		g := e.open(msgpack.Map, int(h.N))
		for range h.N {
			start, name := e.position(), msgpack.Next(in).N
			if in, err = e.document(in); err != nil {
				return nil, err
			}
			e.order(start, int(name))
			if in, err = e.document(in); err != nil {
				return nil, err
			}
			e.endEntry()
		}
		return in, e.close(g)
	}
	e.header(h.Kind, h.N)
	return in, nil
}
