package lz4block

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

// hashPrime is the multiplier of both hashes; its upper bits depend on all that is hashed.
const hashPrime = 0x9E3779B185EBCA87

func load32(src []byte, i int) uint32 { return binary.LittleEndian.Uint32(src[i:]) }
func load64(src []byte, i int) uint64 { return binary.LittleEndian.Uint64(src[i:]) }

// searchPortable searches from s.pos to stop, which is no later than where the last
// match may start, and adds what it finds to the records. It ends early where there
// are records to write, and where more than sizes.SearchStep positions would have to be
// inserted. The assembly does the same, and finds the same.
func (t *tables) searchPortable(src []byte, s *search, stop int) {
	shift := 56 - s.bits
	for s.pos <= stop && !s.full() {
		t.insert(src, s, min(s.pos-s.inserted, sizes.SearchStep), shift)
		if s.inserted < s.pos {
			return
		}
		w := lookup{src: src, pos: s.pos, attempts: s.attempts, both: s.longs > 0}
		w.lowest = max(s.start, s.pos-sizes.Lookback)
		w.limit = min(len(src)-sizes.LastLiterals, s.pos+sizes.MaxMeasure)
		w.probe, w.probe2 = s.pos, s.pos
		w.longest, w.early = shortest-1, math.MaxInt
		for i, before := range longsBefore[:s.longs] {
			if at := s.pos - before; at >= 0 && (i == 0 || !w.enough()) {
				w.look(t.longs.rows[:], t.longs.places[:], load64(src, at)*hashPrime>>shift, before)
			}
		}
		if !w.enough() {
			w.look(t.words.rows[:], t.words.places[:], s.wordHash(src, s.pos, shift), 0)
		}
		if w.longest < shortest {
			s.pos++
			if gap := s.pos - s.end; gap > 1 {
				s.pos += s.step + min(gap>>sizes.StepLog, sizes.MaxStep)
			}
			continue
		}
		if w.early < w.start {
			s.found = t.add(s.found, w.early, w.earlyEnd, w.earlyOffset)
		}
		s.start, s.end = w.start, w.start+w.longest
		s.found = t.add(s.found, s.start, s.end, w.offset)
		s.pos = max(s.pos+1, s.end-s.ahead)
	}
}

// longsBefore is how many bytes before a position the lookups in the table of eight bytes
// are made.
var longsBefore = [...]int{0, 4, 2}

// wordHash is the number of a row, and a tag below it, for the four bytes at i.
func (s *search) wordHash(src []byte, i, shift int) uint64 {
	h := uint64(load32(src, i)) << 32 * hashPrime >> shift
	if s.longs > 0 {
		h >>= sizes.LongBits - sizes.WordBits
	}
	return h
}

// insert puts the next n positions into the tables. Of those in a run of one byte, that
// is the first: the others would fill the row, and none of them has a longer match.
func (t *tables) insert(src []byte, s *search, n, shift int) {
	var word uint32
	for i := s.inserted; i < s.inserted+n; i++ {
		if i > s.inserted && load32(src, i) == word {
			continue
		}
		word = load32(src, i)
		insert(t.words.rows[:], t.words.places[:], s.wordHash(src, i, shift), i)
		if s.longs > 0 {
			insert(t.longs.rows[:], t.longs.places[:], load64(src, i)*hashPrime>>shift, i)
		}
	}
	s.inserted += n
}

func insert(rows []row, positions []places, h uint64, pos int) {
	r := &rows[h>>8]
	newest := (r[0] - 1) % sizes.RowSize
	if newest == 0 {
		newest = sizes.RowEntries
	}
	r[0] = newest
	r[newest] = tag(h)
	positions[h>>8][newest] = uint16(pos)
}

// tag is the tag of a hash, which is not 0.
func tag(h uint64) byte { return byte(h) | 1 }

// equal returns a bit for each entry of a row that has the tag of h.
func (r *row) equal(h uint64) uint {
	const ones, low = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	w := uint64(tag(h)) * ones
	a, b := load64(r[:], 0)^w, load64(r[:], 8)^w
	// The upper bit of each byte that is 0 now, and no other.
	a = ^(a&low + low | a | low)
	b = ^(b&low + low | b | low)
	const gather = 0x0102040810204080 // puts bits that are eight apart side by side
	return (uint(a>>7*gather>>56) | uint(b>>7*gather>>56)<<8) &^ 1
}

// A lookup is the search for a match of pos, in one row after another.
type lookup struct {
	src                          []byte
	pos, attempts, lowest, limit int
	both                         bool // the match that starts first counts too
	// The best match, which is the longest; and the one that starts first.
	longest, start, offset       int
	early, earlyEnd, earlyOffset int
	// A better match has the four bytes at probe if it ends later, and those at
	// probe2 if it starts earlier.
	probe, probe2 int
}

// enough tells whether to look no further.
func (w *lookup) enough() bool { return w.longest > sizes.LongEnough }

// look goes through the entries of a row with the tag of h, the newest first. Their
// positions are of what lies before bytes before pos.
func (w *lookup) look(rows []row, positions []places, h uint64, before int) {
	r := &rows[h>>8]
	equal := r.equal(h)
	if equal == 0 {
		return
	}
	newest := uint(r[0])
	equal = (equal | equal<<16) >> newest & 0xffff
	want, want2 := load32(w.src, w.probe), load32(w.src, w.probe2)
	for left := w.attempts; equal != 0 && left > 0; left-- {
		i := (uint(bits.TrailingZeros(equal)) + newest) % sizes.RowSize
		equal &= equal - 1
		distance := int(uint16(w.pos) - positions[h>>8][i])
		if distance == 0 {
			continue // as old as 64 KiB
		}
		offset := distance - before
		if offset <= 0 {
			continue
		}
		if load32(w.src, w.probe-offset) != want && w.probe2 >= offset && load32(w.src, w.probe2-offset) != want2 {
			continue
		}
		if w.measure(offset) {
			if w.enough() {
				return
			}
			want, want2 = load32(w.src, w.probe), load32(w.src, w.probe2)
		}
	}
}

// measure takes a look at the match with that offset, and tells whether it is one to
// remember.
func (w *lookup) measure(offset int) bool {
	src, end := w.src, w.pos
	for end+8 <= w.limit {
		if x := load64(src, end) ^ load64(src, end-offset); x != 0 {
			end += bits.TrailingZeros64(x) / 8
			goto backward
		}
		end += 8
	}
	for end < w.limit && src[end] == src[end-offset] {
		end++
	}
backward:
	if end < w.pos+shortest {
		return false
	}
	start, lowest := w.pos, max(w.lowest, offset)
	for start > lowest && src[start-1] == src[start-1-offset] {
		start--
	}
	better := false
	if w.both && start < w.early {
		w.early, w.earlyEnd, w.earlyOffset = start, end, offset
		w.earlier(start)
		better = true
	}
	if end-start <= w.longest {
		return better
	}
	w.longest, w.start, w.offset = end-start, start, offset
	w.probe = end - shortest + 1
	if !w.both {
		w.earlier(start)
	}
	return true
}

// earlier sets probe2 for what starts before start, if that is possible.
func (w *lookup) earlier(start int) {
	w.probe2 = w.probe
	if start > w.lowest {
		w.probe2 = start - 1
	}
}
