package document

import (
	"hash"
	"slices"
	"sync"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
	"golang.org/x/crypto/blake2b"
)

// Canonical returns the canonical form of doc, in memory from dst, which must not
// overlap doc. Memory for the order of pairs, which large documents need where maps
// are not in order, comes from scratch.
//
// After an error the memory holds zeros where it was written to.
func Canonical(dst *memory.Dest, scratch memory.Alloc, doc []byte) ([]byte, error) {
	s, err := Scan(doc, Values)
	if err != nil {
		return nil, err
	}
	out, err := dst.Take(s.size)
	if err != nil {
		return nil, err
	}
	out = out[:s.size]
	if err := write(out, scratch, doc, s); err != nil {
		return nil, err
	}
	return out, nil
}

// write fills dst with the canonical form of a document that s describes. After
// an error dst holds zeros.
func write(dst []byte, scratch memory.Alloc, doc []byte, s Summary) error {
	if s.canonical {
		memory.Copy(dst, doc)
		return nil
	}
	w := newWriter(doc, Values)
	defer w.free()
	w.out = dst[:0:len(dst)]
	err := w.document(scratch, s)
	if err == nil && len(w.out) != len(dst) {
		err = ErrMalformed // it was another document meanwhile
	}
	if err != nil {
		memory.Clear(dst)
	}
	return err
}

// digest returns the BLAKE2b-256 of the canonical form of arguments that s
// describes. scratch is that of Canonical.
func digest(scratch memory.Alloc, doc []byte, s Summary) (sum [blake2b.Size256]byte, err error) {
	if s.canonical {
		return Sum256(doc), nil
	}
	w := newWriter(doc, Arguments)
	defer w.free()
	if s.size > window {
		w.hash, _ = blake2b.New256(nil) // errors are those of a key
		w.left = s.size
	}
	w.own = memory.Grow(w.own, min(s.size, window))
	w.out = w.own[:0:min(s.size, cap(w.own))]
	defer w.wipe()
	if err = w.document(scratch, s); err != nil {
		return sum, err
	}
	if w.hash == nil {
		return Sum256(w.out), nil
	}
	if err = w.flush(); err != nil {
		return sum, err
	}
	return w.sum(), nil
}

// window is how many bytes of a canonical form that is only hashed are in memory
// at a time.
const window = 64 << 10

// writer writes the canonical form of a document.
type writer struct {
	order
	profile Profile
	out     []byte    // canonical form is appended here, up to its capacity
	hash    hash.Hash // takes what does not fit; without one it is an error
	left    int       // bytes that hash may still take

	own []byte   // memory for digest, in which out is
	few []uint64 // memory for order
}

var writers = sync.Pool{New: func() any { return new(writer) }}

func newWriter(doc []byte, p Profile) *writer {
	w := writers.Get().(*writer)
	w.doc, w.profile = doc, p
	return w
}

// wipe overwrites what digest has written.
func (w *writer) wipe() {
	out := w.out
	if w.hash != nil {
		out = out[:cap(out)]   // it was full before
		w.hash.Write(zeros[:]) // over the end of the form, which it holds
		memory.ClearStack()
	}
	memory.Clear(out)
}

// free gives w back to the pool, which keeps none of the caller's bytes.
func (w *writer) free() {
	w.order, w.out, w.hash = order{}, nil, nil
	writers.Put(w)
}

// document writes the whole of it.
func (w *writer) document(scratch memory.Alloc, s Summary) error {
	if !s.sorted {
		if s.pairs <= fewPairs {
			w.few = slices.Grow(w.few, s.pairs)
			w.pairs = w.few[:s.pairs]
		} else {
			if w.pairs = memory.Uint64s(scratch(8 * s.pairs)); w.pairs == nil {
				return codes.OutOfMemory
			}
		}
		if _, _, err := w.find(0, 0, 0); err != nil {
			return err
		}
	}
	_, _, err := w.item(0, 0, 0)
	return err
}

