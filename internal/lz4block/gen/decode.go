package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

// Register map of the decoder. X0 and X1 carry data.
var (
	ip    = RSI // next byte of src
	op    = RDI // next byte of dst
	base  = R8  // start of dst
	iend  = R13 // end of src
	oend  = R15 // end of dst
	ifast = R9  // last ip, and
	ofast = R10 // last op, from which the fast path may start a sequence
	lits  = RCX // number of literals
	mlen  = RAX // length of the match; before that, its nibble or nibble + extension
	off   = RDX // offset of the match
	from  = R11 // op - off
	end   = R14 // op after the copy at hand
	tmp   = RBX
	mark  = R12 // where Go has to start again if lengths turn out too long; scratch
)

// The fast path writes at most 14 literals and then, for the longest short
// match (18 bytes), two 16-byte vectors at most 16 bytes apart. It reads a
// token, 16 bytes of literals, and with 14 literals offset and one length
// byte behind them.
const (
	fastIn  = 18
	fastOut = 14 + 32 + 2
)

// ahead is how far past the end of a sequence a store may reach. The package
// promises its callers no less room than that; a difference below zero does not
// compile.
const (
	ahead      = 32
	_     uint = sizes.DecodeSlack - ahead
	_     uint = sizes.InPlaceRoom - 2 - ahead
)

// genPatterns emits the tables for matches with an offset up to 16, which
// repeat a pattern: "pattern" holds for each offset the PSHUFB mask that
// spreads the pattern over 16 bytes, "stride" the largest multiple of the
// offset in 16, by which such vectors may follow each other.
func genPatterns() {
	pattern := GLOBL("pattern", attr.RODATA|attr.NOPTR)
	for d := range 17 {
		period := max(d, 1)
		for half := 0; half < 16; half += 8 {
			var mask uint64
			for i := range 8 {
				mask |= uint64((half+i)%period) << (8 * i)
			}
			DATA(d*16+half, U64(mask))
		}
	}
	stride := GLOBL("stride", attr.RODATA|attr.NOPTR)
	for d := range 17 {
		DATA(d, U8(16-16%max(d, 1)))
	}
	patternTable, strideTable = pattern, stride
}

var patternTable, strideTable Mem

// spread loads the pattern of off <= 16 bytes at from into X0, repeated, and
// the distance of its copies into tmp. It reads 16 bytes, only the first off
// of which matter.
func spread() {
	Comment("Spread the pattern over a vector.")
	MOVOU(at(from, 0), X0)
	LEAQ(patternTable, mark)
	MOVL(off.As32(), tmp.As32())
	SHLL(Imm(4), tmp.As32())
	MOVOU(idx(mark, tmp, 1, 0), X1)
	PSHUFB(X1, X0)
	LEAQ(strideTable, mark)
	MOVBLZX(idx(mark, off, 1, 0), tmp.As32())
}

// copy16 copies 16 bytes through x.
func copy16(x VecPhysical, src, dst Mem) {
	MOVOU(src, x)
	MOVOU(x, dst)
}

// splitToken leaves the nibbles of the token in mlen in lits and mlen.
func splitToken() {
	MOVL(mlen.As32(), lits.As32())
	SHRL(Imm(4), lits.As32())
	ANDL(Imm(15), mlen.As32())
}

// fastSequence emits the whole of a sequence with short lengths, up to a
// match with an offset from 16. Everything else branches away.
func fastSequence(matchLabel string) {
	CMPQ(ip, ifast)
	JHI(to("exact"))
	CMPQ(op, ofast)
	JHI(to("exact"))
	MOVBLZX(at(ip, 0), mlen.As32())
	MOVOU(at(ip, 1), X0)
	splitToken()
	CMPL(lits.As32(), Imm(15))
	JEQ(to("fast_long_literals"))
	MOVOU(X0, at(op, 0))
	ADDQ(lits, op)
	MOVWLZX(idx(ip, lits, 1, 1), off.As32())
	LEAQ(idx(ip, lits, 1, 3), ip)
	if matchLabel != "" {
		Label(matchLabel)
	}
	MOVQ(op, from)
	SUBQ(off, from)
	CMPQ(from, base)
	JB(to("malformed"))
	CMPL(mlen.As32(), Imm(15))
	JEQ(to("fast_long_match"))
	CMPL(off.As32(), Imm(16))
	JB(to("fast_near"))
	copy16(X0, at(from, 0), at(op, 0))
	MOVL(at(from, 16), tmp.As32())
	MOVL(tmp.As32(), at(op, 16))
	LEAQ(idx(op, mlen, 1, 4), op)
}

