//go:build !purego

package lz4block

import (
	"math/bits"
	"sync"
	"unsafe"

	"golang.org/x/sys/cpu"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

// haveAssembly: PSHUFB is SSSE3, all else any amd64 CPU has. TZCNT, which on
// CPUs without BMI1 executes as BSF, is only used where the two agree.
var haveAssembly = cpu.X86.HasSSSE3

// Long work is cut into calls of EncodeStep or DecodeStep, each made by a
// function with a prologue, which is where the scheduler can step in. Between
// calls there are offsets only, no pointers that could lie past a buffer.

// decode is Decode. It calls the assembly directly, since at 64 bytes each
// call counts.
func decode(dst, src []byte) (int, error) {
	if len(dst) == 0 || len(src) == 0 || !useAssembly {
		return decodePortable(dst, src)
	}
	ip, op, result := decodeBlock(&dst[0], len(dst), &src[0], len(src), 0, 0, sizes.DecodeStep)
	if result == sizes.Done {
		return op, nil
	}
	return decodeOn(dst, src, ip, op, result)
}

// decodeOn goes on where decodeBlock left off with result.
func decodeOn(dst, src []byte, ip, op, result int) (int, error) {
	for {
		ok := true
		switch result {
		case sizes.Done:
			return op, nil
		case sizes.Malformed:
			return reached(dst, op)
		case sizes.LongLiterals:
			match := int(src[ip] & 15)
			if ip, op, ok = decodeLiterals(dst, src, ip, op); !ok {
				return reached(dst, op)
			}
			if ip == len(src) {
				return op, nil
			}
			ip, op, ok = decodeMatch(dst, src, match, ip, op)
		case sizes.LongMatch:
			ip, op, ok = decodeMatch(dst, src, 15, ip, op)
		}
		if !ok {
			return reached(dst, op)
		}
		ip, op, result = decodePart(dst, src, ip, op)
	}
}

//go:noinline
func decodePart(dst, src []byte, ip, op int) (int, int, int) {
	return decodeBlock(&dst[0], len(dst), &src[0], len(src), ip, op, op+sizes.DecodeStep)
}

// The tables hold positions, never bytes of the input, so that they need no
// wiping. They are cleared before use, not after, and make the output depend
// on nothing but the input.
var (
	tables16 = sync.Pool{New: func() any { return new([1 << sizes.PooledBits]uint16) }}
	tables32 = sync.Pool{New: func() any { return new([1 << sizes.LargeBits]uint32) }}
)

// encodeAssembly is Encode; dst is exactly Bound long.
func encodeAssembly(dst, src []byte) int {
	switch n := len(src); {
	case n <= sizes.MatchRoom:
		return appendLiterals(dst, src, 0)
	case n <= sizes.TinyMax:
		return encodeTiny(dst, src)
	case n <= sizes.SmallMax:
		return encodeSmall(dst, src)
	case n <= sizes.ShortMax:
		return encodeShort(dst, src)
	case n <= sizes.Entry16Max:
		return encodePooled(dst, src)
	default:
		return encodeLarge(dst, src)
	}
}

// Small tables live on the stack, one function for each size, since the
// compiler clears what a function declares.

func encodeTiny(dst, src []byte) int {
	var table [1 << sizes.TinyBits]uint16
	n := len(src)
	entries, shift := hash4Table(table[:])
	d, _, start, _ := encode16h4(&dst[0], &src[0], n, entries, shift, 0, 1, 0, n-sizes.MatchRoom)
	return appendLiterals(dst, src[start:], d)
}

func encodeSmall(dst, src []byte) int {
	var table [1 << sizes.SmallBits]uint16
	n := len(src)
	entries, shift := hash4Table(table[:])
	d, _, start, _ := encode16h4(&dst[0], &src[0], n, entries, shift, 0, 1, 0, n-sizes.MatchRoom)
	return appendLiterals(dst, src[start:], d)
}

func encodeShort(dst, src []byte) int {
	var table [1 << sizes.ShortBits]uint16
	n := len(src)
	entries, shift := hash4Table(table[:])
	d, _, start, _ := encode16h4(&dst[0], &src[0], n, entries, shift, 0, 1, 0, n-sizes.MatchRoom)
	return appendLiterals(dst, src[start:], d)
}

// hash4Table returns what encode16h4, which takes tables of all sizes, has to know
// of one whose length is a power of two from 2 on: where it is, and by what to
// shift a hash for that many entries. For the tables above that is a constant.
func hash4Table(table []uint16) (entries *uint16, shift int) {
	return &table[0], 65 - bits.Len(uint(len(table)))
}

func encodePooled(dst, src []byte) int {
	n := len(src)
	pooled := tables16.Get().(*[1 << sizes.PooledBits]uint16)
	var d, start int
	switch {
	case n <= sizes.Hash4Max:
		table := pooled[:1<<sizes.Hash4Bits]
		if n <= sizes.MediumMax {
			table = pooled[:1<<sizes.MediumBits]
		}
		clear(table)
		entries, shift := hash4Table(table)
		d, _, start, _ = encode16h4(&dst[0], &src[0], n, entries, shift, 0, 1, 0, n-sizes.MatchRoom)
	case n < sizes.Hash6Min:
		table := (*[1 << sizes.Hash5Bits]uint16)(pooled[:])
		clear(table[:])
		d, _, start, _ = encode16h5(&dst[0], &src[0], n, table, 0, 1, 0, n-sizes.MatchRoom)
	default:
		table := (*[1 << sizes.Hash6Bits]uint16)(pooled[:])
		clear(table[:])
		d, _, start, _ = encode16h6(&dst[0], &src[0], n, table, 0, 1, 0, n-sizes.MatchRoom)
	}
	tables16.Put(pooled)
	return appendLiterals(dst, src[start:], d)
}

func encodeLarge(dst, src []byte) int {
	table := tables32.Get().(*[1 << sizes.LargeBits]uint32)
	clear(table[:])
	d, pos, start := 0, 1, 0
	for pos <= len(src)-sizes.MatchRoom32 {
		var candidate int
		d, pos, start, candidate = encodePart(dst, src, table, d, pos, start)
		if candidate >= 0 {
			d, pos = appendSequence(dst, src, d, start, pos, candidate)
			start = pos
		}
	}
	tables32.Put(table)
	return appendLiterals(dst, src[start:], d)
}

//go:noinline
func encodePart(dst, src []byte, table *[1 << sizes.LargeBits]uint32, d, pos, start int) (int, int, int, int) {
	return encode32h5(&dst[0], &src[0], len(src), table, d, pos, start, min(pos+sizes.EncodeStep, len(src)-sizes.MatchRoom32))
}

// search is searchPortable, by the assembly if that is in use. The assembly takes the
// tables as memory; that it has them where they are is checked below.
//
//go:noinline
func (t *tables) search(src []byte, s *search, stop int) {
	switch memory := (*byte)(unsafe.Pointer(t)); {
	case !useAssembly:
		t.searchPortable(src, s, stop)
	case s.longs > 0:
		s.pos, s.inserted, s.end, s.start, s.found = searchLongs(&src[0], len(src), memory, 56-s.bits, s.attempts, s.longs,
			s.ahead, s.step, s.pos, s.inserted, s.end, s.start, s.found, stop)
	default:
		s.pos, s.inserted, s.end, s.start, s.found = searchWords(&src[0], len(src), memory, 56-s.bits, s.attempts, 0,
			s.ahead, s.step, s.pos, s.inserted, s.end, s.start, s.found, stop)
	}
}

// Where things are in tables, and in a record. What differs does not compile.
const (
	_ = -(unsafe.Offsetof(tables{}.words))
	_ = -(unsafe.Offsetof(tables{}.words.places) ^ sizes.WordTagsSize)
	_ = -(unsafe.Offsetof(tables{}.longs) ^ sizes.WordTableSize)
	_ = -(unsafe.Offsetof(tables{}.longs.places) ^ sizes.LongTagsSize)
	_ = -(unsafe.Offsetof(tables{}.records) ^ (sizes.WordTableSize + sizes.LongTableSize))
	_ = -(unsafe.Offsetof(records{}.list))
	_ = -(unsafe.Sizeof(record{}) ^ sizes.RecordSize)
	_ = -(unsafe.Offsetof(record{}.start))
	_ = -(unsafe.Offsetof(record{}.end) ^ 4)
	_ = -(unsafe.Offsetof(record{}.offset) ^ 8)
)
