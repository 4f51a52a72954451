package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Register map, the same in every function that handles data.
//
//	0-7    AES states
//	8-10   sums of GHASH products: low, middle, high (see ghash.go)
//	11     data
//	12     product
//	13     scratch; the round key at work (256)
//	14     next counters, byte-reversed, one more in each lane; in the tail E(K, J0)
//	15     GHASH accumulator in lane 0, zeros above
//	16     byte reversal mask (512)
//	17-31  round keys in all lanes (512)
//
// Registers from 16 on exist with EVEX encodings only. avo reports an
// instruction that cannot name its register.
var (
	width  int    // bytes in a register: 64 or 32
	blocks int    // blocks in a register
	suffix string // of function names

	state               [8]VecPhysical
	lo, mid, hi         VecPhysical
	data, prod, scratch VecPhysical
	ctr, acc            VecPhysical

	bswapMask   Op  // reverses the bytes of each block
	counterStep Mem // blocks in each lane
)

var (
	ymm          = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	zmm          = []VecPhysical{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15}
	roundKeys512 = []VecPhysical{Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}
)

// wide reports whether the 512-bit kernel is being emitted.
func wide() bool { return width == 64 }

// reg is register i at full width.
func reg(i int) VecPhysical {
	if wide() {
		return zmm[i]
	}
	return ymm[i]
}

func setWidth(bytes int) {
	width, blocks = bytes, bytes/16
	suffix, bswapMask, counterStep = "256", cBswap, cStep2
	if wide() {
		suffix, bswapMask, counterStep = "512", Z16, cStep4
	}
	for i := range state {
		state[i] = reg(i)
	}
	lo, mid, hi, data, prod, scratch, ctr, acc = reg(8), reg(9), reg(10), reg(11), reg(12), reg(13), reg(14), reg(15)
}

// x and y are the low 128 and 256 bits of a register.
func x(v VecPhysical) VecPhysical { return v.AsX().(VecPhysical) }
func y(v VecPhysical) VecPhysical { return v.AsY().(VecPhysical) }

// full is the identity: with x, it says how wide an operation is.
func full(v VecPhysical) VecPhysical { return v }

// xor adds a (register or memory) and b. VPXOR has no EVEX form, so it knows neither
// ZMM registers nor those from 16 on.
func xor(a Op, b, dst VecPhysical) {
	v, isReg := a.(VecPhysical)
	if dst.Size() == 64 || isReg && v.PhysicalIndex() > 15 {
		VPXORQ(a, b, dst)
	} else {
		VPXOR(a, b, dst)
	}
}

// xor3 adds a and b to dst; it may destroy a.
func xor3(a, b, dst VecPhysical) {
	if wide() {
		VPTERNLOGQ(Imm(0x96), a, b, dst) // the truth table of a three-way XOR
	} else {
		xor(a, b, a)
		xor(a, dst, dst)
	}
}

// move copies a register or memory to a register, or a register to memory.
func move(src, dst Op) {
	for _, op := range []Op{src, dst} {
		if v, ok := op.(VecPhysical); ok && v.Size() == 64 {
			VMOVDQU64(src, dst)
			return
		}
	}
	VMOVDQU(src, dst)
}

// reverse reverses the bytes of each block.
func reverse(src, dst VecPhysical) {
	if src.Size() == 16 {
		VPSHUFB(cBswap, src, dst)
	} else {
		VPSHUFB(bswapMask, src, dst)
	}
}

// broadcast copies lane 0 to all lanes.
func broadcast(src, dst VecPhysical) {
	if wide() {
		VSHUFI64X2(Imm(0), src, src, dst)
	} else {
		VPERM2I128(Imm(0), src, src, dst)
	}
}

