package document

import (
	"bytes"
	"slices"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
	"github.com/cachekit-go/cachekit-core/internal/preempt"
)

// fewPairs is how many pairs need no memory but the writer's own, of 64 KiB.
const fewPairs = 8 << 10

// order is where the pairs of a document's maps lie, in the order in which
// canonical form has them. The maps stand in the order in which they begin, each
// with as many places as it has pairs, so that whoever walks a map finds the pairs
// of the maps inside it behind its own. It is filled by find.
type order struct {
	doc   []byte
	pairs []uint64
}

// A pair is where it begins in the document, and where in pairs the maps of its
// value begin.
func newPair(at, inside int) uint64       { return uint64(at)<<32 | uint64(inside) }
func splitPair(p uint64) (at, inside int) { return int(p >> 32), int(uint32(p)) }

// find fills in the pairs of the item at pos, which lies inside depth containers;
// free is the first place that no map has taken. It returns what follows both. No
// map is walked twice. Nothing is believed of what Scan saw, since another program
// may write to the document meanwhile.
func (o *order) find(pos, free, depth int) (end, nextFree int, err error) {
	if end := o.skip(pos); end > pos {
		return end, free, nil
	}
	h, pos, err := Read(o.doc, pos, depth)
	if err != nil {
		return 0, 0, err
	}
	switch h.Kind {
	case msgpack.String, msgpack.Bin, msgpack.Ext:
		return pos + int(h.N), free, nil
	case msgpack.Array:
		for range h.N {
			if pos, free, err = o.find(pos, free, depth+1); err != nil {
				return 0, 0, err
			}
		}
		return pos, free, nil
	case msgpack.Map:
		if h.N > uint64(len(o.pairs)-free) {
			return 0, 0, ErrMalformed
		}
		pairs := o.pairs[free:][:h.N]
		free += len(pairs)
		for i := range pairs {
			pairs[i] = newPair(pos, free)
			if key := o.skip(pos); key > pos {
				pos = key
			} else if pos, free, err = o.find(pos, free, depth+1); err != nil {
				return 0, 0, err
			}
			if pos, free, err = o.find(pos, free, depth+1); err != nil {
				return 0, 0, err
			}
		}
		return pos, free, o.sort(pairs)
	}
	return pos, free, nil
}

// skip returns what follows the item at pos if its size stands in its first byte and
// all of it is there, else pos.
func (o *order) skip(pos int) int {
	if pos < len(o.doc) {
		if end := pos + msgpack.FixedSize(o.doc[pos]); end <= len(o.doc) {
			return end
		}
	}
	return pos
}

// sort puts the pairs of one map in the order of their keys.
func (o *order) sort(pairs []uint64) error {
	ascending := true
	for i := 1; i < len(pairs) && ascending; i++ {
		if i%Often == 0 {
			preempt.Point()
		}
		ascending = o.compare(pairs[i-1], pairs[i]) < 0
	}
	if ascending {
		return nil
	}
	slices.SortFunc(pairs, o.compare)
	for i := 1; i < len(pairs); i++ {
		if i%Often == 0 {
			preempt.Point()
		}
		if o.compare(pairs[i-1], pairs[i]) == 0 {
			at, _ := splitPair(pairs[i])
			return codes.At(ErrDuplicate, "at byte %d of %d", at, len(o.doc))
		}
	}
	return nil
}

func (o *order) compare(a, b uint64) int { return CompareKeys(o.key(a), o.key(b)) }

// key is the text of the pair's key, or nothing if that is gone meanwhile.
func (o *order) key(p uint64) []byte {
	at, _ := splitPair(p)
	// Nearly all keys are short strings, and a sort reads each again and again.
	if rest := o.doc[at:]; rest[0]>>5 == 0xa0>>5 {
		if n := int(rest[0] & 0x1f); n < len(rest) {
			return rest[1 : 1+n]
		}
	}
	h, pos, err := Read(o.doc, at, 0)
	if err != nil || h.Kind != msgpack.String {
		return nil
	}
	return o.doc[pos:][:h.N]
}

// Long is the size in bytes from which the routines of package memory are worth
// their call, which for short strings is a good part of the time.
const Long = 64 << 10

// CompareKeys compares the texts of two keys of a map, by their bytes.
func CompareKeys(a, b []byte) int {
	if len(a) > Long {
		return memory.Compare(a, b)
	}
	return bytes.Compare(a, b)
}

// Read reads the header at pos, inside depth containers, and returns what follows
// it. There are at least as many bytes as the header claims.
func Read(doc []byte, pos, depth int) (msgpack.Header, int, error) {
	if uint(pos) > uint(len(doc)) {
		return msgpack.Header{}, 0, ErrMalformed
	}
	h := msgpack.Next(doc[pos:])
	pos += h.Size
	claim := uint64(0)
	switch h.Kind {
	case msgpack.Invalid:
		return h, 0, ErrMalformed
	case msgpack.String, msgpack.Bin, msgpack.Ext:
		claim = h.N
	case msgpack.Array, msgpack.Map:
		claim = h.N
		if depth >= limits.MaxNesting {
			return h, 0, ErrTooDeep
		}
	}
	if claim > uint64(len(doc)-pos) {
		return h, 0, ErrOverclaim
	}
	return h, pos, nil
}
