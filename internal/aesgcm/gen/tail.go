package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// half a batch is the most registers that the tail hashes in one go.
const half = batch / 2

// genTail emits the end of a message: 0 <= n <= a batch of data and the length
// block, with a single reduction, and the tag, which it leaves in data. Then
// the place of the tag is at dst + n and src + n.
//
// There is a copy of the code for each number of registers up to four. AES alone
// would not need that: it takes 14 times the latency of a round, for one
// register as for eight. But GHASH takes four multiplications for each. More
// than four registers are encrypted as eight and go on as four and the rest.
func genTail(seal bool) {
	// The length block, byte-reversed: bits of data in the low half, bits of
	// additional data in the high one. Its product with H^1 starts the sums.
	VMOVQ(rTotal, x(data))
	VPINSRQ(Imm(1), rAADLen, x(data), x(data))
	VPSLLQ(Imm(3), x(data), x(data))
	multiply(x(data), at(rKeys, -16), x(prod), x(lo), x(mid), x(hi), true)

	// So the first of m blocks has H^(m+1).
	LEAQ(at(rN, 15+16), rPowers)
	SHRQ(Imm(4), rPowers)
	powersFor(rKeys, rPowers, rPowers)

	var keys, texts []string
	for range half + 1 {
		keys, texts = append(keys, newLabel("keystream")), append(texts, newLabel("text"))
	}
	last, tag := newLabel("last"), newLabel("tag")

	chooseRegisters(keys, 0)
	CMPQ(rN, U32(uint32(half*width)))
	JLE(LabelRef(keys[half]))
	tailKeyStream(batch)
	wholeRegisters(seal, half)
	for j := range half {
		move(state[half+j], state[j])
	}
	chooseRegisters(texts, 1)
	JMP(LabelRef(texts[half]))

	for w := half; w > 0; w-- {
		Label(keys[w])
		tailKeyStream(w)
		Label(texts[w])
		wholeRegisters(seal, w-1)
		if w > 1 {
			move(state[w-1], state[0])
			JMP(LabelRef(last))
		}
	}

	Label(last)
	lastRegister(seal)
	JMP(LabelRef(tag))

	// No data at all.
	Label(keys[0])
	tailKeyStream(0)
	multiply(x(acc), at(rKeys, -16), x(prod), x(lo), x(mid), x(hi), false)

	Label(tag)
	run(hashSteps())
	reverse(x(acc), x(data))
	xor(ej0(), x(data), x(data))
}

// ej0 is the register for E(K, J0), for which the counters make room.
func ej0() VecPhysical { return x(ctr) }

// chooseRegisters jumps to label[w] where n bytes need w registers, from least to
// half a batch.
func chooseRegisters(label []string, least int) {
	for w := least; w < half; w++ {
		CMPQ(rN, U32(uint32(w*width)))
		JLE(LabelRef(label[w]))
	}
}

// tailKeyStream encrypts the last w counters, and J0 for the tag.
func tailKeyStream(w int) {
	nextCounters(rKeys, state[:w])
	// J0 is nonce || 1, and ctr has nonce || next counter.
	MOVL(U32(1), R8L)
	VPINSRD(Imm(0), R8L, ej0(), ej0())
	reverse(ej0(), ej0())
	xor(x(roundKey(rKeys, 0)), ej0(), ej0())
	encrypt(rKeys, append([]VecPhysical{ej0()}, state[:w]...), nil)
}

// hashTail adds the product of data and register j of the powers to the sums.
func hashTail(j int) { multiply(data, at(rPowers, j*width), prod, lo, mid, hi, false) }

// wholeRegisters seals or opens w registers full of data and goes on to what is
// behind them.
func wholeRegisters(seal bool, w int) {
	for j, s := range state[:w] {
		crypt(seal, s, at(rSrc, j*width), at(rDst, j*width))
		if j == 0 {
			addAcc()
		}
		hashTail(j)
	}
	if w > 0 {
		ADDQ(U32(uint32(w*width)), rSrc)
		ADDQ(U32(uint32(w*width)), rDst)
		ADDQ(U32(uint32(w*width)), rPowers)
		SUBQ(U32(uint32(w*width)), rN)
	}
}

// lastRegister seals or opens the last 1 to width bytes, with the key stream in
// state[0].
func lastRegister(seal bool) {
	in, out := partial{rSrc, rN, R8, R10, R11}, partial{rDst, rN, R8, R10, R11}
	in.load(data)
	xor(data, state[0], state[0])
	if seal {
		// Key stream beyond the end must not get into GHASH.
		out.mask(state[0], data)
	}
	out.store(state[0])
	reverse(data, data)
	addAcc()
	hashTail(0)
}
