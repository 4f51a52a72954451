package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

// Register map of the encoders. X0 to X3 carry data.
var (
	src      = RSI // start of the input
	out      = RDI // next byte of the block
	table    = R8  // hash table of positions
	shift    = RCX // 64 - bits of the hash
	s        = R9  // position at hand
	anchor   = R10 // first position not in the block yet
	fastStop = R12 // last position from which the fast search may start
	cand     = R11 // candidate: earlier position with the hash of s
	word     = RAX // eight bytes at s; scratch
	word1    = R15 // word from s+1
	hash     = RBX // index into the table of the hash of word; scratch
	hash1    = R14 // and of word1; scratch
	cand1    = R13 // candidate for s+1
	num      = RDX // scratch; number of literals, start of a match
)

// The search step grows by one every 64 bytes without a match.
const skipLog = 6

// The fast search runs while s is at least fastRoom bytes before the end: a
// match found there starts at most Ahead further, is followed for at most
// fastMatch - 1 bytes and then eight bytes are loaded.
const (
	fastMatch = 32
	fastLits  = 32 // most literals that it writes
	fastRoom  = sizes.Ahead + fastMatch - 1 + 8
)

// What the code here takes for granted. A difference below zero does not compile.
const (
	_ uint = sizes.Slack - fastLits // it stores that many, however few there are
	_ uint = sizes.Ahead - 2        // the search near the end looks at three positions
	_ uint = 2 - sizes.Ahead        // and a word of eight bytes has no fourth hash of 6 bytes
)

// Multipliers of the hashes of 4, 5 and 6 bytes, those of lz4.c. A product
// with one of them, shifted left by the bits that the hash leaves out,
// depends on the bytes hashed and on no other.
var primes = map[int]uint64{4: 2654435761, 5: 889523592379, 6: 227718039650203}

// An encoder searches with a table of 1 << bits entries of entry bytes each,
// and a hash of hashed bytes; bitsName is the name of bits in package sizes. If
// bits is 0, the caller says what to shift a hash by; a shift by a constant is
// faster.
type encoder struct {
	name         string
	entry        uint8
	hashed, bits int
	bitsName     string
	prime        Mem
}

// tableParams returns the parameters for the table, and what the stub says of
// them. The type has the size in it, so that a table of another does not compile.
func (e *encoder) tableParams() (params, doc string) {
	if e.bits == 0 {
		return fmt.Sprintf("table *uint%d, shift,", 8*int(e.entry)),
			"table has 1 << (64 - shift) entries."
	}
	return fmt.Sprintf("table *[%d]uint%d,", 1<<e.bits, 8*int(e.entry)),
		fmt.Sprintf("table has 1 << sizes.%s entries.", e.bitsName)
}

func (e *encoder) slot(h Register) Mem { return idx(table, h, e.entry, 0) }

func (e *encoder) load(h, c GPPhysical) {
	if e.entry == 2 {
		MOVWLZX(e.slot(h), c.As32())
	} else {
		MOVL(e.slot(h), c.As32())
	}
}

func (e *encoder) store(pos, h GPPhysical) {
	if e.entry == 2 {
		MOVW(pos.As16(), e.slot(h))
	} else {
		MOVL(pos.As32(), e.slot(h))
	}
}

// hash turns the eight bytes in r into an index of the table.
func (e *encoder) hash(r Register) {
	IMULQ(e.prime, r)
	if e.bits == 0 {
		SHRQ(CL, r)
	} else {
		SHRQ(Imm(uint64(64-e.bits)), r)
	}
}

// inReach jumps to no if candidate c of s + ahead is too far for an offset.
func (e *encoder) inReach(c GPPhysical, ahead int, scratch GPPhysical, no string) {
	if e.entry == 4 {
		LEAQ(at(s, ahead), scratch)
		SUBQ(c, scratch)
		CMPQ(scratch, U32(65535))
		JHI(to(no))
	}
}

// maxSkip is the longest step of a search.
func (e *encoder) maxSkip() uint32 { return 64 * uint32(e.entry) }

// insert puts positions into the table that end a match: enough are one, or
// two where the table is large for the input, and matches of four bytes go
// unseen.
func (e *encoder) insert() {
	inserted := 1
	if e.entry == 2 && e.hashed > 4 {
		inserted = 2
	}
	MOVQ(idx(src, s, 1, -1-inserted), word)
	for i := range inserted {
		MOVQ(word, word1)
		if i < inserted-1 {
			SHRQ(Imm(8), word)
		}
		e.hash(word1)
		LEAL(at(s, i-1-inserted), num.As32())
		e.store(num, word1)
	}
}