// genDecode emits decodeBlock. Its fast path runs while input and output have
// room for copies of fixed size; the exact path takes one sequence and tries
// the fast path again. Both copy with "wild" stores beyond what is asked for
// as long as these stay inside dst: later sequences overwrite the excess.
// No store reaches further than ahead bytes past op after the sequence, and
// literals are read before anything is stored over them, which is what
// InPlaceMargin counts on.
func genDecode() {
	TEXT("decodeBlock", NOSPLIT, "func(dst *byte, dstLen int, src *byte, srcLen int, ip, op, stop int) (newIP, newOP, result int)")
	Pragma("noescape")
	Doc("decodeBlock decodes sequences from src[ip:] to dst[op:], until the block ends or op > stop. dstLen and srcLen are at least 1.")
	Load(Param("dst"), base)
	Load(Param("dstLen"), oend)
	ADDQ(base, oend)
	Load(Param("src"), ip)
	Load(Param("srcLen"), iend)
	ADDQ(ip, iend)
	Load(Param("ip"), tmp)
	ADDQ(tmp, ip)
	Load(Param("op"), op)
	ADDQ(base, op)
	LEAQ(at(iend, -fastIn), ifast)
	Comment("Passing stop leaves the fast path too; the exact path tells which it was.")
	LEAQ(at(oend, -fastOut), ofast)
	Load(Param("stop"), tmp)
	ADDQ(base, tmp)
	CMPQ(tmp, ofast)
	CMOVQCS(tmp, ofast)

	fastPath()
	exactSequence()
	copyMatch()
	copyLiterals()
	copyRepeat()
	copyNear()
	decoderExits()
}

// fastPath emits the loop over sequences far enough from both ends, and what
// it branches to for those that are not short in all respects.
func fastPath() {
	align(32)
	Label("loop")
	fastSequence("fast_match")
	fastSequence("")
	JMP(to("loop"))

	Label("fast_near")
	TESTL(off.As32(), off.As32())
	JEQ(to("malformed"))
	spread()
	MOVOU(X0, at(op, 0))
	MOVOU(X0, idx(op, tmp, 1, 0))
	LEAQ(idx(op, mlen, 1, 4), op)
	JMP(to("loop"))

	Label("fast_long_match")
	TESTL(off.As32(), off.As32())
	JEQ(to("malformed"))
	MOVQ(ip, mark)
	MOVBLZX(at(ip, 0), tmp.As32())
	INCQ(ip)
	ADDL(tmp.As32(), mlen.As32())
	CMPL(tmp.As32(), Imm(255))
	JEQ(to("match_extension"))
	JMP(to("match"))

	Label("fast_long_literals")
	MOVQ(ip, mark)
	MOVBLZX(at(ip, 1), tmp.As32())
	ADDQ(Imm(2), ip)
	ADDL(tmp.As32(), lits.As32())
	CMPL(tmp.As32(), Imm(255))
	JEQ(to("literal_extension"))
	Comment("The last read ends up to 31 bytes after the literals, the last store too.")
	LEAQ(idx(ip, lits, 1, 32), tmp)
	CMPQ(tmp, iend)
	JHI(to("exact_literals"))
	LEAQ(idx(op, lits, 1, 0), end)
	CMPQ(end, ofast)
	JHI(to("exact_literals"))
	LEAQ(idx(ip, lits, 1, 0), tmp)
	Label("fast_copy_literals")
	MOVOU(at(ip, 0), X0)
	MOVOU(at(ip, 16), X1)
	MOVOU(X0, at(op, 0))
	MOVOU(X1, at(op, 16))
	ADDQ(Imm(32), ip)
	ADDQ(Imm(32), op)
	CMPQ(op, end)
	JB(to("fast_copy_literals"))
	MOVQ(end, op)
	MOVWLZX(at(tmp, 0), off.As32())
	LEAQ(at(tmp, 2), ip)
	JMP(to("fast_match"))
}

