package lz4block

import (
	"math"
	"math/bits"
	"sync"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
	"github.com/cachekit-go/cachekit-core/internal/preempt"
)

// Levels 2 to 9 search for matches at more places than the first does, and then, among
// what they found, for the way through that takes the fewest bytes.
//
// The search does not ask at each position for the longest match. Where a match is
// known that ends at e, only one that reaches further matters, and that has the last
// three bytes before e and the one at e in it: so it asks there, once, and measures what
// it finds backward as well. What it adds to the records are then all matches worth
// knowing, each starting and ending later than the one before. See records for the rest.

// A method is how a level searches.
type method struct {
	// attempts is how many places are looked at in one row of a table.
	attempts int
	// longs is how many lookups are made in the table of eight bytes, of those at the
	// position and before it; 0 is for no such table.
	longs int
	// ahead is how far before the end of a match a longer one is looked for: 3 finds
	// every one, less saves time and costs those that are hardly longer.
	ahead int
	// step is how many positions are left out after each that has no match.
	step int
}

// methods are those of each level, for inputs up to a size. Little data has few places
// to look at, and a second table finds nothing new there.
var methods = [...]struct {
	upTo   int
	levels [limits.MaxLevel + 1]method
}{
	{sizes.LevelsTiny, [...]method{
		2: {attempts: 8, ahead: 1, step: 1},
		3: {attempts: 8, ahead: 2},
		4: {attempts: 15, ahead: 2},
		5: {attempts: 15, ahead: 3},
		6: {attempts: 15, ahead: 3},
		7: {attempts: 15, ahead: 3},
		8: {attempts: 15, ahead: 3},
		9: {attempts: 15, ahead: 3},
	}},
	{sizes.LevelsSmall, [...]method{
		2: {attempts: 5, ahead: 1, step: 1},
		3: {attempts: 8, ahead: 1, step: 1},
		4: {attempts: 8, ahead: 2},
		5: {attempts: 15, ahead: 2},
		6: {attempts: 15, ahead: 2},
		7: {attempts: 15, ahead: 3},
		8: {attempts: 15, ahead: 3},
		9: {attempts: 15, ahead: 3},
	}},
	{sizes.LevelsNear, [...]method{
		2: {attempts: 5, ahead: 1, step: 1},
		3: {attempts: 8, ahead: 1, step: 1},
		4: {attempts: 8, ahead: 2},
		5: {attempts: 15, ahead: 2},
		6: {attempts: 15, ahead: 3},
		7: {attempts: 8, ahead: 3, longs: 2},
		8: {attempts: 11, ahead: 3, longs: 2},
		9: {attempts: 15, ahead: 3, longs: 2},
	}},
	{math.MaxInt, [...]method{
		2: {attempts: 5, ahead: 1, step: 1},
		3: {attempts: 8, ahead: 1, step: 1},
		4: {attempts: 8, ahead: 2},
		5: {attempts: 15, ahead: 2},
		6: {attempts: 8, ahead: 3, longs: 1},
		7: {attempts: 8, ahead: 3, longs: 2},
		8: {attempts: 15, ahead: 3, longs: 2},
		9: {attempts: 15, ahead: 3, longs: 3},
	}},
}

// methodFor is how a level searches n bytes.
func methodFor(level, n int) *method {
	i := 0
	for n > methods[i].upTo {
		i++
	}
	return &methods[i].levels[level]
}

const maxOffset = 1<<16 - 1

// A table has rows, and for each entry of a row a tag and a position. An entry without
// a tag is not in use.
type (
	row    [sizes.RowSize]byte   // first the place of the newest entry, then the tags
	places [sizes.RowSize]uint16 // the lower 16 bits of positions
)

// tables are all that a search keeps. There are no bytes of the input in them, and no
// hashes of any: tags are cleared after use, so that a search starts with none. Positions
// are not, since without a tag nobody looks at them.
type tables struct {
	words struct { // of four bytes
		rows   [1 << sizes.WordBits]row
		places [1 << sizes.WordBits]places
	}
	longs struct { // of eight bytes
		rows   [1 << sizes.LongBits]row
		places [1 << sizes.LongBits]places
	}
	records
}

var searchTables = sync.Pool{New: func() any { return new(tables) }}

// A search is how far it got.
type search struct {
	*method
	// bits are those that the number of a row has, in the largest table in use.
	bits int
	// pos is the next position to look at, and those before inserted are in the tables.
	pos, inserted int
	// start and end are of the last match. No match may start before start.
	start, end int
	found      int // records
}

// full tells whether it is time to write what was found: there is no more room for
// records, or there are many and it makes no difference.
func (s *search) full() bool {
	return s.found >= sizes.Records/2 && (s.found >= sizes.Records || s.pos > s.end)
}

// encodeLevel is EncodeLevel from the second level on; dst is exactly Bound long.
func encodeLevel(dst, src []byte, level int) int {
	n := len(src)
	if n <= sizes.MatchRoom {
		return appendLiterals(dst, src, 0)
	}
	s := search{method: methodFor(level, n), pos: 1}
	rowBits := min(max(bits.Len(uint(n-1))-sizes.BitsLess, sizes.MinBits), sizes.WordBits)
	s.bits = rowBits
	if s.longs > 0 {
		s.bits += sizes.LongBits - sizes.WordBits
	}
	t := searchTables.Get().(*tables)
	d, start, last := 0, 0, n-sizes.MatchRoom
	for s.pos <= last {
		t.search(src, &s, min(s.pos+sizes.SearchStep, last))
		if s.full() || s.pos > last && s.found > 0 {
			d, start = t.write(dst, src, d, start, s.found)
			s.found, s.start, s.pos = 0, start, max(s.pos, start)
			// What is too far back by now is not put into the tables any more.
			s.inserted = max(s.inserted, s.pos-maxOffset)
		}
		preempt.Point()
	}
	clear(t.words.rows[:1<<rowBits])
	if s.longs > 0 {
		clear(t.longs.rows[:1<<s.bits])
	}
	searchTables.Put(t)
	return appendLiterals(dst, src[start:], d)
}
