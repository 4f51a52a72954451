package main

import (
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

// Register map of the search of levels 2 to 9. What is not at hand all the time lies
// on the stack, and what the caller gets back in the parameters until then.
var (
	hsrc   = RSI // start of the input
	tab    = RDI // the tables
	hshift = RCX // 56 - bits of a row's number; scratch while candidates are looked at
	pos    = R8  // position at hand
	row    = R9  // positions in the row at hand; next position to insert
	want   = R11 // four bytes that a match has at probe if it ends later than the best one
	probe  = R12 // address of these
	want2  = R14 // and at probe2 if it starts earlier
	probe2 = R10
	equal  = R13 // candidates in the row: a bit each
	cursor = R15 // address up to where bytes are known to be equal
	newest = RBX // place of the newest entry of the row
	back   = RDX // from an address to the one of the candidate: negative
	temp   = RAX
)

// Where things are in the tables.
const (
	wordTable  = 0
	longTable  = sizes.WordTableSize
	recordList = longTable + sizes.LongTableSize
)

// hashPrime is the multiplier of both hashes. It is a variable since a shift of it may
// lose bits.
var hashPrime uint64 = 0x9E3779B185EBCA87

// genSearch emits the search of levels 2 to 9: for those with one table, or with two.
// What it does is what searchPortable does, where the reasons are; the comments here are on
// how.
//
// Nothing outside src is read. Eight bytes are at positions up to stop, which is at most
// n-12; 16 at addresses up to limit16, and the candidates for them lie before them.
// Candidates are positions that were inserted, since an entry without its tag is not looked
// at; one that is older than 64 KiB is taken for another, later one, which is as good. So
// the four bytes at probe, and these at the candidate, are between the candidate and the
// end of the best match. Those at probe2 may be so far before pos that there are none for
// the candidate, which is looked at then.
//
// Nor is anything written outside the tables. Each search adds two records at most, and
// there is room for Records and one.
func genSearch(name string, long bool) {
	TEXT(name, NOSPLIT, "func(src *byte, n int, tables *byte, shift, attempts, longs, ahead, step, pos, inserted, end, start, records, stop int) (newPos, newInserted, newEnd, newStart, newRecords int)")
	Pragma("noescape")
	Doc(name+" searches src from pos to stop, at most n-12, and adds what it finds to the records in tables.",
		"It ends early where there are records to write, and where more than sizes.SearchStep positions were to be inserted.")
	s := &search{long: long}
	s.words = rows{wordTable, wordTable + sizes.WordTagsSize, ConstData(name+"_words", U64(hashPrime<<32&(1<<64-1)))}
	if long {
		s.longs = rows{longTable, longTable + sizes.LongTagsSize, ConstData(name+"_longs", U64(hashPrime))}
	}
	s.limit16, s.limit, s.lowest, s.longest = AllocLocal(8), AllocLocal(8), AllocLocal(8), AllocLocal(8)
	s.early, s.earlyEnd, s.earlyOffset = AllocLocal(8), AllocLocal(8), AllocLocal(8)
	s.bestEnd = AllocLocal(8)
	s.left, s.forward, s.from, s.offset = AllocLocal(8), AllocLocal(8), AllocLocal(8), AllocLocal(8)
	s.emit()
}

// A search has places on the stack.
type search struct {
	long         bool
	words, longs rows
	// Addresses: up to where 16 bytes may be compared, and one; where a match may start.
	limit16, limit, lowest Mem
	longest, bestEnd       Mem // length of the best match, and where it ends, an address
	left                   Mem // candidates that may still be looked at
	forward                Mem // end of the match with the candidate at hand
	from, offset           Mem // of the best match
	// The match that starts first, if that is not the best: where, as an address, where
	// it ends, and its offset.
	early, earlyEnd, earlyOffset Mem
}

// tagged turns a hash in h into the place of its row, 16 bytes for each, and leaves
// its tag in tag. There is no tag 0, which is what an entry has that is not in use.
func (s *search) tagged(h, tag GPPhysical) {
	MOVBLZX(h.As8(), tag.As32())
	ORL(Imm(1), tag.As32())
	SHRQ(Imm(8), h)
	SHLQ(Imm(4), h)
}

// hash turns the eight bytes in h into the number of a row of t and a tag.
func (s *search) hash(t rows, h GPPhysical) {
	IMULQ(t.prime, h)
	SHRQ(CL, h)
	if s.long && t.at == wordTable {
		SHRQ(Imm(sizes.LongBits-sizes.WordBits), h)
	}
}

// Rows are a table, which starts at an offset among the tables; its positions start at another.
type rows struct {
	at, positions int
	prime         Mem
}

// emit emits all of it.
func (s *search) emit() {
	Load(Param("src"), hsrc)
	Load(Param("tables"), tab)
	Load(Param("shift"), hshift)
	Load(Param("pos"), pos)
	PXOR(X2, X2)

	align(64)
	Label("next")
	CMPQ(pos, parameter("stop"))
	JGT(to("exit"))
	MOVQ(parameter("records"), temp)
	CMPQ(temp, U32(sizes.Records/2))
	JGE(to("full"))
	Label("go_on")
	s.inserts()
	s.lookups()

	Label("full")
	CMPQ(temp, U32(sizes.Records))
	JGE(to("exit"))
	CMPQ(pos, parameter("end"))
	JLE(to("go_on"))

	Label("exit")
	Store(pos, Return("newPos"))
	for _, name := range []string{"Inserted", "End", "Start", "Records"} {
		MOVQ(parameter(strings.ToLower(name)), temp)
		Store(temp, Return("new"+name))
	}
	leave([]VecPhysical{X0, X1, X2}, want, temp, back, equal, cursor, newest, hshift)
}

// inserts emits what puts the positions before pos into the tables.
func (s *search) inserts() {
	ins := row
	MOVQ(parameter("inserted"), ins)
	MOVQ(pos, back)
	SUBQ(ins, back)
	JLE(to("inserted"))
	CMPQ(back, U32(sizes.SearchStep))
	JGT(to("insert_part"))
	Label("insert_some")
	ADDQ(ins, back)
	MOVQ(back, parameter("inserted"))
	fifteen, word := want2, want
	MOVL(U32(sizes.RowEntries), fifteen.As32())
	align(32)
	Label("insert")
	put := func(t rows, h, tag, place GPPhysical) {
		s.hash(t, h)
		s.tagged(h, tag)
		MOVBLZX(idx(tab, h, 1, t.at), place.As32())
		DECL(place.As32())
		ANDL(Imm(sizes.RowSize-1), place.As32())
		CMOVLEQ(fifteen.As32(), place.As32())
		MOVB(place.As8(), idx(tab, h, 1, t.at))
		ADDQ(h, place)
		MOVB(tag.As8(), idx(tab, place, 1, t.at))
		MOVW(ins.As16(), idx(tab, place, 2, t.positions))
	}
	MOVQ(idx(hsrc, ins, 1, 0), temp)
	MOVL(temp.As32(), word.As32())
	if s.long {
		MOVQ(temp, equal)
	}
	put(s.words, temp, newest, probe2)
	if s.long {
		put(s.longs, equal, probe, cursor)
	}
	Label("insert_next")
	INCQ(ins)
	CMPQ(ins, back)
	JGE(to("insert_end"))
	CMPL(idx(hsrc, ins, 1, 0), word.As32())
	JNE(to("insert"))
	JMP(to("insert_next"))
	Label("insert_end")
	CMPQ(ins, pos)
	JLT(to("exit"))
	JMP(to("inserted"))
	Label("insert_part")
	MOVL(U32(sizes.SearchStep), back.As32())
	JMP(to("insert_some"))
	Label("inserted")
}

// A list is a lookup in a table, of the bytes from so many before pos; made from so
// many lookups of bytes before pos on.
type list struct {
	name string
	rows
	shift, from int
}

// lookups emits what looks for a match of pos.
func (s *search) lookups() {
	MOVQ(parameter("start"), back)
	LEAQ(at(pos, -sizes.Lookback), temp)
	CMPQ(temp, back)
	CMOVQLT(back, temp)
	ADDQ(hsrc, temp)
	MOVQ(temp, s.lowest)
	MOVQ(U32(3), s.longest)
	if s.long {
		MOVQ(I32(-1), s.early)
	}
	LEAQ(idx(hsrc, pos, 1, 0), probe)
	MOVL(at(probe, 0), want.As32())
	MOVQ(probe, probe2)
	MOVL(want.As32(), want2.As32())

	lists := []list{{"word", s.words, 0, 0}}
	if s.long {
		lists = []list{{"far", s.longs, 0, 0}, {"before4", s.longs, 4, 2}, {"before2", s.longs, 2, 3}, lists[0]}
	}
	for _, l := range lists {
		if l.shift > 0 {
			CMPQ(parameter("longs"), Imm(uint64(l.from)))
			JLT(to(l.name + "_end"))
			CMPQ(pos, Imm(uint64(l.shift)))
			JLT(to(l.name + "_end"))
		}
		MOVQ(idx(hsrc, pos, 1, -l.shift), temp)
		s.hash(l.rows, temp)
		s.tagged(temp, back)
		MOVD(back.As32(), X1)
		PSHUFB(X2, X1)
		MOVOU(idx(tab, temp, 1, l.at), X0)
		PCMPEQB(X0, X1)
		PMOVMSKB(X1, equal.As32())
		ANDL(U32(0xfffe), equal.As32())
		JNE(to(l.name))
		Label(l.name + "_end")
	}
	CMPQ(s.longest, Imm(3))
	JEQ(to("none"))
	s.found()
	s.none()
	for _, l := range lists {
		s.candidates(l)
	}
}

// found emits what adds a record for the best match.
func (s *search) found() {
	Label("found")
	end, first, n, rec := temp, cursor, back, equal
	MOVQ(parameter("records"), n)
	Comment("The next position depends on the end of the match and on nothing else, and all that follows on it.")
	LEAQ(at(pos, 1), temp)
	MOVQ(s.bestEnd, pos)
	SUBQ(hsrc, pos)
	MOVQ(pos, parameter("end"))
	SUBQ(parameter("ahead"), pos)
	CMPQ(pos, temp)
	CMOVQLT(temp, pos)
	MOVQ(s.from, first)
	if s.long {
		MOVQ(s.early, end)
		SUBQ(hsrc, end)
		CMPQ(end, first)
		JLT(to("early"))
		Label("best")
	}
	s.drop("best", first, n, rec)
	MOVQ(n, parameter("records"))
	MOVQ(first, parameter("start"))
	MOVL(first.As32(), at(rec, recordList))
	MOVQ(parameter("end"), end)
	MOVL(end.As32(), at(rec, recordList+4))
	MOVQ(s.offset, end)
	MOVL(end.As32(), at(rec, recordList+8))
	JMP(to("next"))
	if s.long {
		Label("early")
		s.drop("early", end, n, rec)
		MOVL(end.As32(), at(rec, recordList))
		MOVQ(s.earlyEnd, end)
		SUBQ(hsrc, end)
		MOVL(end.As32(), at(rec, recordList+4))
		MOVQ(s.earlyOffset, end)
		NEGQ(end)
		MOVL(end.As32(), at(rec, recordList+8))
		JMP(to("best"))
	}
}

// drop emits what drops, from n records, those that start at first or later, none of
// which reaches further than what is added; it counts that, and leaves in rec where it goes.
func (s *search) drop(name string, first, n, rec GPPhysical) {
	Label("drop_" + name)
	MOVQ(n, rec)
	SHLQ(Imm(4), rec)
	ADDQ(tab, rec)
	TESTQ(n, n)
	JEQ(to("add_" + name))
	CMPL(at(rec, recordList-sizes.RecordSize), first.As32())
	JCS(to("add_" + name))
	DECQ(n)
	JMP(to("drop_" + name))
	Label("add_" + name)
	INCQ(n)
}

// none emits what goes on where there is no match.
func (s *search) none() {
	Label("none")
	INCQ(pos)
	MOVQ(pos, temp)
	SUBQ(parameter("end"), temp)
	CMPQ(temp, Imm(1))
	JLE(to("next"))
	SHRQ(Imm(sizes.StepLog), temp)
	MOVL(U32(sizes.MaxStep), back.As32())
	CMPQ(temp, back)
	CMOVQGT(back, temp)
	ADDQ(parameter("step"), temp)
	ADDQ(temp, pos)
	JMP(to("next"))
}

// candidates emits what looks at the candidates of a row.
func (s *search) candidates(list list) {
	name, shift := list.name, list.shift
	l := func(of string) string { return name + "_" + of }
	end := func() {
		Load(Param("shift"), hshift)
	}
	Label(name)
	LEAQ(idx(tab, temp, 2, list.positions), row)
	MOVBLZX(idx(tab, temp, 1, list.at), newest.As32())
	Comment("The newest first.")
	MOVL(equal.As32(), temp.As32())
	SHLL(Imm(16), temp.As32())
	ORL(temp.As32(), equal.As32())
	MOVL(newest.As32(), hshift.As32())
	SHRL(CL, equal.As32())
	MOVWLZX(equal.As16(), equal.As32())
	Load(Param("attempts"), temp)
	MOVQ(temp, s.left)
	Comment("limit is what the end of the input, or MaxMeasure, leaves.")
	Load(Param("n"), temp)
	LEAQ(at(temp, -16), back)
	SUBQ(Imm(sizes.LastLiterals), temp)
	LEAQ(at(pos, sizes.MaxMeasure), cursor)
	CMPQ(cursor, temp)
	CMOVQLT(cursor, temp)
	CMPQ(cursor, back)
	CMOVQLT(cursor, back)
	ADDQ(hsrc, temp)
	ADDQ(hsrc, back)
	MOVQ(temp, s.limit)
	MOVQ(back, s.limit16)

	align(32)
	Label(l("candidate"))
	place := temp
	BSFL(equal.As32(), place.As32())
	LEAL(at(equal, -1), back.As32())
	ANDL(back.As32(), equal.As32())
	ADDL(newest.As32(), place.As32())
	ANDL(Imm(15), place.As32())
	MOVWLZX(idx(row, place, 2, 0), back.As32())
	SUBL(pos.As32(), back.As32())
	MOVWLZX(back.As16(), back.As32())
	Comment("Now back is 1 << 16 too much, or 0 if the entry is as old as that.")
	CMPL(idx(probe, back, 1, shift-1<<16), want.As32())
	JEQ(to(l("alike")))
	Comment("Near the start of the input there may be nothing to compare with.")
	LEAQ(idx(probe2, back, 1, shift-1<<16), temp)
	CMPQ(temp, hsrc)
	JCS(to(l("alike")))
	CMPL(at(temp, 0), want2.As32())
	JEQ(to(l("alike")))
	Label(l("other"))
	TESTL(equal.As32(), equal.As32())
	JEQ(to(l("done")))
	DECQ(s.left)
	JNE(to(l("candidate")))
	Label(l("done"))
	end()
	JMP(to(name + "_end"))

	Label(l("alike"))
	TESTQ(back, back)
	JEQ(to(l("other")))
	ADDQ(I32(shift-1<<16), back)
	if shift > 0 {
		JGE(to(l("other")))
	}
	diff := hshift
	LEAQ(idx(hsrc, pos, 1, 0), cursor)
	Label(l("forward"))
	CMPQ(cursor, s.limit16)
	JHI(to(l("byte")))
	MOVOU(at(cursor, 0), X0)
	MOVOU(idx(cursor, back, 1, 0), X1)
	PCMPEQB(X1, X0)
	PMOVMSKB(X0, diff.As32())
	XORL(U32(0xffff), diff.As32())
	JEQ(to(l("forward_on")))
	BSFL(diff.As32(), diff.As32())
	ADDQ(diff, cursor)
	Label(l("measured"))
	MOVQ(s.limit, temp)
	CMPQ(cursor, temp)
	CMOVQHI(temp, cursor)
	LEAQ(idx(hsrc, pos, 1, 4), temp)
	CMPQ(cursor, temp)
	JCS(to(l("other")))
	MOVQ(cursor, s.forward)

	LEAQ(at(temp, -4), cursor)
	Label(l("back"))
	LEAQ(idx(cursor, back, 1, -16), temp)
	CMPQ(temp, hsrc)
	JCS(to(l("back_byte")))
	MOVOU(at(cursor, -16), X0)
	MOVOU(at(temp, 0), X1)
	PCMPEQB(X1, X0)
	PMOVMSKB(X0, diff.As32())
	XORL(U32(0xffff), diff.As32())
	JEQ(to(l("back_on")))
	BSRL(diff.As32(), diff.As32())
	LEAQ(idx(cursor, diff, 1, -15), cursor)
	Label(l("backed"))
	MOVQ(s.lowest, temp)
	CMPQ(cursor, temp)
	CMOVQCS(temp, cursor)

	MOVQ(s.forward, temp)
	if s.long {
		CMPQ(cursor, s.early)
		JCC(to(l("late")))
		MOVQ(cursor, s.early)
		MOVQ(temp, s.earlyEnd)
		MOVQ(back, s.earlyOffset)
		LEAQ(at(cursor, -1), probe2)
		CMPQ(cursor, s.lowest)
		CMOVQEQ(probe, probe2)
		MOVL(at(probe2, 0), want2.As32())
		Label(l("late"))
	}
	MOVQ(temp, diff)
	SUBQ(cursor, diff)
	CMPQ(diff, s.longest)
	JLE(to(l("other")))
	MOVQ(diff, s.longest)
	MOVQ(temp, s.bestEnd)
	NEGQ(back)
	MOVQ(back, s.offset)
	MOVQ(cursor, back)
	SUBQ(hsrc, back)
	MOVQ(back, s.from)
	CMPQ(diff, U32(sizes.LongEnough))
	JGT(to(l("enough")))
	Comment("What is longer than this ends later or starts earlier, where that is possible.")
	LEAQ(at(temp, -3), probe)
	if !s.long {
		LEAQ(at(cursor, -1), probe2)
		CMPQ(cursor, s.lowest)
		CMOVQEQ(probe, probe2)
		MOVL(at(probe2, 0), want2.As32())
	}
	MOVL(at(probe, 0), want.As32())
	JMP(to(l("other")))

	Label(l("forward_on"))
	ADDQ(Imm(16), cursor)
	JMP(to(l("forward")))
	Label(l("byte"))
	CMPQ(cursor, s.limit)
	JCC(to(l("measured")))
	MOVBLZX(at(cursor, 0), diff.As32())
	CMPB(diff.As8(), idx(cursor, back, 1, 0))
	JNE(to(l("measured")))
	INCQ(cursor)
	JMP(to(l("byte")))

	Label(l("back_on"))
	SUBQ(Imm(16), cursor)
	CMPQ(cursor, s.lowest)
	JHI(to(l("back")))
	JMP(to(l("backed")))
	Label(l("back_byte"))
	CMPQ(cursor, s.lowest)
	JLS(to(l("backed")))
	LEAQ(idx(cursor, back, 1, 0), temp)
	CMPQ(temp, hsrc)
	JLS(to(l("backed")))
	MOVBLZX(at(cursor, -1), diff.As32())
	CMPB(diff.As8(), at(temp, -1))
	JNE(to(l("backed")))
	DECQ(cursor)
	JMP(to(l("back_byte")))

	Label(l("enough"))
	end()
	JMP(to("found"))
}