// exactSequence emits the path for any sequence, which looks at each length,
// up to the copy of its match.
func exactSequence() {
	Label("exact")
	Load(Param("stop"), tmp)
	ADDQ(base, tmp)
	CMPQ(op, tmp)
	JHI(to("paused"))
	CMPQ(ip, iend)
	JAE(to("malformed"))
	MOVQ(ip, mark)
	MOVBLZX(at(ip, 0), mlen.As32())
	INCQ(ip)
	splitToken()
	CMPL(lits.As32(), Imm(15))
	JNE(to("exact_literals"))

	Label("literal_extension")
	extend(lits, sizes.MaxLiterals, "literal_extension", "long_literals")

	Label("exact_literals")
	left, room := mark, end
	MOVQ(iend, left)
	SUBQ(ip, left)
	CMPQ(lits, left)
	JHI(to("malformed"))
	MOVQ(oend, room)
	SUBQ(op, room)
	CMPQ(lits, room)
	JHI(to("malformed"))
	CMPQ(lits, Imm(16))
	JHI(to("exact_copy_literals"))
	CMPQ(left, Imm(16))
	JB(to("short_literals"))
	CMPQ(room, Imm(16))
	JB(to("short_literals"))
	copy16(X0, at(ip, 0), at(op, 0))

	Label("literals_done")
	ADDQ(lits, ip)
	ADDQ(lits, op)
	CMPQ(ip, iend)
	JEQ(to("block_end"))
	LEAQ(at(ip, 2), mark)
	CMPQ(mark, iend)
	JHI(to("malformed"))
	MOVWLZX(at(ip, 0), off.As32())
	MOVQ(mark, ip)
	TESTL(off.As32(), off.As32())
	JEQ(to("malformed"))
	MOVQ(op, from)
	SUBQ(off, from)
	CMPQ(from, base)
	JB(to("malformed"))
	CMPL(mlen.As32(), Imm(15))
	JNE(to("match"))

	Label("match_extension")
	extend(mlen, sizes.MaxMatch, "match_extension", "long_match")
}

// copyMatch emits the copy of a match with an offset from 16 that is not long
// and, near the end of dst, that of one of any length.
func copyMatch() {
	Label("match")
	ADDQ(Imm(4), mlen)
	LEAQ(idx(op, mlen, 1, 0), end)
	CMPQ(end, oend)
	JHI(to("malformed"))
	LEAQ(at(end, ahead), tmp)
	CMPL(off.As32(), Imm(16))
	JB(to("near"))
	CMPQ(mlen, Imm(64))
	JHI(to("longer_match"))
	Label("far")
	CMPQ(tmp, oend)
	JHI(to("last_match"))
	Label("copy_match")
	copy16(X0, at(from, 0), at(op, 0))
	copy16(X0, at(from, 16), at(op, 16))
	ADDQ(Imm(32), from)
	ADDQ(Imm(32), op)
	CMPQ(op, end)
	JB(to("copy_match"))
	MOVQ(end, op)
	JMP(to("loop"))

	Comment("Fewer than 32 bytes of dst follow the match.")
	Label("last_match")
	CMPQ(mlen, Imm(16))
	JB(to("short_match"))
	Comment("The rest is one vector that ends with the match.")
	LEAQ(at(end, -16), tmp)
	Label("copy_last_match")
	copy16(X0, at(from, 0), at(op, 0))
	ADDQ(Imm(16), from)
	ADDQ(Imm(16), op)
	CMPQ(op, tmp)
	JB(to("copy_last_match"))
	MOVQ(tmp, from)
	SUBQ(off, from)
	copy16(X0, at(from, 0), at(tmp, 0))
	MOVQ(end, op)
	JMP(to("loop"))

	Label("short_match")
	CMPQ(mlen, Imm(8))
	JB(to("shorter_match"))
	MOVQ(at(from, 0), tmp)
	MOVQ(idx(from, mlen, 1, -8), mark)
	MOVQ(tmp, at(op, 0))
	MOVQ(mark, idx(op, mlen, 1, -8))
	MOVQ(end, op)
	JMP(to("loop"))
	Label("shorter_match")
	MOVL(at(from, 0), tmp.As32())
	MOVL(idx(from, mlen, 1, -4), mark.As32())
	MOVL(tmp.As32(), at(op, 0))
	MOVL(mark.As32(), idx(op, mlen, 1, -4))
	MOVQ(end, op)
	JMP(to("loop"))
}

