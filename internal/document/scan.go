// Package document checks MessagePack documents, and makes their canonical form and
// cache keys. Package interop and the C library share it.
package document

import (
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// Profile says by which rules a document is judged.
type Profile uint8

const (
	Reading   Profile = iota // whatever a reader has to accept
	Values                   // what has a canonical form
	Arguments                // the same; equal numbers are the same number
)

// Check reports whether doc is one document that readers accept.
func Check(doc []byte) error {
	_, err := Scan(doc, Reading)
	return err
}

// Summary is what the canonical form of a document takes.
type Summary struct {
	size      int  // in bytes
	pairs     int  // of all maps together
	sorted    bool // the pairs of each map are in order, and none is there twice
	canonical bool // the document is its own canonical form
}

// Scan checks doc and returns what its canonical form takes. Under the rules of a
// reader, which also accepts what has none, that means nothing.
func Scan(doc []byte, p Profile) (Summary, error) {
	if len(doc) > limits.MaxPayloadSize {
		return Summary{}, codes.InputTooLarge.Because("a document of %d bytes, at most %d", len(doc), limits.MaxPayloadSize)
	}
	s := scanner{doc: doc, profile: p, owed: 1, Summary: Summary{sorted: true, canonical: true}}
	err := s.items(1, false, 0)
	if err == nil && s.pos < len(doc) {
		err = ErrTrailing
	}
	switch {
	case err != nil && msgpack.IsPythonFrame(doc):
		return Summary{}, ErrFrame
	case err != nil:
		return Summary{}, s.found(err)
	case s.size > limits.MaxPayloadSize: // a float32 grows
		return Summary{}, codes.InputTooLarge.Because("a canonical form of %d bytes, at most %d", s.size, limits.MaxPayloadSize)
	}
	s.canonical = s.canonical && s.sorted
	return s.Summary, nil
}

// found is err with the place where scanning ended.
func (s *scanner) found(err error) error {
	err = codes.At(err, "at byte %d of %d", s.pos, len(s.doc))
	if s.profile == Arguments {
		if i := s.argument(); i > 0 {
			err = codes.At(err, "in argument %d", i)
		}
	}
	return err
}

// argument is the number, from 1 on, of the argument in which scanning ended; 0 if it
// ended in none. It looks once more at what was found in order.
func (s *scanner) argument() int {
	h := msgpack.Next(s.doc)
	if h.Kind != msgpack.Array || s.pos < h.Size {
		return 0
	}
	again := scanner{doc: s.doc, pos: h.Size, owed: int64(h.N), profile: Reading}
	for i := 1; uint64(i) <= h.N; i++ {
		if err := again.items(1, false, 1); err != nil || again.pos > s.pos {
			return i
		}
	}
	return 0
}

// Often is how many items are looked at between two points where a goroutine
// can be preempted. It is a power of two.
const Often = 1 << 12

// span is where some bytes of the document lie; as positions, since a slice in a
// scanner would have every document allocated on the heap. The zero value is none.
type span struct{ start, end int }

type scanner struct {
	doc     []byte
	pos     int   // what comes before it has been read
	owed    int64 // items that containers have announced and that have not been read
	profile Profile
	before  span // the key before, of the map that is read
	Summary
}

// content is items for any count. The prologue of items is where the goroutine
// can be preempted; its loop may call nothing that has one.
func (s *scanner) content(count int64, isMap bool, depth int) error {
	for ; count > Often; count -= Often {
		if err := s.items(Often, isMap, depth); err != nil {
			return err
		}
	}
	return s.items(count, isMap, depth)
}

// items reads count items inside depth containers. Of a map, every other one
// is a key.
func (s *scanner) items(count int64, isMap bool, depth int) error {
	for i := int64(0); i < count; i++ {
		if s.profile == Reading {
			if i += s.skip(count - i); i == count {
				return nil
			}
		}
		start, h := s.pos, msgpack.Next(s.doc[s.pos:])
		s.pos += h.Size
		s.owed--
		if h.Kind == msgpack.Invalid {
			return s.back(h, ErrMalformed)
		}
		if s.profile != Reading {
			if isMap && i%2 == 0 && h.Kind != msgpack.String {
				return s.back(h, ErrMapKey)
			}
			if err := s.profile.normalise(&h); err != nil {
				return s.back(h, err)
			}
			first, size := msgpack.Shortest(h.Kind, h.N)
			s.size += size
			s.canonical = s.canonical && size == h.Size && first == s.doc[start]
		}

		// Every item owed takes a byte at least, and so does every byte of
		// content. Keeping that much in reserve keeps the sum of all claims
		// below the length of the document.
		var claim int64
		switch h.Kind {
		case msgpack.String, msgpack.Bin, msgpack.Ext, msgpack.Array:
			claim = int64(h.N)
		case msgpack.Map:
			claim = 2 * int64(h.N)
		default:
			continue
		}
		if claim > int64(len(s.doc)-s.pos)-s.owed {
			return s.back(h, ErrOverclaim)
		}

		if h.Kind == msgpack.Array || h.Kind == msgpack.Map {
			if depth >= limits.MaxNesting {
				return s.back(h, ErrTooDeep)
			}
			s.owed += claim
			if h.Kind == msgpack.Map {
				s.pairs += int(h.N)
			}
			before := s.before
			s.before = span{}
			if err := s.content(claim, h.Kind == msgpack.Map, depth+1); err != nil {
				return err
			}
			s.before = before
			continue
		}
		content := s.doc[s.pos:][:claim]
		s.pos += len(content)
		if s.profile != Reading {
			if h.Kind == msgpack.String &&
				(len(content) <= Long && !utf8.Valid(content) || len(content) > Long && !memory.ValidUTF8(content)) {
				s.pos -= len(content)
				return s.back(h, ErrUTF8)
			}
			s.size += len(content)
			if isMap && i%2 == 0 {
				if before := s.before; before.start > 0 && s.sorted {
					s.sorted = CompareKeys(s.doc[before.start:before.end], content) < 0
				}
				s.before = span{s.pos - len(content), s.pos}
			}
		}
	}
	return nil
}

// back goes back to the start of the item whose header h was read, which is wrong.
func (s *scanner) back(h msgpack.Header, err error) error {
	s.pos -= h.Size
	return err
}

// skip passes over items whose size stands in their first byte, at most limit
// of them, and returns their number. It stops before one that there are not
// bytes enough for: items says what is wrong.
func (s *scanner) skip(limit int64) (skipped int64) {
	pos, owed := s.pos, s.owed
	for skipped < limit && pos < len(s.doc) {
		size := msgpack.FixedSize(s.doc[pos])
		if size == 0 || int64(len(s.doc)-pos-size) < owed-1 {
			break
		}
		pos += size
		owed--
		skipped++
	}
	s.pos, s.owed = pos, owed
	return skipped
}

// normalise turns h into the header that canonical form has in its place.
func (p Profile) normalise(h *msgpack.Header) (err error) {
	switch h.Kind {
	case msgpack.Ext:
		return ErrExtension
	case msgpack.Float32:
		h.Kind, h.N, err = p.Float(Widen(uint32(h.N)))
	case msgpack.Float64:
		h.Kind, h.N, err = p.Float(h.N)
	}
	return err
}
