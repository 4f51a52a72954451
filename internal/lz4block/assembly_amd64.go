package lz4block

import (
	"sync"

	"golang.org/x/sys/cpu"
)

// haveAssembly: PSHUFB is SSSE3, all else any amd64 CPU has. TZCNT, which on
// CPUs without BMI1 executes as BSF, is only used where the two agree.
var haveAssembly = cpu.X86.HasSSSE3

// Assembly cannot be preempted: a garbage collection would wait for the end
// of the call. So long work is cut into calls of about 0.1 ms, each made by a
// function with a prologue, which is where the scheduler can step in. Between
// calls there are offsets only, no pointers that could lie past a buffer.
const (
	encodeStep = 64 << 10
	decodeStep = 512 << 10
)

// Results of decodeBlock. The generator has the same list.
const (
	decodeDone         = iota // the block ended
	decodePaused              // op passed stop; ip is at a token
	decodeLongLiterals        // ip is at a token with many literals
	decodeLongMatch           // ip is at the offset of a long match, nibble 15
	decodeMalformed
)

// decode is Decode. It calls the assembly directly, since at 64 bytes each
// call counts.
func decode(dst, src []byte) (int, error) {
	if len(dst) == 0 || len(src) == 0 || !useAssembly {
		return decodePortable(dst, src)
	}
	ip, op, result := decodeBlock(&dst[0], len(dst), &src[0], len(src), 0, 0, decodeStep)
	if result == decodeDone {
		return op, nil
	}
	return decodeOn(dst, src, ip, op, result)
}

// decodeOn goes on where decodeBlock left off with result.
func decodeOn(dst, src []byte, ip, op, result int) (int, error) {
	for {
		ok := true
		switch result {
		case decodeDone:
			return op, nil
		case decodeMalformed:
			return reached(dst, op)
		case decodeLongLiterals:
			match := int(src[ip] & 15)
			if ip, op, ok = decodeLiterals(dst, src, ip, op); !ok {
				return reached(dst, op)
			}
			if ip == len(src) {
				return op, nil
			}
			ip, op, ok = decodeMatch(dst, src, match, ip, op)
		case decodeLongMatch:
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
	return decodeBlock(&dst[0], len(dst), &src[0], len(src), ip, op, op+decodeStep)
}

// Inputs up to hash4Max take the hash of 4 bytes, which finds more in little
// data. That of 5 bytes, used beyond, is faster by a sixth; on JSON it costs
// 0.3 % at 4 KiB and gains 2 % at 16 KiB. From hash6Min it is that of 6 bytes,
// which misses short matches and so finds longer ones: faster by up to a
// tenth, at the same ratio only with a table twice as large.
const (
	hash4Max = 3 << 10
	hash6Min = 40 << 10
)

// The tables hold positions, never bytes of the input, so that they need no
// wiping. They are cleared before use, not after, and make the output depend
// on nothing but the input.
var (
	tables16 = sync.Pool{New: func() any { return new([1 << 14]uint16) }}
	tables32 = sync.Pool{New: func() any { return new([1 << bits32]uint32) }}
)

const bits32 = 12

// encodeAssembly is Encode; dst is exactly Bound long. The smaller the
// input, the smaller the table, whose clearing takes most of the time then.
func encodeAssembly(dst, src []byte) int {
	switch n := len(src); {
	case n <= matchRoom:
		return appendLiterals(dst, src, 0)
	case n <= 128:
		return encode128(dst, src)
	case n <= 256:
		return encode256(dst, src)
	case n <= 1024:
		return encode1024(dst, src)
	case n <= 64<<10:
		return encodePooled(dst, src)
	default:
		return encodeLarge(dst, src)
	}
}

// A match starts at most matchRoom bytes before the end of the input, as the
// format demands. encode32h5 looks two positions further than it is told.
const (
	matchRoom   = 12
	matchRoom32 = matchRoom + 2
)

// Small tables live on the stack, one function for each size, since the
// compiler clears what a function declares.

func encode128(dst, src []byte) int {
	var table [1 << 8]uint16
	n := len(src)
	d, _, start, _ := encode16h4(&dst[0], &src[0], n, &table[0], 64-8, 0, 1, 0, n-matchRoom)
	return appendLiterals(dst, src[start:], d)
}

func encode256(dst, src []byte) int {
	var table [1 << 10]uint16
	n := len(src)
	d, _, start, _ := encode16h4(&dst[0], &src[0], n, &table[0], 64-10, 0, 1, 0, n-matchRoom)
	return appendLiterals(dst, src[start:], d)
}

func encode1024(dst, src []byte) int {
	var table [1 << 11]uint16
	n := len(src)
	d, _, start, _ := encode16h4(&dst[0], &src[0], n, &table[0], 64-11, 0, 1, 0, n-matchRoom)
	return appendLiterals(dst, src[start:], d)
}

func encodePooled(dst, src []byte) int {
	n := len(src)
	table := tables16.Get().(*[1 << 14]uint16)
	var d, start int
	switch {
	case n <= hash4Max:
		bits := 13
		if n <= 2048 {
			bits = 12
		}
		clear(table[:1<<bits])
		d, _, start, _ = encode16h4(&dst[0], &src[0], n, &table[0], 64-bits, 0, 1, 0, n-matchRoom)
	case n < hash6Min:
		clear(table[:1<<13])
		d, _, start, _ = encode16h5(&dst[0], &src[0], n, &table[0], 0, 1, 0, n-matchRoom)
	default:
		clear(table[:])
		d, _, start, _ = encode16h6(&dst[0], &src[0], n, &table[0], 0, 1, 0, n-matchRoom)
	}
	tables16.Put(table)
	return appendLiterals(dst, src[start:], d)
}

func encodeLarge(dst, src []byte) int {
	table := tables32.Get().(*[1 << bits32]uint32)
	clear(table[:])
	d, pos, start := 0, 1, 0
	for pos <= len(src)-matchRoom32 {
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
func encodePart(dst, src []byte, table *[1 << bits32]uint32, d, pos, start int) (int, int, int, int) {
	return encode32h5(&dst[0], &src[0], len(src), &table[0], d, pos, start, min(pos+encodeStep, len(src)-matchRoom32))
}
