package lz4block

import (
	"encoding/binary"
	"math/bits"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
	"github.com/cachekit-go/cachekit-core/internal/preempt"
)

// A record is a match that the search has found, from start to end. The next one
// starts later and ends later. A match may be used from any byte after its start on,
// or up to any before its end.
type record struct {
	start, end, offset uint32
	// cost is how many bytes it takes from start to the end of the last record, by the
	// best way there is.
	cost uint32
}

// records are what is found before a part of a block is written; behind the last one
// in use there is room for two that stand for the end.
type records struct {
	list [sizes.Records + 3]record
	// taken is what it takes from any byte of a record that is taken from there, but
	// for the bytes that extend its length.
	taken [sizes.Records + 3]uint32
}

// shortest is how long a match is at least, shortMatch how long it can be without a
// byte that extends its length.
const (
	shortest   = 4
	shortMatch = shortest + 14
)

// Indices of records are masked, which costs less than a comparison does.
const mask = sizes.Records + 2 // Records + 3 is a power of two

// add puts a match behind n records and returns how many there are then. Those that start
// no earlier reach no further, and are dropped.
func (r *records) add(n, start, end, offset int) int {
	for n > 0 && r.list[(n-1)&mask].start >= uint32(start) {
		n--
	}
	r.list[n&mask] = record{start: uint32(start), end: uint32(end), offset: uint32(offset)}
	return n + 1
}

// extension is how many bytes extend the length of a match. No jumps here and in what
// follows: which way they go, nobody could predict.
func extension(length uint32) uint32 { return (length + 255 - shortMatch - 1) / 255 }

// from is what it takes from at, which is in record k and not in the next.
func (r *records) from(at uint32, k int) uint32 {
	m, next := &r.list[k&mask], &r.list[(k+1)&mask]
	literals := next.cost + next.start - at
	length := m.end - at
	match := r.taken[k&mask] + extension(length)
	if int32(length) < shortest {
		match = literals
	}
	return min(literals, match)
}

// price finds out what it takes from the start of each of the n records to the end of
// the last.
//
// Each literal is a byte, and a match three and what extends its length, whatever its
// offset. From a byte further back it never takes less, since what can be done from
// there can be done from here, with one literal less or a match that starts later. So
// it does not pay to end a match before its end, unless that saves a byte of its
// length; and from anywhere in a record there are three ways: on with literals, as far
// as to the next record at least, or with its match, as a whole or not extended. What
// long runs of literals take beyond one byte each is left out.
func (r *records) price(n int) {
	end := r.list[(n-1)&mask].end
	r.list[n&mask] = record{start: end, end: end}
	r.list[(n+1)&mask] = record{start: end, end: end}
	r.taken[n&mask] = 0
	after, short := n, n // the records that its end is in, and that of its first shortMatch bytes
	for k := n - 1; k >= 0; k-- {
		m := &r.list[k&mask]
		for r.list[after&mask].start > m.end {
			after--
		}
		r.taken[k&mask] = r.from(m.end, after) + 3
		m.cost = r.from(m.start, k)
		at := min(m.start+shortMatch, m.end)
		for r.list[short&mask].start > at {
			short--
		}
		m.cost = min(m.cost, r.from(at, short)+3)
	}
}

// write adds to dst[d:] the sequences of the best way through n records, of which
// there is one at least. src[:start] is in sequences already. It returns the new d
// and start.
func (r *records) write(dst, src []byte, d, start, n int) (int, int) {
	r.price(n)
	last := uint32(len(src) - sizes.MatchRoom)
	pos, short := uint32(0), 0
	for k := 0; k < n; {
		m, next := &r.list[k&mask], &r.list[(k+1)&mask]
		pos = max(pos, m.start)
		length := m.end - pos
		if pos >= next.start || int32(length) < shortest || pos > last {
			k++
			continue
		}
		cost := r.taken[k&mask] + extension(length)
		if length > shortMatch {
			short = max(short, k)
			for r.list[(short+1)&mask].start <= pos+shortMatch {
				short++
			}
			c := r.from(pos+shortMatch, short) + 3
			if c < cost {
				length = shortMatch
			}
			cost = min(c, cost)
		}
		if next.cost+next.start-pos < cost {
			k++
			continue
		}
		if length >= sizes.MaxMeasure {
			length = uint32(matchEnd(src, int(m.end), int(m.offset))) - pos
		}
		token := d
		if literals := int(pos) - start; literals < 15 && start+16 <= len(src) {
			// 16 bytes fit: the block so far is at most start + start/255 long, and
			// the match starts at least sizes.MatchRoom before the end.
			dst[d] = byte(literals << 4)
			copy(dst[d+1:d+17], src[start:start+16])
			d += 1 + literals
		} else {
			d = appendLiterals(dst, src[start:pos], d)
		}
		binary.LittleEndian.PutUint16(dst[d:], uint16(m.offset))
		d += 2
		dst[token] |= byte(min(length-shortest, 15))
		if length < shortMatch+1+255 {
			dst[d] = byte(length - shortMatch - 1) // if it has none, this is overwritten
			d += int(extension(length))
		} else {
			d = appendLength(dst, d, int(length-shortMatch-1))
		}
		pos += length
		start = int(pos)
	}
	return d, start
}

// matchEnd returns where a match ends of which the bytes before end are known to be equal.
func matchEnd(src []byte, end, offset int) int {
	limit := len(src) - sizes.LastLiterals
	for next := end; end+8 <= limit; end += 8 {
		if end >= next {
			preempt.Point()
			next = end + sizes.MaxMeasure
		}
		if x := load64(src, end) ^ load64(src, end-offset); x != 0 {
			return end + bits.TrailingZeros64(x)/8
		}
	}
	for end < limit && src[end] == src[end-offset] {
		end++
	}
	return end
}
