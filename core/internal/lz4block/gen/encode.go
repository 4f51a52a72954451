package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Register map of the encoders. X0 and X1 carry data.
var (
	src    = RSI // start of the input
	out    = RDI // next byte of the block
	table  = R8  // hash table of positions
	shift  = RCX // 64 - bits of the hash
	s      = R9  // position at hand
	anchor = R10 // first position not in the block yet
	stop   = R12 // last position from which a search may start
	cand   = R11 // candidate: earlier position with the hash of s
	word   = RAX // eight bytes at s; scratch
	word1  = R15 // word from s+1; while a sequence is written, its token
	hash   = RBX // scratch
	hash1  = R14 // while a sequence is written, where its token goes
	cand1  = R13 // while a sequence is written, its offset
	num    = RDX // scratch; number of literals, start of a match
)

// More literals than this before a match, and Go writes the sequence, in
// parts between which it can be preempted. A longer match is written as two.
const (
	maxRun   = 256 << 10
	maxCopy  = 1 << 20
	skipLog  = 6  // the search step grows by one every 64 bytes without a match
	mfLimit  = 12 // matches start at most at n - mfLimit (block format)
	lastLits = 5  // and end at most at n - lastLits
)

// Multipliers of the hashes of 4 and 5 bytes, those of lz4.c.
const (
	prime4 = 2654435761
	prime5 = 889523592379
)