// foldLanes adds all lanes of v into lane 0 of dst, whose other lanes become zero:
// every VEX or EVEX instruction zeroes what is above its destination. It
// destroys v and t.
func foldLanes(v, t, dst VecPhysical) {
	if wide() {
		VEXTRACTI64X4(Imm(1), v, y(t))
		xor(y(t), y(v), y(v))
	}
	VEXTRACTI128(Imm(1), y(v), x(t))
	xor(x(t), x(v), x(dst))
}

// loadMask makes ready for reverse.
func loadMask() {
	if wide() {
		VMOVDQU64(cBswap, Z16)
	}
}

// loadRoundKeys makes ready for roundKey. keys is the address of the round keys.
func loadRoundKeys(keys Register) {
	if wide() {
		for i, k := range roundKeys512 {
			VBROADCASTI32X4(at(keys, i*16), k)
		}
	}
}

// roundKey returns a register with round key r in each lane. It may use the
// scratch register.
func roundKey(keys Register, r int) VecPhysical {
	if wide() {
		return roundKeys512[r]
	}
	VBROADCASTI128(at(keys, r*16), scratch)
	return scratch
}

// partial is the end of a buffer: n bytes at ptr, 1 to width of them. Its methods
// move them from and to a register and touch no byte beyond. load comes first.
type partial struct {
	ptr, n  Register
	a, b, c GPPhysical // scratch
}

// load fills v, with zeros behind the n bytes.
func (p partial) load(v VecPhysical) {
	if wide() {
		// Masked loads and stores do not fault on bytes that are masked off.
		MOVQ(I32(-1), p.a)
		BZHIQ(p.n, p.a, p.a)
		KMOVQ(p.a, K1)
		VMOVDQU8_Z(at(p.ptr, 0), K1, v)
		return
	}
	p.halves(
		func() { p.load16(0, x(v)) },
		func() {
			p.load16(16, x(v))
			VMOVDQU(at(p.ptr, 0), x(scratch))
			VINSERTI128(Imm(1), x(v), scratch, v)
		})
}

// store writes the first n bytes of v. It destroys v in the 256-bit kernel.
func (p partial) store(v VecPhysical) {
	if wide() {
		VMOVDQU8(v, K1, at(p.ptr, 0))
		return
	}
	p.halves(
		func() { p.store16(x(v), 0) },
		func() {
			VMOVDQU(x(v), at(p.ptr, 0))
			VEXTRACTI128(Imm(1), v, x(v))
			p.store16(x(v), 16)
		})
}

// mask zeroes all but the first n bytes of src.
func (p partial) mask(src, dst VecPhysical) {
	if wide() {
		VMOVDQU8_Z(src, K1, dst)
		return
	}
	LEAQ(cTailMask, p.a)
	SUBQ(p.n, p.a)
	VPAND(at(p.a, 32), src, dst)
}

func (p partial) halves(first, second func()) {
	small, done := newLabel("half"), newLabel("half")
	CMPQ(p.n, Imm(16))
	JLE(LabelRef(small))
	second()
	JMP(LabelRef(done))
	Label(small)
	first()
	Label(done)
}

// The 256-bit kernel has no byte masks. It moves the last r = n - disp bytes, 1
// to 16, as two words (or halves, or three bytes) that overlap, one at
// the beginning and one that ends where the buffer ends. Shifts bring them together;
// counts are in bits and taken modulo 64 by the instruction, which makes those
// below right for disp 0 and 16 alike.

func (p partial) fromEnd(bytes int) Mem { return Mem{Base: p.ptr, Index: p.n, Scale: 1, Disp: -bytes} }

func (p partial) sizes(disp int, words, halves, bytes func()) {
	four, one, done := newLabel("part"), newLabel("part"), newLabel("part")
	CMPQ(p.n, Imm(uint64(disp+8)))
	JLE(LabelRef(four))
	words() // r > 8
	JMP(LabelRef(done))
	Label(four)
	CMPQ(p.n, Imm(uint64(disp+4)))
	JLT(LabelRef(one))
	halves() // 4 <= r <= 8
	JMP(LabelRef(done))
	Label(one)
	bytes() // r < 4
	Label(done)
}

