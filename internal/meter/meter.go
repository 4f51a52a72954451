// Package meter counts operations and, now and then, times one.
//
// A 64-byte call takes some 100 ns, of which counting may cost at most five in
// a hundred, and an atomic addition alone takes about five. Three decisions keep
// it there. Counters are spread over cells of one cache line each, chosen by the
// caller's stack, so that threads sharing a handle do not fight for one line.
// A small operation adds its count and both its sizes in a single addition to
// a packed word, which is emptied into wide counters every SampleEvery
// operations; the count of a larger one goes there too, for it is also what
// picks the timed ones. And two readings of the clock, which cost as much as the
// work they would measure, are taken for every payload from AlwaysTimed bytes
// on, but only for one in SampleEvery of the smaller ones.
package meter

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/codes"
)

const (
	// AlwaysTimed is the payload size in bytes from which every operation is
	// timed.
	AlwaysTimed = 64 << 10

	// SampleEvery is how many smaller operations share one timing.
	SampleEvery = 256

	// cells is a prime, so that neighbours get different ones: stacks are a
	// power of two apart.
	cells = 7
)

// The packed word: operations in the top 16 bits, then 24 bits of bytes in and
// 24 of bytes out. Only sizes below packedSize are added there, so that the sums
// hold 4,096 operations. A word that has reached SampleEvery is emptied by
// everyone who sees it, so it would take 3,800 goroutines stopped between the
// same two instructions to overflow one.
const (
	packedSize  = 1 << 12
	packedBytes = 24
	packedMask  = 1<<packedBytes - 1
	packedOne   = 1 << (2 * packedBytes)
)

// cell is one set of counters. It is padded to two cache lines, so that two
// cells never share one, wherever the allocator puts them.
type cell struct {
	packed                        atomic.Uint64
	operations, bytesIn, bytesOut atomic.Uint64
	last                          atomic.Uint64 // sizes of the last operation, out<<32 | in
	started                       atomic.Uint64 // operations, if they are guarded
	_                             [80]byte
}

// Operation holds the cumulative counts of one kind of operation. The zero
// value is ready to use; it is safe for any number of goroutines.
type Operation struct {
	// KeepLast makes Last work, which costs another atomic store a call, two
	// if threads alternate. It is set before the first use.
	KeepLast bool

	// Guard makes Wait work: operations are counted when they start too. The
	// count when they end is there anyway, so that this is half the price of
	// a lock held for reading. It is set before the first use, and then every
	// Begin must be followed by End, Fail or Count, whatever happens in between.
	Guard bool

	_                              [64]byte // the two above are only read
	cells                          [cells]cell
	errors, timed, totalNS, lastNS atomic.Uint64
	lastCell                       atomic.Pointer[cell] // where the last operation was counted
}

// Snapshot is what an Operation has counted; its fields are those of
// core.OperationMetrics.
type Snapshot struct {
	Operations, Errors, BytesIn, BytesOut, TimedOperations, TotalNS, LastNS uint64
}

// Metrics is what an object has counted; its fields are those of core.Metrics.
type Metrics struct {
	Store, Retrieve, Encrypt, Decrypt Snapshot
	LastCompressionRatio              float64
}

// Span is one operation under way.
type Span struct {
	cell    *cell
	started int64 // by now, or 0 if this one is not timed
}

// cell is the one for the caller.
func (o *Operation) cell() *cell {
	// The address of a local variable differs between goroutines, and
	// between C threads calling in. Only its value is used, so nothing is
	// dereferenced or kept alive.
	var local byte
	page := uintptr(unsafe.Pointer(&local)) >> 12
	return &o.cells[page%cells]
}

// Begin starts an operation on size bytes.
func (o *Operation) Begin(size int) Span {
	s := Span{cell: o.cell()}
	var first bool // of SampleEvery
	if o.Guard {
		first = s.cell.started.Add(1)%SampleEvery == 1
	} else {
		first = s.cell.packed.Load() < packedOne
	}
	if first || size >= AlwaysTimed {
		s.started = now()
	}
	return s
}

