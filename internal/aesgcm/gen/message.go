package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// General registers of seal and open. Behind the beginning of a message, nonce and
// aad are free; in the tail, everything is but the first four and powers.
var (
	rKeys, rDst, rSrc, rN = RDI, RAX, RSI, RCX
	rNonce, rAAD          = RDX, R8
	rAADLen, rTotal       = R9, R12
	rStream, rLimit       = R10, R11
	rPowers               = RBX
)

// genMessage emits
//
//	func seal(keys, dst, src *byte, n int, nonce, aad *byte, aadLen int, s *stream)
//	func open(keys, dst, src *byte, n int, nonce, aad *byte, aadLen int, s *stream) (diff uint64)
//
// With s == nil a call is a whole message with at most a batch of additional data.
// Otherwise it is a part of one: nonce and aad are not used, s has the state.
// A part that is not the last is a whole number of batches.
//
// seal writes the ciphertext and, at the end of a message, the tag behind it.
// open expects the tag behind the ciphertext and returns 0 if it is right. It
// has written the plaintext by then; its caller erases it when diff is 1.
func genMessage(seal bool) {
	name, sig := "open"+suffix, "func(keys, dst, src *byte, n int, nonce, aad *byte, aadLen int, s *byte) (diff uint64)"
	if seal {
		name, sig = "seal"+suffix, "func(keys, dst, src *byte, n int, nonce, aad *byte, aadLen int, s *byte)"
	}
	TEXT(name, attr.NOSPLIT, sig)
	for _, p := range []struct {
		name string
		r    Register
	}{{"keys", rKeys}, {"dst", rDst}, {"src", rSrc}, {"n", rN}, {"s", rStream}} {
		Load(Param(p.name), p.r)
	}
	loadMask()
	loadRoundKeys(rKeys)
	part, bulkLabel, tail := newLabel("part"), newLabel("bulk"), newLabel("tail")
	TESTQ(rStream, rStream)
	JNE(LabelRef(part))

	// The beginning of a message. Counter 1 is for the tag, data starts at 2.
	Load(Param("nonce"), rNonce)
	Load(Param("aad"), rAAD)
	Load(Param("aadLen"), rAADLen)
	VMOVQ(at(rNonce, 0), x(ctr))
	VPINSRD(Imm(2), at(rNonce, 8), x(ctr), x(ctr))
	reverse(x(ctr), x(ctr))
	spreadCounter(cFirst)
	VPXOR(x(acc), x(acc), x(acc))
	noAAD := newLabel("data")
	MOVQ(rAADLen, RDX)
	TESTQ(RDX, RDX)
	JEQ(LabelRef(noAAD))
	hashPadded(rKeys, rAAD, RDX, rPowers, R11, R12, R13)
	Label(noAAD)
	MOVQ(rN, rTotal)
	MOVQ(U32(batch*uint32(width)), rLimit)
	JMP(LabelRef(bulkLabel))

	Label(part)
	loadPair(rStream, offAcc, x(acc))
	loadPair(rStream, offCtr, x(ctr))
	spreadCounter(cNext)
	MOVQ(at(rStream, offTotal), rTotal)
	MOVQ(at(rStream, offAAD), rAADLen)
	MOVQ(at(rStream, offLast), rLimit)
	LEAQ(at(rLimit, batch*width-1), rLimit)

	// The end of a message leaves a batch or less to the tail, even a whole one,
	// so that the length block shares its reduction.
	Label(bulkLabel)
	bulk(seal, rLimit)
	TESTQ(rStream, rStream)
	JEQ(LabelRef(tail))
	CMPQ(at(rStream, offLast), Imm(0))
	JNE(LabelRef(tail))
	VMOVDQU(x(acc), at(rStream, offAcc))
	VMOVDQU(x(ctr), at(rStream, offCtr))
	if !seal {
		zero := RDX
		XORL(zero.As32(), zero.As32())
		Store(zero, Return("diff"))
	}
	leave()

	Label(tail)
	genTail(seal)
	tag := x(data)
	if seal {
		VMOVDQU(tag, Mem{Base: rDst, Index: rN, Scale: 1})
	} else {
		// All 16 bytes, whatever the first ones are: the time must not tell
		// how good a guess was.
		VPXOR(Mem{Base: rSrc, Index: rN, Scale: 1}, tag, tag)
		VMOVQ(tag, RDX)
		VPEXTRQ(Imm(1), tag, R8)
		ORQ(R8, RDX)
		// 1 for anything but 0: the bits that are wrong would make the right tag.
		NEGQ(RDX)
		SBBQ(RDX, RDX)
		NEGQ(RDX)
		Store(RDX, Return("diff"))
	}
	leave()
}

// bulk emits the loop over batches. It goes on while n > limit and keeps dst, src,
// n, ctr and acc up to date.
//
// GHASH runs over the ciphertext. For open that is the input, and a batch is
// hashed while it is decrypted. For seal it is the output, and the loop hashes
// the batch before; it is read back from dst, as there are no registers to
// hold it.
func bulk(seal bool, limit Register) {
	batchLen := batch * width
	cryptBatch := func(between []func()) {
		nextCounters(rKeys, state[:])
		encrypt(rKeys, state[:], between)
		for j, s := range state {
			xor(at(rSrc, j*width), s, s)
		}
		for j, s := range state {
			move(s, at(rDst, j*width))
		}
		ADDQ(U32(uint32(batchLen)), rSrc)
		ADDQ(U32(uint32(batchLen)), rDst)
		SUBQ(U32(uint32(batchLen)), rN)
	}
	loop, check, end := newLabel("bulk"), newLabel("bulk"), newLabel("bulk")
	CMPQ(rN, limit)
	JLE(LabelRef(end))
	if seal {
		cryptBatch(nil)
		JMP(LabelRef(check))
	}
	Label(loop)
	if seal {
		cryptBatch(batchSteps(rKeys, rDst, -batchLen))
	} else {
		cryptBatch(batchSteps(rKeys, rSrc, 0))
	}
	Label(check)
	CMPQ(rN, limit)
	JGT(LabelRef(loop))
	if seal {
		run(batchSteps(rKeys, rDst, -batchLen))
	}
	Label(end)
}
