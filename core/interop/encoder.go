package interop

import (
	"reflect"
	"slices"
	"sync"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
	"github.com/cachekit-go/cachekit-core/internal/preempt"
)

// encoder writes canonical form. The pairs of a map are put in order before they
// are written; the elements of a set are written in the order in which they come,
// and put in order when the set is complete.
type encoder struct {
	out     []byte // canonical form is appended here
	base    int    // where in out it begins
	mine    bool   // out is not the caller's
	profile document.Profile

	// Of the maps and sets that are not complete.
	pairs    []named[any]
	typed    []named[reflect.Value] // of maps that are no map[string]any
	elements []element

	spare   []byte // one set, while it is put in order
	dropped int    // bytes written and dropped again, as duplicates in sets

	own []byte // a buffer for canonical form that no caller sees
}

// named is a pair of a map.
type named[V any] struct {
	name  string
	value V
}

// element is where an element of a set lies, counted from base.
type element struct{ start, end uint32 }

// An encoder with a buffer above this size in bytes does not return to the
// pool.
const pooledMax = 256 << 10

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// newEncoder returns an encoder that appends to dst.
func newEncoder(p document.Profile, dst []byte) *encoder {
	e := encoders.Get().(*encoder)
	e.out, e.base, e.mine, e.profile, e.dropped = dst, len(dst), false, p, 0
	return e
}

// newArgsEncoder returns an encoder whose output nobody takes: of arguments, only
// the hash is wanted.
func newArgsEncoder() *encoder {
	e := newEncoder(document.Arguments, nil)
	e.out, e.own, e.mine = e.own[:0], nil, true
	return e
}

// take returns out, which is the caller's from here on.
func (e *encoder) take() []byte {
	out := e.out
	e.out = nil
	return out
}

// free gives e back to the pool, which keeps no caller's bytes: what was written
// and not taken is wiped.
func (e *encoder) free() {
	if e.out != nil {
		memory.Clear(e.written())
		if e.mine {
			e.own = e.out[:0]
		}
	}
	e.out = nil
	e.pairs, e.typed, e.elements = truncate(e.pairs, 0), truncate(e.typed, 0), e.elements[:0]
	if max(cap(e.own), cap(e.spare)) <= pooledMax && max(cap(e.pairs), cap(e.typed), cap(e.elements)) <= pooledMax/40 {
		encoders.Put(e)
	}
}

// room makes sure of room for n more bytes. What was written is left nowhere else.
func (e *encoder) room(n int) {
	if n <= cap(e.out)-len(e.out) {
		return
	}
	old, written := e.out, e.written()
	e.out, e.mine = memory.Grow(old, n), true
	memory.Clear(written)
}

// written is what nobody else has written: what the caller appends to is part of it
// where that is a copy.
func (e *encoder) written() []byte {
	if e.mine {
		return e.out
	}
	return e.out[e.base:]
}

// content writes bytes as they are.
func (e *encoder) content(b []byte) {
	e.room(len(b))
	n := len(e.out)
	e.out = e.out[:n+len(b)]
	if len(b) > document.Long {
		memory.Copy(e.out[n:], b)
	} else {
		copy(e.out[n:], b)
	}
}

func (e *encoder) header(kind msgpack.Kind, n uint64) {
	if cap(e.out)-len(e.out) < msgpack.MaxSize {
		e.room(msgpack.Size(kind, n))
	}
	e.out = msgpack.Append(e.out, kind, n)
}

// tooLarge reports whether more was written than a document may hold. What
// duplicates in sets took counts, or nested sets of equal sets would cost
// their encoder exponential time.
func (e *encoder) tooLarge() bool {
	return len(e.out)-e.base+e.dropped > core.MaxPayloadSize
}

func (e *encoder) position() uint32 { return uint32(len(e.out) - e.base) }

// grow is slices.Grow, in parts: with as many pairs as a document can hold, GiB
// are copied.
func grow[T any](s []T, n int) []T {
	if n <= cap(s)-len(s) {
		return s
	}
	grown := make([]T, len(s), max(len(s)+n, cap(s)+cap(s)/4, 16))
	to := grown
	for from := s; len(from) > 0; {
		c := copyPart(to, from[:min(len(from), document.Often)])
		to, from = to[c:], from[c:]
	}
	return grown
}

// truncate returns s[:n], and keeps nothing of the rest alive.
func truncate[T any](s []T, n int) []T {
	for rest := s[n:]; len(rest) > 0; {
		part := rest[:min(len(rest), document.Often)]
		clearPart(part)
		rest = rest[len(part):]
	}
	return s[:n]
}

//go:noinline
func clearPart[T any](s []T) { clear(s) }

//go:noinline
func copyPart[T any](to, from []T) int { return copy(to, from) }

func compareNames[V any](a, b named[V]) int {
	return document.CompareKeys(memory.Bytes(a.name), memory.Bytes(b.name))
}

// writePairs writes the pairs of a map, each value by write.
func writePairs[V any](e *encoder, pairs []named[V], write func(e *encoder, v V, depth int) error, depth int) error {
	slices.SortFunc(pairs, compareNames)
	e.header(msgpack.Map, uint64(len(pairs)))
	for i, p := range pairs {
		if i > 0 && compareNames(pairs[i-1], p) == 0 {
			return document.ErrDuplicate // two types of key with one text
		}
		if err := e.string(p.name); err != nil {
			return err
		}
		if err := write(e, p.value, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// set is a set that is being written.
type set struct {
	start int // of its header in out
	first int // of its elements
}

// open writes the header of a set.
func (e *encoder) open(n int) set {
	s := set{len(e.out), len(e.elements)}
	e.elements = grow(e.elements, n)
	e.header(msgpack.Array, uint64(n))
	return s
}

// element notes that an element, which has just been written, began at start.
func (e *encoder) element(start uint32) {
	e.elements = append(e.elements, element{start, e.position()})
}

// close puts the elements of s in order. Of equal ones one stays.
func (e *encoder) close(s set) {
	elements := e.elements[s.first:]
	e.elements = e.elements[:s.first]
	written := e.out[e.base:]
	compare := func(a, b element) int {
		return document.CompareKeys(written[a.start:a.end], written[b.start:b.end])
	}
	ascending := true
	for i := 1; i < len(elements) && ascending; i++ {
		if i%document.Often == 0 {
			preempt.Point()
		}
		ascending = compare(elements[i-1], elements[i]) < 0
	}
	if ascending {
		return
	}

	slices.SortFunc(elements, compare)
	distinct := slices.CompactFunc(elements, func(a, b element) bool { return compare(a, b) == 0 })
	end := len(e.out)
	header := uint32(s.start - e.base)
	e.spare = memory.Append(e.spare[:0], written[header:])
	e.out = msgpack.Append(e.out[:s.start], msgpack.Array, uint64(len(distinct)))
	for i, d := range distinct {
		if i%document.Often == document.Often-1 {
			preempt.Point()
		}
		e.content(e.spare[d.start-header : d.end-header])
	}
	memory.Clear(e.spare)
	memory.Clear(e.out[len(e.out):end])
	e.dropped += end - len(e.out)
}