// genEncode emits an encoder. Entries of 2 bytes are for inputs up to 64 KiB,
// where every candidate is near enough for an offset; entries of 4 bytes need
// a comparison, made only when the bytes at the candidate match.
//
// A table starts zeroed, and position 0 is a candidate like any other, which
// is why a search never starts there. So no entry needs a check of its own.
//
// There are two searches, each with code to write a sequence: the fast one,
// and one for the end of the input, where less may be read and written than
// the fast one does. The latter also writes the sequences that are too long
// for the former.
func genEncode(e *encoder) {
	tableParams, tableDoc := e.tableParams()
	TEXT(e.name, NOSPLIT, fmt.Sprintf("func(dst *byte, src *byte, n int, %s d, pos, start, stop int) (newD, newPos, newStart, candidate int)", tableParams))
	Pragma("noescape")
	room := sizes.MatchRoom
	if e.entry == 4 {
		room = sizes.MatchRoom32
	}
	Doc(fmt.Sprintf("%s searches src from pos to stop, at most n-%d, and writes the sequences that it finds to dst[d:].", e.name, room),
		"start is the first position that is in no sequence yet. A candidate of at least 0 ends it early: a match,",
		"from newPos, that has too many literals before it to be written here.", tableDoc)
	e.prime = ConstData(e.name+"_prime", U64(primes[e.hashed]<<(64-8*e.hashed)))

	Load(Param("dst"), out)
	Load(Param("d"), word)
	ADDQ(word, out)
	Load(Param("src"), src)
	Load(Param("table"), table)
	if e.bits == 0 {
		Load(Param("shift"), shift)
	}
	Load(Param("pos"), s)
	Load(Param("start"), anchor)
	Comment("A fast search is not worth its start for little.")
	Load(Param("n"), num)
	LEAQ(at(num, -fastRoom), fastStop)
	MOVQ(I32(-1), word)
	CMPQ(num, U32(sizes.FastMin))
	CMOVQLT(word, fastStop)
	Load(Param("stop"), word)
	CMPQ(word, fastStop)
	CMOVQLT(word, fastStop)
	e.fast()
	e.tail()
}

// Other names of registers in the fast search, by what they hold there.
var (
	length   = num   // of the match
	nextWord = cand1 // eight bytes behind the match
	nextCand = hash  // and the candidate for them
	scratch  = hash1
)

// fast emits the fast search and what writes the sequences that it finds.
//
// Its time is that of one chain: a match's length says where the next search
// starts, what is there has a hash, the table has a candidate for it, and the
// candidate gives the length of the next match; and of the jumps that are not
// predicted. So the chain comes first and all that writes a sequence after
// it, without jumps.
func (e *encoder) fast() {
	CMPQ(s, fastStop)
	JGT(to("fast_end"))
	align(64)
	Label("fast")
	e.three("fast", func() {
		MOVQ(idx(src, s, 1, 0), word)
		MOVQ(word, hash)
		e.hash(hash)
		e.load(hash, cand)
		e.store(s, hash)
	})
	ADDQ(Imm(sizes.Ahead+1), s)
	Comment("A match after many literals is for tail to write, and its search, whose step grows, is faster where there is none.")
	LEAQ(at(anchor, 1<<skipLog), num)
	CMPQ(s, num)
	JGT(to("fast_end"))
	CMPQ(s, fastStop)
	JLE(to("fast"))
	JMP(to("fast_end"))
	e.matches("fast")
	e.resume()
	e.writeFast()
	e.after()
	e.fastEnd()
}

// match16 leaves in length how many of the first 16 bytes at s + ahead and
// cand are equal.
func match16(ahead int) {
	equal16(ahead, 0, X0, X1)
	PMOVMSKB(X0, length.As32())
	NOTL(length.As32())
	TZCNTL(length.As32(), length.As32())
}

// next goes on to what follows a match at s + ahead.
func (e *encoder) next() {
	LEAQ(idx(s, length, 1, 0), scratch)
	MOVQ(idx(src, scratch, 1, 0), nextWord)
	MOVQ(nextWord, nextCand)
	e.hash(nextCand)
	e.load(nextCand, nextCand)
}