// copyLiterals emits the copies that exactSequence branches to: of more than 16
// literals, and of fewer where a vector is too wide.
func copyLiterals() {
	Comment("More than 16 literals: the rest is one vector that ends with them.")
	Label("exact_copy_literals")
	MOVOU(idx(ip, lits, 1, -16), X1)
	LEAQ(idx(ip, lits, 1, 0), from)
	LEAQ(idx(op, lits, 1, -16), end)
	Label("exact_copy_literals_64")
	LEAQ(at(op, 48), tmp)
	CMPQ(tmp, end)
	JHI(to("exact_copy_literals_16"))
	for i, x := range []VecPhysical{X0, X2, X3, X4} {
		MOVOU(at(ip, 16*i), x)
	}
	for i, x := range []VecPhysical{X0, X2, X3, X4} {
		MOVOU(x, at(op, 16*i))
	}
	ADDQ(Imm(64), ip)
	ADDQ(Imm(64), op)
	JMP(to("exact_copy_literals_64"))
	Label("exact_copy_literals_16")
	CMPQ(op, end)
	JAE(to("exact_copy_literals_end"))
	copy16(X0, at(ip, 0), at(op, 0))
	ADDQ(Imm(16), ip)
	ADDQ(Imm(16), op)
	JMP(to("exact_copy_literals_16"))
	Label("exact_copy_literals_end")
	MOVOU(X1, at(end, 0))
	Comment("ip and op before the literals, as literals_done expects them.")
	MOVQ(from, ip)
	SUBQ(lits, ip)
	LEAQ(at(end, 16), op)
	SUBQ(lits, op)
	JMP(to("literals_done"))

	Comment("At most 16 literals at the very end of src or dst.")
	Label("short_literals")
	CMPQ(lits, Imm(8))
	JB(to("short_literals_7"))
	MOVQ(at(ip, 0), tmp)
	MOVQ(idx(ip, lits, 1, -8), mark)
	MOVQ(tmp, at(op, 0))
	MOVQ(mark, idx(op, lits, 1, -8))
	JMP(to("literals_done"))
	Label("short_literals_7")
	CMPQ(lits, Imm(4))
	JB(to("short_literals_3"))
	MOVL(at(ip, 0), tmp.As32())
	MOVL(idx(ip, lits, 1, -4), mark.As32())
	MOVL(tmp.As32(), at(op, 0))
	MOVL(mark.As32(), idx(op, lits, 1, -4))
	JMP(to("literals_done"))
	Label("short_literals_3")
	TESTL(lits.As32(), lits.As32())
	JEQ(to("literals_done"))
	Comment("First, middle and last byte are all there are.")
	MOVL(lits.As32(), end.As32())
	SHRL(Imm(1), end.As32())
	MOVBLZX(at(ip, 0), tmp.As32())
	MOVBLZX(idx(ip, end, 1, 0), from.As32())
	MOVBLZX(idx(ip, lits, 1, -1), mark.As32())
	MOVB(tmp.As8(), at(op, 0))
	MOVB(from.As8(), idx(op, end, 1, 0))
	MOVB(mark.As8(), idx(op, lits, 1, -1))
	JMP(to("literals_done"))
}