func (p partial) load16(disp int, v VecPhysical) {
	p.sizes(disp, func() {
		MOVQ(at(p.ptr, disp), p.a)
		MOVQ(p.fromEnd(8), p.b)
		p.countBack()
		SHRXQ(p.c, p.b, p.b)
		VMOVQ(p.a, v)
		VPINSRQ(Imm(1), p.b, v, v)
	}, func() {
		MOVL(at(p.ptr, disp), p.a.As32())
		MOVL(p.fromEnd(4), p.b.As32())
		p.countFrom(4)
		SHLXQ(p.c, p.b, p.b)
		ORQ(p.b, p.a)
		VMOVQ(p.a, v)
	}, func() {
		MOVBQZX(at(p.ptr, disp), p.a)
		MOVBQZX(p.fromEnd(1), p.b)
		p.countFrom(1)
		SHLXQ(p.c, p.b, p.b)
		ORQ(p.b, p.a)
		MOVBQZX(p.middle(disp), p.b)
		SHLQ(Imm(3), p.c)
		SHLXQ(p.c, p.b, p.b)
		ORQ(p.b, p.a)
		VMOVQ(p.a, v)
	})
}

func (p partial) store16(v VecPhysical, disp int) {
	VMOVQ(v, p.a)
	p.sizes(disp, func() {
		VPEXTRQ(Imm(1), v, p.b)
		MOVQ(p.a, at(p.ptr, disp))
		// 8 * (r - 8), which may be 64: in two steps.
		LEAQ(at(p.n, -disp-8), p.c)
		SHLQ(Imm(2), p.c)
		SHRXQ(p.c, p.a, p.a)
		SHRXQ(p.c, p.a, p.a)
		p.countBack()
		SHLXQ(p.c, p.b, p.b)
		ORQ(p.b, p.a)
		MOVQ(p.a, p.fromEnd(8))
	}, func() {
		MOVL(p.a.As32(), at(p.ptr, disp))
		p.countFrom(4)
		SHRXQ(p.c, p.a, p.a)
		MOVL(p.a.As32(), p.fromEnd(4))
	}, func() {
		MOVB(p.a.As8(), at(p.ptr, disp))
		middle := p.middle(disp)
		LEAQ(middle, p.b)
		SHLQ(Imm(3), p.c)
		SHRXQ(p.c, p.a, p.c)
		MOVB(p.c.As8(), at(p.b, 0))
		p.countFrom(1)
		SHRXQ(p.c, p.a, p.a)
		MOVB(p.a.As8(), p.fromEnd(1))
	})
}

// countBack sets c to 8 * (16 - r), modulo 64.
func (p partial) countBack() {
	MOVQ(p.n, p.c)
	NEGQ(p.c)
	SHLQ(Imm(3), p.c)
}

// countFrom sets c to 8 * (n - bytes), the place of the last bytes.
func (p partial) countFrom(bytes int) {
	LEAQ(at(p.n, -bytes), p.c)
	SHLQ(Imm(3), p.c)
}

// middle is byte r/2. It leaves n/2 in c, which is r/2 plus 0 or 8.
func (p partial) middle(disp int) Mem {
	MOVQ(p.n, p.c)
	SHRQ(Imm(1), p.c)
	return Mem{Base: p.ptr, Index: p.c, Scale: 1, Disp: disp - disp/2}
}

// leave clears the registers and returns: they held round keys, key stream and
// plaintext, and whoever uses them next must not find any of it.
func leave() {
	VZEROALL() // registers 0 to 15, at full width
	if wide() {
		for _, k := range append([]VecPhysical{Z16}, roundKeys512...) {
			VPXORQ(k, k, k)
		}
	}
	for _, r := range []GPPhysical{RDX, R8, R10, R11, R12, R13} {
		XORL(r.As32(), r.As32())
	}
	RET()
}