// three checks three positions from the word at s, each with its own
// jump: faster than any form without jumps that was tried. The length at
// the first, where most matches are, is known before the jump is.
func (e *encoder) three(from string, first func()) {
	for i := range sizes.Ahead + 1 {
		if i == 0 {
			first()
			match16(0)
		} else {
			SHRQ(Imm(8), word)
			MOVQ(word, hash)
			e.hash(hash)
			e.load(hash, cand)
			LEAL(at(s, i), scratch.As32())
			e.store(scratch, hash)
		}
		CMPL(word.As32(), idx(src, cand, 1, 0))
		JEQ(to(fmt.Sprint(from, "_match", i)))
		Label(fmt.Sprint(from, "_no_match", i))
	}
}

// matches emits what three jumps to where it finds a match.
func (e *encoder) matches(from string) {
	for i := sizes.Ahead; i >= 0; i-- {
		Label(fmt.Sprint(from, "_match", i))
		e.inReach(cand, i, scratch, fmt.Sprint(from, "_no_match", i))
		if i > 0 {
			match16(i)
			ADDQ(Imm(uint64(i)), s)
		} else {
			Comment("The next position is as good a candidate as this one.")
			SHRQ(Imm(8), word)
			e.hash(word)
			LEAL(at(s, 1), scratch.As32())
			e.store(scratch, word)
		}
		JMP(to("fast_match"))
	}
}

// resume emits the way back from tail, which wrote a sequence, to the fast search.
func (e *encoder) resume() {
	Comment("Here after a sequence that tail wrote.")
	Label("resume")
	CMPQ(s, fastStop)
	JGT(to("resume_tail"))
	XORL(length.As32(), length.As32())
	e.next()
	JMP(to("after"))
}

// writeFast emits what writes the sequence of a match that the fast search has
// found. Its only jumps lead away: to tail, for whatever is too long here.
func (e *encoder) writeFast() {
	Label("fast_match")
	e.next()
	CMPL(length.As32(), Imm(16))
	JEQ(to("fast_long"))
	Label("fast_sequence")
	Comment("Backward at most 6 bytes and as many as there are literals; else tail looks.")
	CMPQ(cand, Imm(8))
	JB(to("match"))
	back, lits, distance := word, hash1, cand
	MOVQ(idx(src, s, 1, -8), back)
	XORQ(idx(src, cand, 1, -8), back)
	ORQ(Imm(1), back)
	BSRQ(back, back)
	XORL(Imm(63), back.As32())
	SHRL(Imm(3), back.As32())
	MOVQ(s, lits)
	SUBQ(anchor, lits)
	CMPQ(back, lits)
	CMOVQHI(lits, back)
	CMPQ(back, Imm(7))
	JEQ(to("match"))
	SUBQ(back, lits)
	CMPQ(lits, Imm(fastLits))
	JHI(to("match"))
	NEGQ(distance)
	ADDQ(s, distance)
	ADDQ(length, s)
	LEAQ(idx(length, back, 1, -4), length)
	Comment("These stores stay inside the bound: what precedes the token is at most anchor + anchor/255 bytes,",
		"and the match and fastRoom follow.")
	MOVOU(idx(src, anchor, 1, 0), X0)
	MOVOU(idx(src, anchor, 1, 16), X1)
	MOVQ(s, anchor)
	nibble := word
	MOVL(U32(15), token.As32())
	MOVL(token.As32(), nibble.As32())
	CMPL(length.As32(), Imm(15))
	CMOVLCS(length.As32(), token.As32())
	CMPL(lits.As32(), Imm(15))
	CMOVLCS(lits.As32(), nibble.As32())
	SHLL(Imm(4), nibble.As32())
	ORL(nibble.As32(), token.As32())
	MOVB(token.As8(), at(out, 0))
	Comment("A length below 15 has no extension byte: it is written all the same, and then overwritten.")
	extension := word
	LEAL(at(lits, -15), extension.As32())
	MOVB(extension.As8(), at(out, 1))
	CMPL(lits.As32(), Imm(15))
	SBBQ(I8(-2), out)
	MOVOU(X0, at(out, 0))
	MOVOU(X1, at(out, 16))
	ADDQ(lits, out)
	MOVW(distance.As16(), at(out, 0))
	LEAL(at(length, -15), extension.As32())
	MOVB(extension.As8(), at(out, 2))
	CMPL(length.As32(), Imm(15))
	SBBQ(I8(-3), out)
	CMPQ(s, fastStop)
	JGT(to("resume_tail"))
}

