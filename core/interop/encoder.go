package interop

import (
	"bytes"
	"slices"
	"sync"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/internal/memory"
	"github.com/cachekit-go/cachekit-core/core/internal/msgpack"
	"github.com/cachekit-go/cachekit-core/core/internal/preempt"
)

// encoder writes canonical form. Maps and sets are written in the order in
// which their entries come, and put in order when they are complete.
type encoder struct {
	out     []byte // canonical form is appended here
	base    int    // where in out it begins
	profile profile

	entries []entry // of the maps and sets that are not complete
	spare   []byte  // one map or set, while it is put in order
	dropped int     // bytes written and dropped again, as duplicates in sets

	own    []byte // a buffer for canonical form that no caller sees
	useOwn bool
}

// entry is where a pair of a map or an element of a set lies, counted from
// base. out[from:to] is what it is ordered by.
type entry struct{ start, from, to, end uint32 }

// An encoder with a buffer above this size in bytes does not return to the
// pool.
const pooledMax = 256 << 10

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// newEncoder returns an encoder that appends to dst.
func newEncoder(p profile, dst []byte) *encoder {
	e := encoders.Get().(*encoder)
	e.out, e.base, e.profile, e.dropped = dst, len(dst), p, 0
	return e
}

// newArgsEncoder returns an encoder whose output is gone after free: of
// arguments, only the hash is wanted.
func newArgsEncoder() *encoder {
	e := newEncoder(arguments, nil)
	e.out, e.useOwn = e.own[:0], true
	return e
}

// free gives e back to the pool, which keeps no caller's bytes: what belongs
// to e is wiped, the rest forgotten.
func (e *encoder) free() {
	if e.useOwn {
		memory.Clear(e.out)
		e.own, e.useOwn = e.out, false
	}
	e.out = nil
	e.entries = e.entries[:0]
	if max(cap(e.own), cap(e.spare)) <= pooledMax && cap(e.entries) <= pooledMax/16 {
		encoders.Put(e)
	}
}

// long is the size in bytes from which the routines of package memory are worth
// their call, which for short strings is a good part of the time.
const long = 64 << 10

// reserve keeps append from moving what is written, when that is much, in one
// piece: before each Go value there is room for one that is not long, and for the
// key of the next.
func (e *encoder) reserve() {
	if len(e.out) > 1<<20 {
		e.out = memory.Grow(e.out, 4*long)
	}
}

// content writes bytes as they are.
func (e *encoder) content(b []byte) {
	if len(b) > long {
		e.out = memory.Append(e.out, b)
	} else {
		e.out = append(e.out, b...)
	}
}

func (e *encoder) header(kind msgpack.Kind, n uint64) {
	e.out = msgpack.Append(e.out, kind, n)
}

// tooLarge reports whether more was written than a document may hold. What
// duplicates in sets took counts, or nested sets of equal sets would cost
// their encoder exponential time.
func (e *encoder) tooLarge() bool {
	return len(e.out)-e.base+e.dropped > core.MaxPayloadSize
}

func (e *encoder) position() uint32 { return uint32(len(e.out) - e.base) }

// group is a map or a set that is being written.
type group struct {
	kind  msgpack.Kind // Map, or Array for a set
	start int          // of its header in out
	first int          // of its entries
}

// open writes the header of a map or a set.
func (e *encoder) open(kind msgpack.Kind, n int) group {
	g := group{kind, len(e.out), len(e.entries)}
	if n > cap(e.entries)-len(e.entries) {
		e.growEntries(n)
	}
	e.header(kind, uint64(n))
	return g
}

// growEntries makes room for n more. append would do so on the way, and copy what
// there is in one piece: GiB, in a map with as many keys as a document can hold.
func (e *encoder) growEntries(n int) {
	grown := make([]entry, len(e.entries), max(len(e.entries)+n, cap(e.entries)+cap(e.entries)/4, 16))
	to := grown
	for from := e.entries; len(from) > 0; {
		c := copyEntries(to, from[:min(len(from), long)])
		to, from = to[c:], from[c:]
	}
	e.entries = grown
}

//go:noinline
func copyEntries(to, from []entry) int { return copy(to, from) }

// order notes that an entry begins at start, and that the last n bytes, just
// written, are what it is ordered by: the text of a key, or a whole element.
// A value may follow.
func (e *encoder) order(start uint32, n int) {
	end := e.position()
	e.entries = append(e.entries, entry{start: start, from: end - uint32(n), to: end, end: end})
}

// endEntry ends the entry whose value has just been written.
func (e *encoder) endEntry() { e.entries[len(e.entries)-1].end = e.position() }

// close puts the entries of g in order. Of equal elements in a set one stays;
// equal keys in a map are an error.
func (e *encoder) close(g group) error {
	entries := e.entries[g.first:]
	e.entries = e.entries[:g.first]
	written := e.out[e.base:]
	compare := func(a, b entry) int {
		x, y := written[a.from:a.to], written[b.from:b.to]
		if len(x) > long {
			return memory.Compare(x, y)
		}
		return bytes.Compare(x, y)
	}

	ascending := true
	for i := 1; i < len(entries) && ascending; i++ {
		if i%often == 0 {
			preempt.Point()
		}
		// As compare does, but without a call for what is short.
		a, b := entries[i-1], entries[i]
		if x, y := written[a.from:a.to], written[b.from:b.to]; len(x) <= long {
			ascending = bytes.Compare(x, y) < 0
		} else {
			ascending = memory.Compare(x, y) < 0
		}
	}
	if ascending {
		return nil
	}

	slices.SortFunc(entries, compare)
	distinct := slices.CompactFunc(entries, func(a, b entry) bool { return compare(a, b) == 0 })
	if g.kind == msgpack.Map && len(distinct) < len(entries) {
		return errDuplicate
	}
	end := len(e.out)
	header := uint32(g.start - e.base)
	e.spare = memory.Append(e.spare[:0], written[header:])
	e.out = msgpack.Append(e.out[:g.start], g.kind, uint64(len(distinct)))
	for i, d := range distinct {
		if i%often == often-1 {
			preempt.Point()
		}
		e.content(e.spare[d.start-header : d.end-header])
	}
	memory.Clear(e.spare)
	memory.Clear(e.out[len(e.out):end])
	e.dropped += end - len(e.out)
	return nil
}
