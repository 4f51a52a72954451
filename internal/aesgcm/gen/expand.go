package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// genExpand emits the set-up of a key: its round keys and at least the given
// number of powers of H. Short messages need few, and with a key that serves
// one message the difference shows.
func genExpand() {
	name := "expand" + suffix
	TEXT(name, attr.NOSPLIT, "func(keys *byte, key *byte, powers int)")
	keys := Load(Param("keys"), RDI)
	key := Load(Param("key"), RSI)
	powers := Load(Param("powers"), RCX)
	h := keySchedule(keys, key)

	// row[i] is a register of powers, the highest first, as in memory. From row 1
	// on they are products of an earlier row and the highest power of another in
	// all lanes, so that a few steps one after the other are enough.
	row := []VecPhysical{reg(0), reg(1), reg(2), reg(3), reg(4), reg(5), reg(5), reg(5), reg(5)}
	factor := reg(6)
	firstPowers(h, row[0], factor)
	done := newLabel("expanded")
	for i := range rows {
		if i > 0 {
			CMPQ(powers, Imm(uint64(i*blocks)))
			JLE(LabelRef(done))
			step := 1 // 1, 2, 2, 4, 4, 4, 4, 4
			for step < 4 && step*2 <= i {
				step *= 2
			}
			if i == step {
				broadcast(row[step-1], factor)
			}
			multiplyReduce(row[i-step], factor, row[i], full)
		}
		move(row[i], at(keys, -(i+1)*width))
	}
	Label(done)
	leave()
}

// firstPowers fills row with H^4..H^1 or H^2..H^1 from E(K, 0) in h.
func firstPowers(h, row, t VecPhysical) {
	// The twist (ghash.go): a shift of all 128 bits left by one; if a bit falls
	// out, add the polynomial. Without a branch: H is secret.
	carry, top := X9, X10
	VPSHUFB(cBswap, h, h)
	VPSRAD(Imm(31), h, top)
	VPSHUFD(Imm(0xff), top, top) // all ones if the top bit of h is set
	VPAND(cTwist, top, top)
	VPSRLQ(Imm(63), h, carry)
	VPSLLDQ(Imm(8), carry, carry) // from the low to the high half
	VPADDQ(h, h, h)
	VPXOR(carry, h, h)
	VPXOR(top, h, h)

	square := reg(1)
	multiplyReduce(h, h, square, x)
	VINSERTI128(Imm(1), h, y(square), y(row)) // H^2, H^1
	if wide() {
		VINSERTI128(Imm(1), x(square), y(square), y(t)) // H^2, H^2
		multiplyReduce(row, t, square, y)               // H^4, H^3
		VINSERTI64X4(Imm(1), y(row), square, row)
	}
}

// multiplyReduce sets dst = a*b in all lanes of the width that as selects. The
// scratch registers are always the same; the CPU renames them, so that products
// that do not depend on each other run together all the same.
func multiplyReduce(a, b, dst VecPhysical, as func(VecPhysical) VecPhysical) {
	l, m, h, c, t := as(reg(8)), as(reg(9)), as(dst), as(reg(10)), as(reg(11))
	move(as(a), c)
	multiply(c, as(b), t, l, m, h, true)
	run(reduction(l, m, h, t))
}

// keySchedule stores the 15 round keys and returns a register with E(K, 0).
//
// FIPS 197 writes the schedule in words: w[i] = w[i-8] ^ f(w[i-1]), where f is
// SubWord(RotWord(w)) ^ rcon for i = 0 mod 8, SubWord(w) for i = 4 mod 8 and the
// identity otherwise. For the four words of a round key that unrolls to
//
//	new = prefix(old) ^ (t, t, t, t)
//	prefix(old) = (o0, o0^o1, o0^o1^o2, o0^o1^o2^o3)
//
// where old is the round key two back and t = f(last word of the one before).
//
// AESENCLAST computes ShiftRows(SubBytes(state)) ^ key. With the same word in all
// four columns ShiftRows changes nothing. So a shuffle that broadcasts the word
// (and rotates it where wanted) and AESENCLAST with prefix(old) ^ rcon as
// its key are a whole step, with two instructions on the critical path;
// AESKEYGENASSIST does less and takes longer.
//
// E(K, 0) is computed along the way: the schedule leaves the AES units idle most of
// the time.
func keySchedule(keys, key Register) VecPhysical {
	pair := []VecPhysical{X0, X1}
	var h, rot, last, t, prefix VecPhysical = X2, X3, X4, X5, X6
	VMOVDQU(at(key, 0), pair[0])
	VMOVDQU(at(key, 16), pair[1])
	VMOVDQU(cRotWord, rot)
	VMOVDQU(cLastWord, last)
	VMOVDQU(pair[0], at(keys, 0))
	VMOVDQU(pair[1], at(keys, 16))
	VAESENC(pair[1], pair[0], h) // the state before is 0 ^ round key 0
	for i := 2; i <= rounds; i++ {
		old, before := pair[i%2], pair[(i-1)%2]
		VPSLLDQ(Imm(4), old, t)
		VPXOR(t, old, prefix)
		VPSLLDQ(Imm(8), prefix, t)
		VPXOR(t, prefix, prefix)
		if i%2 == 0 {
			VPXOR(cRcon.Offset(16*(i/2-1)), prefix, prefix)
			VPSHUFB(rot, before, t)
		} else {
			VPSHUFB(last, before, t)
		}
		VAESENCLAST(prefix, t, old)
		VMOVDQU(old, at(keys, i*16))
		if i < rounds {
			VAESENC(old, h, h)
		} else {
			VAESENCLAST(old, h, h)
		}
	}
	return h
}
