package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// GHASH evaluates a polynomial at H = E(K, 0): for blocks B1..Bm it is
// B1*H^m + B2*H^(m-1) + ... + Bm*H in GF(2^128) modulo
// p = x^128 + x^7 + x^2 + x + 1 (SP 800-38D, 6.4). With the powers of H at hand
// the products do not depend on each other; they can be summed as 256-bit
// values and reduced modulo p once for many blocks.
//
// Bit order. GCM stores the coefficient of x^0 in the first bit of the first
// byte. After reversing the bytes of a block, the coefficient of x^i is bit
// 127-i of a little-endian number. Read as a polynomial in y, where y^i is bit i,
// the element a(x) has become A(y) = y^127 * a(1/y).
//
// Products, from 64-bit halves:
//
//	lo  = A0*B0          words 0,1 of the 256-bit result
//	mid = A1*B0 + A0*B1  words   1,2
//	hi  = A1*B1          words     2,3
//
// Addition is XOR. Sums of products stay in these three registers; mid is never
// shifted into place, as the reduction takes it where it is.
//
// Reduction. In y the field polynomial is P = 1 + y^121 + y^126 + y^127 + y^128.
// Its low word is 1, so adding word0*P clears word 0. Apart from that it adds
// word0*(y^57 + y^62 + y^63), a product with 0xc2<<56, to words 1,2, and word0
// itself (from y^128) to word 2. The same with word 1, and what is left is in
// words 2,3. That divides by y^128 modulo P: Montgomery reduction, for
// polynomials. Each step is a multiplication and a swap of halves.
//
// The twist. A product reduced like that is A*B*y^-128 = y^126 * (ab)(1/y), and
// that is the element x*a*b: a factor x too many. It is taken back once per key,
// by storing H^i/x instead of H^i (expand.go; in y that is a shift left by one
// bit). Then a block times a stored power is right, and two stored
// powers make another: x * H^i/x * H^j/x = H^(i+j)/x.

// multiply multiplies a by b (register or memory) lane by lane and stores (first)
// or adds the partial products to lo, mid and hi. It destroys a and t.
func multiply(a VecPhysical, b Op, t, lo, mid, hi VecPhysical, first bool) {
	if first {
		VPCLMULQDQ(Imm(0x00), b, a, lo)
		VPCLMULQDQ(Imm(0x11), b, a, hi)
		VPCLMULQDQ(Imm(0x01), b, a, t) // high half of a, low half of b
		VPCLMULQDQ(Imm(0x10), b, a, a)
		xor(t, a, mid)
		return
	}
	VPCLMULQDQ(Imm(0x00), b, a, t)
	xor(t, lo, lo)
	VPCLMULQDQ(Imm(0x11), b, a, t)
	xor(t, hi, hi)
	VPCLMULQDQ(Imm(0x01), b, a, t)
	VPCLMULQDQ(Imm(0x10), b, a, a)
	xor3(t, a, mid)
}

// reduction leaves lo + mid*y^64 + hi*y^128, reduced, in hi and destroys the rest.
// It comes in steps, to be spread between AES rounds.
func reduction(lo, mid, hi, t VecPhysical) []func() {
	return []func(){
		func() {
			VPCLMULQDQ(Imm(0x00), cPoly, lo, t)
			VPSHUFD(Imm(0x4e), lo, lo) // swap halves
		},
		func() { xor3(t, lo, mid) },
		func() {
			VPCLMULQDQ(Imm(0x00), cPoly, mid, t)
			VPSHUFD(Imm(0x4e), mid, mid)
		},
		func() { xor3(t, mid, hi) },
	}
}

// hashSteps reduces the sums into acc.
func hashSteps() []func() {
	return append(reduction(lo, mid, hi, prod), func() { foldLanes(hi, prod, acc) })
}

// addAcc adds the accumulator to data, the first blocks of what is hashed
// next, and clears it, so that doing so again does no harm.
func addAcc() {
	xor(acc, data, data)
	VPXOR(x(acc), x(acc), x(acc))
}

func clearSums() {
	for _, v := range []VecPhysical{lo, mid, hi} {
		VPXOR(x(v), x(v), x(v))
	}
}

// batchSteps returns GHASH of a batch at p.
func batchSteps(keys, p Register, disp int) []func() {
	var steps []func()
	// The accumulator belongs to the first blocks. They come last, to give
	// the reduction before it time to finish.
	for i, j := range []int{1, 2, 3, 4, 5, 6, 7, 0} {
		steps = append(steps, func() {
			move(at(p, disp+j*width), data)
			reverse(data, data)
			if j == 0 {
				xor(acc, data, data)
			}
			multiply(data, at(keys, (j-batch)*width), prod, lo, mid, hi, i == 0)
		})
	}
	return append(steps, hashSteps()...)
}

// powersFor sets dst to the address of H^n, the factor of the first of n blocks;
// those of the following blocks are behind it. When the last register is not
// full, reading its factors runs past H^1 into the round keys, which meet
// data that is zero.
func powersFor(keys, n, dst Register) {
	if n != dst {
		MOVQ(n, dst)
	}
	SHLQ(Imm(4), dst)
	NEGQ(dst)
	ADDQ(keys, dst)
}

// hashPadded hashes n bytes at p, 1 to a batch, padded with zeros to whole blocks,
// into acc. It destroys p, n and the other registers.
func hashPadded(keys, p, n, powers Register, a, b, c GPPhysical) {
	LEAQ(at(n, 15), powers)
	SHRQ(Imm(4), powers)
	powersFor(keys, powers, powers)
	clearSums()
	loop, last := newLabel("hash"), newLabel("hash")
	Label(loop)
	CMPQ(n, U32(uint32(width)))
	JLE(LabelRef(last))
	move(at(p, 0), data)
	reverse(data, data)
	addAcc()
	multiply(data, at(powers, 0), prod, lo, mid, hi, false)
	ADDQ(Imm(uint64(width)), p)
	ADDQ(Imm(uint64(width)), powers)
	SUBQ(Imm(uint64(width)), n)
	JMP(LabelRef(loop))
	Label(last)
	partial{p, n, a, b, c}.load(data)
	reverse(data, data)
	addAcc()
	multiply(data, at(powers, 0), prod, lo, mid, hi, false)
	run(hashSteps())
}

// genGHASH emits the treatment of long additional data, up to a batch a call.
func genGHASH() {
	TEXT("ghash"+suffix, attr.NOSPLIT, "func(keys *byte, s *byte, p *byte, n int)")
	keys := Load(Param("keys"), RDI)
	s := Load(Param("s"), R9)
	p := Load(Param("p"), RSI)
	n := Load(Param("n"), RCX)
	loadMask()
	loadPair(s, offAcc, x(acc))
	hashPadded(keys, p, n, RBX, R10, R11, R12)
	VMOVDQU(x(acc), at(s, offAcc))
	leave()
}

// loadPair loads 16 bytes that Go code has just written as two words. Reading
// words as well lets the CPU take them from its store buffer; a 16-byte load
// across two stores would wait until both are in the cache.
func loadPair(base Register, disp int, v VecPhysical) {
	VMOVQ(at(base, disp), v)
	VPINSRQ(Imm(1), at(base, disp+8), v, v)
}