// copyRepeat emits what becomes of a match of more than 64 bytes: a pattern of
// 17 to 31 bytes is repeated from registers.
func copyRepeat() {
	Comment("Matches that repeat themselves, most often a pattern of a few bytes.")
	Label("longer_match")
	CMPL(off.As32(), Imm(16))
	JEQ(to("near"))
	CMPL(off.As32(), Imm(32))
	JB(to("repeat"))
	Comment("A long match may overlap itself; Go copies by doubling, copy_match would wait for its own stores.")
	CMPQ(mlen, U32(sizes.MaxFar))
	JBE(to("far"))
	JMP(to("long_match"))

	Label("repeat")
	Comment("Two vectors hold the whole pattern, so that nothing is loaded that was just stored.")
	MOVOU(at(from, 0), X0)
	MOVOU(at(op, -16), X1)
	MOVQ(end, mark)
	SUBQ(off, mark)
	Label("copy_repeat")
	MOVOU(X0, at(op, 0))
	MOVOU(X1, idx(op, off, 1, -16))
	ADDQ(off, op)
	CMPQ(op, mark)
	JBE(to("copy_repeat"))
	Comment("Fewer than 32 bytes are left: a vector if there is room for it, and one that ends with the match.")
	LEAQ(at(end, -16), tmp)
	CMPQ(op, tmp)
	JHI(to("copy_repeat_end"))
	MOVOU(X0, at(op, 0))
	Label("copy_repeat_end")
	MOVQ(tmp, from)
	SUBQ(off, from)
	copy16(X0, at(from, 0), at(tmp, 0))
	MOVQ(end, op)
	JMP(to("loop"))
}

// copyNear emits the copy of a match with an offset up to 16, and at the very
// end of dst byte by byte.
func copyNear() {
	Label("near")
	LEAQ(at(from, 16), tmp)
	CMPQ(tmp, oend)
	JHI(to("copy_bytes"))
	spread()
	LEAQ(at(oend, -32), mark)
	Label("copy_near")
	CMPQ(op, mark)
	JHI(to("last_near"))
	MOVOU(X0, at(op, 0))
	MOVOU(X0, idx(op, tmp, 1, 0))
	LEAQ(idx(op, tmp, 2, 0), op)
	CMPQ(op, end)
	JB(to("copy_near"))
	MOVQ(end, op)
	JMP(to("loop"))

	Label("last_near")
	LEAQ(at(oend, -16), mark)
	Label("copy_last_near")
	CMPQ(op, mark)
	JHI(to("copy_bytes"))
	MOVOU(X0, at(op, 0))
	ADDQ(tmp, op)
	CMPQ(op, end)
	JB(to("copy_last_near"))
	MOVQ(end, op)
	JMP(to("loop"))
	Label("copy_bytes")
	MOVQ(op, from)
	SUBQ(off, from)
	Label("copy_byte")
	MOVB(at(from, 0), tmp.As8())
	MOVB(tmp.As8(), at(op, 0))
	INCQ(from)
	INCQ(op)
	CMPQ(op, end)
	JB(to("copy_byte"))
	JMP(to("loop"))
}

// decoderExits emits all ways out of the decoder.
func decoderExits() {
	Label("long_literals")
	MOVQ(mark, ip)
	MOVQ(I32(sizes.LongLiterals), tmp)
	JMP(to("exit"))
	Label("long_match")
	LEAQ(at(mark, -2), ip)
	MOVQ(I32(sizes.LongMatch), tmp)
	JMP(to("exit"))
	Label("malformed")
	MOVQ(I32(sizes.Malformed), tmp)
	JMP(to("exit"))
	Label("paused")
	MOVQ(I32(sizes.Paused), tmp)
	JMP(to("exit"))
	Label("block_end")
	MOVQ(I32(sizes.Done), tmp)
	Label("exit")
	Load(Param("src"), mlen)
	SUBQ(mlen, ip)
	SUBQ(base, op)
	Store(ip, Return("newIP"))
	Store(op, Return("newOP"))
	Store(tmp, Return("result"))
	leave([]VecPhysical{X0, X1, X2, X3, X4}, lits, mlen, off, from, end, tmp, mark)
}

// extend adds extension bytes to length, up to limit.
func extend(length Register, limit uint32, loop, tooLong string) {
	CMPQ(ip, iend)
	JAE(to("malformed"))
	MOVBLZX(at(ip, 0), tmp.As32())
	INCQ(ip)
	ADDQ(tmp, length)
	CMPQ(length, U32(limit))
	JHI(to(tooLong))
	CMPL(tmp.As32(), Imm(255))
	JEQ(to(loop))
}