// item writes the item at pos; free is where in pairs those of its maps begin. It
// returns what find does, and trusts as little.
func (w *writer) item(pos, free, depth int) (end, nextFree int, err error) {
	if end := w.skip(pos); end > pos && hasOneForm(w.doc[pos]) {
		return end, free, w.content(w.doc[pos:end])
	}
	h, pos, err := Read(w.doc, pos, depth)
	if err == nil {
		err = w.profile.normalise(&h)
	}
	if err == nil {
		err = w.header(h)
	}
	if err != nil {
		return 0, 0, err
	}
	switch h.Kind {
	case msgpack.String, msgpack.Bin:
		return pos + int(h.N), free, w.content(w.doc[pos:][:h.N])
	case msgpack.Array:
		for range h.N {
			if pos, free, err = w.item(pos, free, depth+1); err != nil {
				return 0, 0, err
			}
		}
	case msgpack.Map:
		if len(w.pairs) > 0 { // else all maps are in order as they lie
			return w.mapping(h.N, pos, free, depth)
		}
		for range h.N {
			if pos, _, err = w.item(pos, 0, depth+1); err != nil {
				return 0, 0, err
			}
			if pos, _, err = w.item(pos, 0, depth+1); err != nil {
				return 0, 0, err
			}
		}
	}
	return pos, free, nil
}

// hasOneForm tells whether an item with this first byte is canonical whatever
// follows: small integers, nil, booleans, and short strings.
func hasOneForm(first byte) bool {
	return first < 0x80 || first >= 0xe0 || first&0xe0 == 0xa0 || first == 0xc0 || first&0xfe == 0xc2
}

// mapping writes the n pairs of a map in their order.
func (w *writer) mapping(n uint64, pos, free, depth int) (end, nextFree int, err error) {
	if n > uint64(len(w.pairs)-free) {
		return 0, 0, ErrMalformed
	}
	pairs := w.pairs[free:][:n]
	end, nextFree = pos, free+len(pairs)
	for _, p := range pairs {
		at, inside := splitPair(p)
		at, inside, err := w.item(at, inside, depth+1)
		if err == nil {
			at, inside, err = w.item(at, inside, depth+1)
		}
		if err != nil {
			return 0, 0, err
		}
		// The map ends where its last pair does, wherever that is sorted to.
		end, nextFree = max(end, at), max(nextFree, inside)
	}
	return end, nextFree, nil
}

func (w *writer) header(h msgpack.Header) error {
	if cap(w.out)-len(w.out) < msgpack.MaxSize {
		if err := w.room(msgpack.Size(h.Kind, h.N)); err != nil {
			return err
		}
	}
	w.out = msgpack.Append(w.out, h.Kind, h.N)
	return nil
}

func (w *writer) content(b []byte) error {
	if err := w.room(len(b)); err != nil {
		return err
	}
	if len(b) > cap(w.out)-len(w.out) { // and so a hash takes it
		if w.left -= len(b); w.left < 0 {
			return ErrMalformed
		}
		memory.Write(w.hash, b)
		return nil
	}
	if len(b) > Long {
		w.out = memory.Append(w.out, b)
	} else {
		w.out = append(w.out, b...)
	}
	return nil
}

// room makes room for n bytes, or for what the window holds.
func (w *writer) room(n int) error {
	if n <= cap(w.out)-len(w.out) {
		return nil
	}
	if w.hash == nil {
		return ErrMalformed // longer than when it was scanned
	}
	return w.flush()
}

// flush hashes what is in the window. More than was announced is an error, since a
// document that changes can have the same maps written again and again.
func (w *writer) flush() error {
	if w.left -= len(w.out); w.left < 0 {
		return ErrMalformed
	}
	w.hash.Write(w.out)
	w.out = w.out[:0]
	return nil
}

// sum is a function of its own since what an interface writes to is on the heap.
func (w *writer) sum() (sum [blake2b.Size256]byte) {
	w.hash.Sum(sum[:0])
	return sum
}