// after emits the search behind a match.
func (e *encoder) after() {
	Comment("The same search once more for the first positions after a match, where jumps go other ways than elsewhere.")
	Label("after")
	e.insert()
	e.three("after", func() {
		MOVQ(nextWord, word)
		MOVQ(nextWord, word1)
		e.hash(word1)
		MOVL(nextCand.As32(), cand.As32())
		e.store(s, word1)
	})
	ADDQ(Imm(sizes.Ahead+1), s)
	CMPQ(s, fastStop)
	JLE(to("fast"))
	JMP(to("fast_end"))
	e.matches("after")
}

// fastEnd emits the measuring of matches from 16 bytes, and the way to tail.
func (e *encoder) fastEnd() {
	Label("fast_long")
	equal16(16, 16, X0, X1)
	PMOVMSKB(X0, word.As32())
	XORL(U32(0xffff), word.As32())
	JEQ(to("match"))
	TZCNTL(word.As32(), word.As32())
	ADDL(word.As32(), length.As32())
	e.next()
	JMP(to("fast_sequence"))

	Label("resume_tail")
	CMPQ(s, parameter("stop"))
	JHI(to("exit"))
	e.insert()
	Label("fast_end")
	CMPQ(s, parameter("stop"))
	JHI(to("exit"))
}

// Other names of registers while tail writes a sequence, by what they hold then.
var (
	token   = word1
	tokenAt = hash1 // where the token goes
	offset  = cand1
	limit   = hash // last position from which eight bytes may be compared
)

// tail emits the search near the end, and what writes any sequence.
func (e *encoder) tail() {
	e.search()
	e.searched()
	e.sequence()
	e.compare()
	e.longLengths()
	e.lastLiterals()
	e.exits()
}

// search emits the search of three positions at a time, with a step that grows.
func (e *encoder) search() {
	align(64)
	Label("search")
	MOVQ(idx(src, s, 1, 0), word)
	MOVQ(word, word1)
	MOVQ(word, hash)
	SHRQ(Imm(8), word1)
	e.hash(hash)
	MOVQ(word1, hash1)
	e.hash(hash1)
	e.load(hash, cand)
	e.store(s, hash)
	e.load(hash1, cand1)
	LEAL(at(s, 1), num.As32())
	e.store(num, hash1)
	CMPL(word.As32(), idx(src, cand, 1, 0))
	JEQ(to("match0"))
	Label("no_match0")
	SHRQ(Imm(16), word)
	MOVQ(word, hash)
	e.hash(hash)
	CMPL(word1.As32(), idx(src, cand1, 1, 0))
	JEQ(to("match1"))
	Label("no_match1")
	e.load(hash, cand)
	LEAL(at(s, 2), num.As32())
	e.store(num, hash)
	CMPL(word.As32(), idx(src, cand, 1, 0))
	JEQ(to("match2"))
	Label("no_match2")
	MOVQ(s, num)
	SUBQ(anchor, num)
	SHRQ(Imm(skipLog), num)
	CMPQ(num, U32(e.maxSkip()))
	JHI(to("far"))
	Label("step")
	LEAQ(idx(s, num, 1, 3), s)
	CMPQ(s, parameter("stop"))
	JLS(to("search"))
	JMP(to("exit"))

	Comment("Incompressible so far: cap the step, or what may follow is missed.")
	Label("far")
	MOVL(U32(e.maxSkip()), num.As32())
	JMP(to("step"))
}

// accept turns to the match of s + ahead, unless it is out of reach or
// starts too late. With entries of 4 bytes stop leaves room for ahead.
func (e *encoder) accept(c GPPhysical, ahead int, no string) {
	e.inReach(c, ahead, num, no)
	if ahead > 0 {
		ADDQ(Imm(uint64(ahead)), s)
		if e.entry == 2 {
			CMPQ(s, parameter("stop"))
			JHI(to("exit"))
		}
	}
}

