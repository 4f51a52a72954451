package lz4block

import (
	"encoding/binary"
	"math/bits"
	"sync"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
	"github.com/cachekit-go/cachekit-core/internal/preempt"
)

// chains are the tables of encodeHard: positions, never bytes of the input.
type chains struct {
	heads [1 << hardBits]uint32 // the last position of each hash, plus one
	// For each position of the last 64 KiB, by how much further back the one
	// before it with the same hash is; 0 if there is none in reach.
	deltas [maxOffset + 1]uint16
}

const (
	hardBits  = 15
	maxOffset = 65535
	// longEnough is the length of a match behind which no better one is looked for.
	longEnough = 512
)

var chainTables = sync.Pool{New: func() any { return new(chains) }}

// attempts is how many earlier places a search looks at.
var attempts = [...]int{2: 2, 3: 4, 4: 8, 5: 16, 6: 32, 7: 64, 8: 128, 9: 256}

// encodeHard is EncodeLevel from level 2 on; dst is exactly Bound long.
func encodeHard(dst, src []byte, level int) int {
	n := len(src)
	if n <= sizes.MatchRoom {
		return appendLiterals(dst, src, 0)
	}
	c := chainTables.Get().(*chains)
	clear(c.heads[:])
	d, start, inserted, next := 0, 0, 0, 1<<12
	for pos := 1; pos <= n-sizes.MatchRoom; {
		if pos > next {
			preempt.Point()
			next = pos + 1<<12
		}
		inserted = c.insert(src, inserted, pos)
		length, offset := c.longest(src, pos, 3, attempts[level])
		if length == 0 {
			pos++
			continue
		}
		for length < longEnough && pos+1 <= n-sizes.MatchRoom {
			inserted = c.insert(src, inserted, pos+1)
			l, o := c.longest(src, pos+1, length, attempts[level])
			if l == 0 {
				break
			}
			pos, length, offset = pos+1, l, o
		}
		token := d
		d = appendLiterals(dst, src[start:pos], d)
		binary.LittleEndian.PutUint16(dst[d:], uint16(offset))
		d += 2
		dst[token] |= byte(min(length-4, 15))
		if length-4 >= 15 {
			d = appendLength(dst, d, length-4-15)
		}
		pos += length
		start = pos
	}
	chainTables.Put(c)
	return appendLiterals(dst, src[start:], d)
}

// insert puts the positions from from up to to, that not included, into the chains. It
// returns the first that is not in them.
func (c *chains) insert(src []byte, from, to int) int {
	for from < to {
		preempt.Point()
		stop := min(to, from+1<<14)
		for ; from < stop; from++ {
			h := binary.LittleEndian.Uint32(src[from:]) * 2654435761 >> (32 - hardBits)
			delta := uint32(from) + 1 - c.heads[h]
			if c.heads[h] == 0 || delta > maxOffset {
				delta = 0
			}
			c.deltas[from&maxOffset] = uint16(delta)
			c.heads[h] = uint32(from) + 1
		}
	}
	return from
}

// longest returns the longest match of pos that is longer than min, or zeros.
func (c *chains) longest(src []byte, pos, least, attempts int) (length, offset int) {
	word := binary.LittleEndian.Uint32(src[pos:])
	limit := len(src) - sizes.LastLiterals
	best := least
	for candidate := int(c.heads[word*2654435761>>(32-hardBits)]) - 1; candidate >= 0 && pos-candidate <= maxOffset; {
		if pos+best >= limit {
			break
		}
		if src[candidate+best] == src[pos+best] && binary.LittleEndian.Uint32(src[candidate:]) == word {
			if l := common(src, candidate, pos, limit); l > best {
				best, offset = l, pos-candidate
			}
		}
		delta := int(c.deltas[candidate&maxOffset])
		if attempts--; attempts == 0 || delta == 0 {
			break
		}
		candidate -= delta
	}
	if offset == 0 {
		return 0, 0
	}
	return best, offset
}

// common returns how many bytes at a and b, which comes later, are equal; those from
// limit on do not count.
func common(src []byte, a, b, limit int) int {
	from, next := b, b+1<<16
	for b+8 <= limit {
		if x := binary.LittleEndian.Uint64(src[a:]) ^ binary.LittleEndian.Uint64(src[b:]); x != 0 {
			return b - from + bits.TrailingZeros64(x)/8
		}
		a += 8
		if b += 8; b > next {
			preempt.Point()
			next = b + 1<<16
		}
	}
	for b < limit && src[a] == src[b] {
		a++
		b++
	}
	return b - from
}
