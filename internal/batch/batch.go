// Package batch is what the calls on many items have in common: how they reach the
// items of C and of Go, how the results share one piece of memory, and what the whole
// comes to.
package batch

import (
	"math"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// Items are the items of one call, in the language of the caller.
type Items interface {
	Len() int
	// Input is what the result of item i is made from. An item with an error, one
	// that it came with or that of Done, is not tried any more.
	Input(i int) (in []byte, err error)
	// CacheKey is what item i is bound to, if anything.
	CacheKey(i int) []byte
	// Opened notes which key opened item i, and Warned that the key it is sealed
	// with wears out; both before Done.
	Opened(i, keyIndex int)
	Warned(i int)
	// Done ends item i with its result, or with an error and none.
	Done(i int, out []byte, err error)
}

// Align is what each result is aligned to, in bytes, in the memory that they share.
const Align = 16

// Add adds the room of one more result to that of others.
func Add(total, size int) int {
	// A sum that no memory holds must not come round to one that it does.
	if size > math.MaxInt/4 || total > math.MaxInt/4 {
		return math.MaxInt / 2
	}
	return (total + size + Align - 1) &^ (Align - 1)
}

// Run is one call. It tries the items in their order, in one pass or several.
type Run struct {
	Items
	Untried int   // items that came with an error, and those that there was no memory for
	first   error // of the item with the lowest number
	firstAt int
}

// Err is what the call comes to: the error of the first item that failed, which it names.
func (r *Run) Err() error {
	if r.first == nil {
		return nil
	}
	return codes.In(r.first, "items[%d]", r.firstAt)
}

// Fail ends item i with an error.
func (r *Run) Fail(i int, err error) {
	r.Done(i, nil, err)
	r.failed(i, err)
}

func (r *Run) failed(i int, err error) {
	if r.first == nil || i < r.firstAt {
		r.first, r.firstAt = err, i
	}
}

// Refuse ends all items that have not failed with the error of the whole call, which it
// returns.
func (r *Run) Refuse(err error) error {
	for i := range r.Len() {
		if _, failed := r.Input(i); failed == nil {
			r.Done(i, nil, err)
		}
	}
	return err
}

// Make is a call of two passes: Measure and, in memory from dst, Fill. It returns the
// memory of all results, and what the call comes to.
func (r *Run) Make(dst *memory.Dest, size func(i int, in []byte) (int, error), fill func(i int, in, room []byte) ([]byte, error)) ([]byte, error) {
	room, left := r.Measure(size)
	if left == 0 {
		return nil, r.Err()
	}
	to, err := dst.Take(room)
	if err != nil {
		r.Untried += left
		return nil, r.Refuse(err)
	}
	results := r.Fill(to, fill)
	return results, r.Err()
}

// Measure is the first pass, in which each item tells how much room its result takes.
// It returns that of all, and how many items are left.
func (r *Run) Measure(size func(i int, in []byte) (int, error)) (room, left int) {
	for i := range r.Len() {
		in, err := r.Input(i)
		if err != nil {
			r.failed(i, err)
			r.Untried++
			continue
		}
		n, err := size(i, in)
		if err != nil {
			r.Fail(i, err)
			continue
		}
		room = Add(room, n)
		left++
	}
	return room, left
}

// Fill is the last pass. It makes the results of the items that have not failed, one
// behind the other in room, and returns their memory, which is nil if there are none.
// fill writes a result to the start of what is left of room, and returns it; with an
// error it has wiped what it wrote. If it panics, all of room is wiped first.
func (r *Run) Fill(room []byte, fill func(i int, in, room []byte) ([]byte, error)) (results []byte) {
	done := false
	defer func() {
		if !done {
			memory.Clear(room)
		}
	}()
	at := 0
	for i := range r.Len() {
		in, err := r.Input(i)
		if err != nil {
			continue
		}
		out, err := fill(i, in, room[at:])
		if err != nil {
			r.Fail(i, err)
			continue
		}
		r.Done(i, out[:len(out):len(out)], nil)
		results = room[:at+len(out)]
		at = min(Add(at, len(out)), len(room))
	}
	done = true
	return results
}