// searched emits what search jumps to where it finds a match, and looks how far
// back that reaches.
func (e *encoder) searched() {
	Label("match2")
	e.accept(cand, 2, "no_match2")
	JMP(to("match"))
	Label("match1")
	e.accept(cand1, 1, "no_match1")
	MOVQ(cand1, cand)
	JMP(to("match"))
	Label("match0")
	e.accept(cand, 0, "no_match0")

	Label("match")
	CMPQ(s, anchor)
	JEQ(to("no_literals"))
	Label("backward")
	TESTQ(cand, cand)
	JEQ(to("literals"))
	MOVBLZX(idx(src, s, 1, -1), word.As32())
	CMPB(word.As8(), idx(src, cand, 1, -1))
	JNE(to("literals"))
	DECQ(s)
	DECQ(cand)
	CMPQ(s, anchor)
	JNE(to("backward"))
}

// sequence emits what writes a sequence with short lengths.
func (e *encoder) sequence() {
	Label("literals")
	MOVQ(s, num)
	SUBQ(anchor, num)
	MOVQ(out, tokenAt)
	INCQ(out)
	MOVL(num.As32(), token.As32())
	SHLL(Imm(4), token.As32())
	CMPQ(num, Imm(15))
	JAE(to("long_literals"))
	Comment("A store of 16 bytes stays inside the bound: what precedes the token is at most anchor + anchor/255 bytes,",
		fmt.Sprintf("and anchor at most n-%d. The load needs a look.", sizes.MatchRoom))
	LEAQ(at(anchor, 16), word)
	Load(Param("n"), limit)
	CMPQ(word, limit)
	JHI(to("last_literals"))
	copy16(X0, idx(src, anchor, 1, 0), at(out, 0))
	ADDQ(num, out)

	Label("offset")
	MOVQ(s, offset)
	SUBQ(cand, offset)
	MOVW(offset.As16(), at(out, 0))
	ADDQ(Imm(2), out)
	ADDQ(Imm(4), s)
	ADDQ(Imm(4), cand)
	MOVQ(s, num)
	Comment("limit is the last position from which eight bytes may be compared.")
	Load(Param("n"), limit)
	SUBQ(Imm(sizes.LastLiterals+8), limit)
	if e.entry == 4 {
		LEAQ(at(s, sizes.MaxCopy), word)
		CMPQ(word, limit)
		CMOVQCS(word, limit)
	}
	CMPQ(s, limit)
	JHI(to("compare_tail"))
	MOVQ(idx(src, s, 1, 0), word)
	XORQ(idx(src, cand, 1, 0), word)
	JEQ(to("compare_more"))
	Label("differ")
	TZCNTQ(word, word)
	SHRQ(Imm(3), word)
	ADDQ(word, s)
	Label("match_end")
	MOVQ(s, word)
	SUBQ(num, word)
	CMPQ(word, Imm(15))
	JAE(to("long_match"))
	ORL(word.As32(), token.As32())
	Label("write_token")
	MOVB(token.As8(), at(tokenAt, 0))
	MOVQ(s, anchor)
	JMP(to("resume"))

	Label("no_literals")
	MOVQ(out, tokenAt)
	INCQ(out)
	XORL(token.As32(), token.As32())
	JMP(to("offset"))
}

// compare emits the measuring of matches from 8 bytes, and of those at the end
// of the input.
func (e *encoder) compare() {
	Label("compare_more")
	ADDQ(Imm(8), s)
	ADDQ(Imm(8), cand)
	Label("compare16")
	LEAQ(at(s, 8), word)
	CMPQ(word, limit)
	JHI(to("compare8"))
	equal16(0, 0, X0, X1)
	PMOVMSKB(X0, word.As32())
	XORL(U32(0xffff), word.As32())
	JNE(to("differ16"))
	ADDQ(Imm(16), s)
	ADDQ(Imm(16), cand)
	Comment("Vectors in pairs are faster, but that a match goes on for long must be seen first.")
	LEAQ(at(num, 256), word)
	CMPQ(s, word)
	JB(to("compare16"))
	Label("compare32")
	LEAQ(at(s, 24), word)
	CMPQ(word, limit)
	JHI(to("compare16"))
	equal16(0, 0, X0, X1)
	equal16(16, 16, X2, X3)
	PAND(X0, X2)
	PMOVMSKB(X2, word.As32())
	CMPL(word.As32(), U32(0xffff))
	JNE(to("compare16"))
	ADDQ(Imm(32), s)
	ADDQ(Imm(32), cand)
	JMP(to("compare32"))
	Label("differ16")
	TZCNTL(word.As32(), word.As32())
	ADDQ(word, s)
	JMP(to("match_end"))
	Label("compare8")
	CMPQ(s, limit)
	JHI(to("compare_tail"))
	MOVQ(idx(src, s, 1, 0), word)
	XORQ(idx(src, cand, 1, 0), word)
	JNE(to("differ"))
	ADDQ(Imm(8), s)
	ADDQ(Imm(8), cand)
	Label("compare_tail")
	ADDQ(Imm(8), limit)
	Label("compare_byte")
	CMPQ(s, limit)
	JAE(to("match_end"))
	MOVBLZX(idx(src, s, 1, 0), word.As32())
	CMPB(word.As8(), idx(src, cand, 1, 0))
	JNE(to("match_end"))
	INCQ(s)
	INCQ(cand)
	JMP(to("compare_byte"))
}