// End counts an operation that took in and gave out so many bytes.
func (o *Operation) End(s Span, in, out int) {
	c := s.cell
	add := uint64(packedOne)
	if in|out < packedSize {
		add |= uint64(in)<<packedBytes | uint64(out)
	} else {
		c.bytesIn.Add(uint64(in))
		c.bytesOut.Add(uint64(out))
	}
	if c.packed.Add(add) >= SampleEvery*packedOne {
		c.empty()
	}
	if o.KeepLast {
		o.keepLast(c, in, out)
	}
	if s.started != 0 {
		ns := uint64(now() - s.started)
		o.timed.Add(1)
		o.totalNS.Add(ns)
		o.lastNS.Store(ns)
	}
}

func (o *Operation) keepLast(c *cell, in, out int) {
	c.last.Store(uint64(out)<<32 | uint64(in))
	// One goroutine calling from other depths of its stack comes by other cells, so
	// the cell has to be kept up with; mostly it is the same one, and threads do not
	// fight over a word that is only read.
	if o.lastCell.Load() != c {
		o.lastCell.Store(c)
	}
}

// Fail counts an operation that failed; its bytes and its time do not count.
func (o *Operation) Fail(s Span) {
	s.cell.operations.Add(1)
	o.errors.Add(1)
}

// Count ends an operation that came to err. What found no memory for its result, or
// too little in the buffer of a caller, who comes back with more, does not count:
// nothing was attempted.
func (o *Operation) Count(s Span, in, out int, err error) {
	switch err {
	case nil:
		o.End(s, in, out)
	case codes.OutOfMemory, codes.BufferTooSmall:
		if o.Guard {
			s.cell.started.Add(^uint64(0))
		}
	default:
		o.Fail(s)
	}
}

// Wait returns when no guarded operation that had begun before is under way.
// Those that begin meanwhile are not waited for on purpose, but they can make
// it take longer.
func (o *Operation) Wait() {
	for i := range o.cells {
		for !o.cells[i].quiet() {
			runtime.Gosched()
		}
	}
}

// quiet tells that nothing was under way when the last of its three counts was
// read. The count of what has ended is never above the truth, since an
// operation moved by empty meanwhile is missed and never counted twice; later
// there is no less of it, and what has started is what has ended and what is
// under way.
func (c *cell) quiet() bool {
	ended := c.operations.Load()
	ended += c.packed.Load() / packedOne
	return ended == c.started.Load()
}

// empty moves the packed word into the wide counters.
func (c *cell) empty() {
	p := c.packed.Swap(0)
	c.operations.Add(p / packedOne)
	c.bytesIn.Add(p >> packedBytes & packedMask)
	c.bytesOut.Add(p & packedMask)
}

// Snapshot reads the counters. Operations under way may be counted in part.
func (o *Operation) Snapshot() Snapshot {
	s := Snapshot{
		Errors:          o.errors.Load(),
		TimedOperations: o.timed.Load(),
		TotalNS:         o.totalNS.Load(),
		LastNS:          o.lastNS.Load(),
	}
	for i := range o.cells {
		c := &o.cells[i]
		c.empty()
		s.Operations += c.operations.Load()
		s.BytesIn += c.bytesIn.Load()
		s.BytesOut += c.bytesOut.Load()
	}
	return s
}

// Last returns the sizes of the last operation, zeros before the first. With
// several threads it is one of the last.
func (o *Operation) Last() (in, out int) {
	c := o.lastCell.Load()
	if c == nil {
		return 0, 0
	}
	last := c.last.Load()
	return int(uint32(last)), int(last >> 32)
}

// LastRatio is in / out of Last, 0 before the first.
func (o *Operation) LastRatio() float64 {
	in, out := o.Last()
	if out == 0 {
		return 0
	}
	return float64(in) / float64(out)
}
