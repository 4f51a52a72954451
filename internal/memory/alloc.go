package memory

import (
	"sync"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// Alloc gives out n bytes, which may hold anything, or nil if there are none to be had.
type Alloc func(n int) []byte

// Make is memory of Go's heap.
func Make(n int) []byte { return make([]byte, n) }

// Dest is where a function takes the memory of its result from: the one thing in which
// the Append and the Into forms of the Go packages and the C library differ.
//
// A buffer of the caller is not an Alloc, since what a function value returns is on
// the heap, and a caller's buffer would have to be there too.
type Dest struct {
	kind   kind
	buffer []byte
	alloc  Alloc   // of from
	pool   Scratch // of fitting
	needed int     // what did not fit
}

type kind uint8

const (
	into kind = iota
	behind
	from
	fitting
)

// Into is a buffer of the caller.
func Into(buffer []byte) Dest { return Dest{kind: into, buffer: buffer} }

// Behind is memory behind the bytes of a slice that are in use, which is made longer
// if need be.
func Behind(dst []byte) Dest { return Dest{kind: behind, buffer: dst} }

// From is memory from alloc.
func From(alloc Alloc) Dest { return Dest{kind: from, alloc: alloc} }

// Fitting is memory for a result that may turn out far smaller than what has to be
// asked for. It is good for one result, which Fit returns.
func Fitting() Dest { return Dest{kind: fitting} }

// Take returns n bytes or more, which may hold anything. They are not nil for n = 0.
//
// Errors: codes.BufferTooSmall for a buffer of the caller, codes.OutOfMemory for an
// Alloc that has none.
func (d *Dest) Take(n int) ([]byte, error) {
	if d.kind == into && n > 0 && n <= len(d.buffer) { // is inlined
		return d.buffer, nil
	}
	return d.take(n)
}

func (d *Dest) take(n int) ([]byte, error) {
	switch d.kind {
	case from:
		if b := d.alloc(n); b != nil {
			return b, nil
		}
		return nil, codes.OutOfMemory
	case fitting:
		return d.pool.Alloc(n), nil
	case behind:
		// It is not kept in d, or the compiler would think that every buffer is
		// kept somewhere, and put those of callers on the heap.
		grown := Grow(d.buffer, max(n, 1))
		return grown[len(d.buffer):cap(grown)], nil
	}
	switch {
	case n > len(d.buffer):
		d.needed = n
		return nil, codes.BufferTooSmall
	case d.buffer == nil:
		return []byte{}, nil
	}
	return d.buffer, nil
}

// With is the slice that Behind was given, and behind it the result. Both lie in one
// piece of memory, since the result is at the start of what Take returned. So a pointer
// that goes back from the result to the start of the slice stays in that memory.
func (d *Dest) With(result []byte) []byte {
	if cap(result) == 0 {
		return d.buffer
	}
	n := len(d.buffer)
	start := (*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(result)), -n))
	return unsafe.Slice(start, n+cap(result))[:n+len(result)]
}

// Size is what a call with Into came to: the size of the result, or the size that is
// needed with BufferTooSmall.
func (d *Dest) Size(result []byte, err error) (int, error) {
	if err == codes.BufferTooSmall {
		return d.needed, TooSmall(d.needed, len(d.buffer))
	}
	return len(result), err
}

// TooSmall is BufferTooSmall with both sizes, for whoever called. Inside it is plain.
func TooSmall(needed, given int) error {
	return codes.BufferTooSmall.Because("%d bytes needed, %d given", needed, given)
}

// pooledSize is the size in bytes up to which memory is kept for the next call.
const pooledSize = 64 << 10

var pool = sync.Pool{New: func() any { return new([pooledSize]byte) }}

// Scratch is memory for the time of one call: Go's, pooled if it is small. Whoever
// takes it leaves nothing in it.
type Scratch struct{ pooled *[pooledSize]byte }

// Alloc may be called once.
func (s *Scratch) Alloc(n int) []byte {
	if n > pooledSize {
		return make([]byte, n)
	}
	s.pooled = pool.Get().(*[pooledSize]byte)
	return s.pooled[:n]
}

// Done gives the memory back.
func (s *Scratch) Done() {
	if s.pooled != nil {
		pool.Put(s.pooled)
		s.pooled = nil
	}
}

// Fit returns the result of a call with Fitting in memory that is not much larger: the
// copy of one that leaves half of its memory unused, and of one in pooled memory, which
// it wipes. That takes a small part of the time that the result took.
func (d *Dest) Fit(result []byte) []byte {
	fit := result
	if result != nil && (d.pool.pooled != nil || cap(result) > 2*len(result)) {
		fit = Clone(result)
		Clear(result)
	}
	d.pool.Done()
	return fit
}

// Uint64s is memory of 8 * n bytes from an Alloc as n numbers. Every allocator aligns
// what is that large.
func Uint64s(b []byte) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}