// genEncode emits an encoder with a table of entries of entry bytes, and a
// hash of hashed bytes. Entries of 2 bytes are for inputs up to 64 KiB, where
// every candidate is near enough for an offset; entries of 4 bytes need a
// comparison, made only when the bytes at the candidate match.
//
// A table starts zeroed, and position 0 is a candidate like any other, which
// is why a search never starts there. So no entry needs a check of its own.
func genEncode(name string, entry uint8, hashed int) {
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst *byte, src *byte, n int, table *uint%d, shift, d, pos, start, stop int) (newD, newPos, newStart, candidate int)", 8*int(entry)))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s searches src from pos to stop, at most n-%d, and writes the sequences that it finds to dst[d:].", name, mfLimit+int(entry)-2),
		"start is the first position that is in no sequence yet. A candidate of at least 0 ends it early: a match,",
		"from newPos, that has too many literals before it to be written here.")

	load, store := MOVWLZX, func(r GPPhysical, m Mem) { MOVW(r.As16(), m) }
	maxSkip := uint32(128)
	if entry == 4 {
		load, store = MOVL, func(r GPPhysical, m Mem) { MOVL(r.As32(), m) }
		maxSkip = 256
	}
	slot := func(h Register) Mem { return idx(table, h, entry, 0) }
	prime := ConstData(name+"_prime", U64(map[int]uint64{4: prime4, 5: prime5}[hashed]))
	hashOf := func(r Register) {
		SHLQ(Imm(uint64(64-8*hashed)), r)
		IMULQ(prime, r)
		SHRQ(CL, r)
	}
	// accept turns to the match of s + ahead, unless it is out of reach or
	// starts too late. With entries of 4 bytes stop leaves room for ahead.
	accept := func(c GPPhysical, ahead int, no string) {
		if entry == 4 {
			LEAQ(at(s, ahead), num)
			SUBQ(c, num)
			CMPQ(num, U32(65535))
			JHI(to(no))
		}
		if ahead > 0 {
			ADDQ(Imm(uint64(ahead)), s)
			if entry == 2 {
				CMPQ(s, stop)
				JHI(to("exit"))
			}
		}
	}

	Load(Param("dst"), out)
	Load(Param("d"), word)
	ADDQ(word, out)
	Load(Param("src"), src)
	Load(Param("table"), table)
	Load(Param("shift"), shift)
	Load(Param("pos"), s)
	Load(Param("start"), anchor)
	Load(Param("stop"), stop)
	CMPQ(s, stop)
	JHI(to("exit"))

	Comment("Three positions from one load, each with its own, well predicted branch:",
		"faster than any form without branches that was tried.")
	align(64)
	Label("search")
	MOVQ(idx(src, s, 1, 0), word)
	MOVQ(word, word1)
	MOVQ(word, hash)
	SHRQ(Imm(8), word1)
	hashOf(hash)
	MOVQ(word1, hash1)
	hashOf(hash1)
	load(slot(hash), cand.As32())
	store(s, slot(hash))
	load(slot(hash1), cand1.As32())
	LEAL(at(s, 1), num.As32())
	store(num, slot(hash1))
	CMPL(word.As32(), idx(src, cand, 1, 0))
	JEQ(to("match0"))
	Label("no_match0")
	SHRQ(Imm(16), word)
	MOVQ(word, hash)
	hashOf(hash)
	CMPL(word1.As32(), idx(src, cand1, 1, 0))
	JEQ(to("match1"))
	Label("no_match1")
	load(slot(hash), cand.As32())
	LEAL(at(s, 2), num.As32())
	store(num, slot(hash))
	CMPL(word.As32(), idx(src, cand, 1, 0))
	JEQ(to("match2"))
	Label("no_match2")
	MOVQ(s, num)
	SUBQ(anchor, num)
	SHRQ(Imm(skipLog), num)
	CMPQ(num, U32(maxSkip))
	JHI(to("far"))
	Label("step")
	LEAQ(idx(s, num, 1, 3), s)
	CMPQ(s, stop)
	JLS(to("search"))
	JMP(to("exit"))

	Comment("Incompressible so far: cap the step, or what may follow is missed.")
	Label("far")
	MOVL(U32(maxSkip), num.As32())
	JMP(to("step"))

	Label("match2")
	accept(cand, 2, "no_match2")
	JMP(to("match"))
	Label("match1")
	accept(cand1, 1, "no_match1")
	MOVQ(cand1, cand)
	JMP(to("match"))
	Label("match0")
	accept(cand, 0, "no_match0")

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

	token, tokenAt, offset, limit := word1, hash1, cand1, hash
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
		"and anchor at most n-12. The load needs a look.")
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
	SUBQ(Imm(lastLits+8), limit)
	if entry == 4 {
		LEAQ(at(s, maxCopy), word)
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
	CMPQ(s, stop)
	JHI(to("exit"))
	Comment("The last positions of a match are enough for the table: one, or two where it is large",
		"for the input, and matches of four bytes go unseen.")
	inserted := 1
	if entry == 2 && hashed == 5 {
		inserted = 2
	}
	MOVQ(idx(src, s, 1, -1-inserted), word)
	for i := range inserted {
		MOVQ(word, hash)
		if i < inserted-1 {
			SHRQ(Imm(8), word)
		}
		hashOf(hash)
		LEAL(at(s, i-1-inserted), num.As32())
		store(num, slot(hash))
	}
	JMP(to("search"))

	Label("no_literals")
	MOVQ(out, tokenAt)
	INCQ(out)
	XORL(token.As32(), token.As32())
	JMP(to("offset"))

	Label("compare_more")
	ADDQ(Imm(8), s)
	ADDQ(Imm(8), cand)
	Label("compare16")
	LEAQ(at(s, 8), word)
	CMPQ(word, limit)
	JHI(to("compare8"))
	MOVOU(idx(src, s, 1, 0), X0)
	MOVOU(idx(src, cand, 1, 0), X1)
	PCMPEQB(X1, X0)
	PMOVMSKB(X0, word.As32())
	XORL(U32(0xffff), word.As32())
	JNE(to("differ16"))
	ADDQ(Imm(16), s)
	ADDQ(Imm(16), cand)
	JMP(to("compare16"))
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

	Label("long_match")
	ORL(Imm(15), token.As32())
	SUBQ(Imm(15), word)
	writeLength(word, "match_length")
	JMP(to("write_token"))

	Label("long_literals")
	if entry == 4 {
		CMPQ(num, U32(maxRun))
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

	if entry == 4 {
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
	RET()
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