// longLengths emits what writes lengths with extension bytes, and the literals
// that belong to one.
func (e *encoder) longLengths() {
	Label("long_match")
	ORL(Imm(15), token.As32())
	SUBQ(Imm(15), word)
	writeLength(word, "match_length")
	JMP(to("write_token"))

	Label("long_literals")
	if e.entry == 4 {
		CMPQ(num, U32(sizes.MaxRun))
		JHI(to("too_long"))
	}
	MOVL(U32(0xf0), token.As32())
	LEAQ(at(num, -15), word)
	writeLength(word, "literal_length")
	CMPQ(num, Imm(16))
	JB(to("literals15"))
	Comment("The rest is one vector that ends with the literals.")
	from := limit
	LEAQ(idx(src, anchor, 1, 0), from)
	MOVOU(idx(from, num, 1, -16), X1)
	LEAQ(idx(out, num, 1, -16), word)
	ADDQ(out, num)
	Label("copy_literals")
	copy16(X0, at(from, 0), at(out, 0))
	ADDQ(Imm(16), from)
	ADDQ(Imm(16), out)
	CMPQ(out, word)
	JB(to("copy_literals"))
	MOVOU(X1, at(word, 0))
	MOVQ(num, out)
	JMP(to("offset"))
	Label("literals15")
	MOVQ(idx(src, anchor, 1, 0), word)
	MOVQ(word, at(out, 0))
	MOVQ(idx(src, anchor, 1, 7), word)
	MOVQ(word, at(out, 7))
	ADDQ(Imm(15), out)
	JMP(to("offset"))
}

// lastLiterals emits the copy of literals behind which fewer than 16 bytes of
// the input may be left.
func (e *encoder) lastLiterals() {
	from := limit
	Label("last_literals")
	TESTQ(num, num)
	JEQ(to("offset"))
	LEAQ(idx(src, anchor, 1, 0), from)
	Label("copy_literal")
	MOVB(at(from, 0), word.As8())
	MOVB(word.As8(), at(out, 0))
	INCQ(from)
	INCQ(out)
	DECQ(num)
	JNE(to("copy_literal"))
	JMP(to("offset"))
}

// exits emits all ways out of the encoder.
func (e *encoder) exits() {
	if e.entry == 4 {
		Label("too_long")
		MOVQ(tokenAt, out)
		JMP(to("return"))
	}
	Label("exit")
	MOVQ(I32(-1), cand)
	Label("return")
	Load(Param("dst"), word)
	SUBQ(word, out)
	Store(out, Return("newD"))
	Store(s, Return("newPos"))
	Store(anchor, Return("newStart"))
	Store(cand, Return("candidate"))
	leave([]VecPhysical{X0, X1, X2, X3}, word, word1, hash, hash1, cand1, num)
}

// writeLength writes the extension bytes of a length, of which rest is left.
func writeLength(rest GPPhysical, label string) {
	Label(label)
	CMPQ(rest, Imm(255))
	JB(to(label + "_end"))
	MOVB(U8(255), at(out, 0))
	INCQ(out)
	SUBQ(Imm(255), rest)
	JMP(to(label))
	Label(label + "_end")
	MOVB(rest.As8(), at(out, 0))
	INCQ(out)
}

// equal16 leaves in x which of the 16 bytes at s + i are those at cand + j. y is
// scratch.
func equal16(i, j int, x, y VecPhysical) {
	MOVOU(idx(src, s, 1, i), x)
	MOVOU(idx(src, cand, 1, j), y)
	PCMPEQB(y, x)
}

// parameter is the operand at a parameter of the function.
func parameter(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}
