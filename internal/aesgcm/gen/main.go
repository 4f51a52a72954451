// Command gen writes ../gcm_amd64.s, the assembly of package aesgcm. Run it by
// "go generate" in the parent directory.
//
// There is one description of the kernel and it is emitted twice: with 512-bit
// registers (functions ending in 512; AVX-512, VAES, VPCLMULQDQ) and with
// 256-bit ones (ending in 256; AVX2, VAES, VPCLMULQDQ, BMI2). What differs
// between the two is in isa.go, but for the first powers of H. Then
//
//	ghash.go    multiplication in GF(2^128) and GHASH, the heart of the tag
//	aes.go      counters and AES rounds
//	expand.go   round keys and powers of H
//	message.go  whole messages and parts of long ones; the bulk loop
//	tail.go     the end of a message
//	once.go     a key and its only message in one call
//
// The generator is a module of its own, so that avo never becomes a dependency
// of the library.
//
// Operands are in Go's order: sources first, destination last. For VPSHUFB that
// means (mask, data, dst), for VAESENC (round key, state, dst).
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Layout of the expanded key (schedule in ../kernel_amd64.go). Functions get the
// address of the round keys; the powers of H are in front of them, H^i at
// -16*i.
const (
	rounds = 14 // AES-256
	rows   = 9  // registers full of powers: up to H^36 or H^18
	batch  = 8  // registers an iteration of the bulk loop works on
)

// Layout of stream in ../kernel_amd64.go: a message between two calls.
const (
	offAcc   = 0  // GHASH accumulator
	offCtr   = 16 // next counter block
	offTotal = 32 // bytes in the whole message
	offAAD   = 40 // bytes of additional data
	offLast  = 48 // 1 if this call ends the message
)

func main() {
	ConstraintExpr("amd64,!purego")
	defineConstants()
	for _, width := range []int{64, 32} {
		setWidth(width)
		genExpand()
		genGHASH()
		genMessage(true)
		genMessage(false)
		genOnce(true)
		genOnce(false)
	}
	Generate()
}

// Constants. Most are as wide as a ZMM register; narrower registers use the
// beginning.
var cBswap, cPoly, cTwist, cFirst, cNext, cStep4, cStep2, cRotWord, cLastWord, cRcon, cTailMask Mem

func defineConstants() {
	lanes := func(name string, f func(lane uint64) (lo, hi uint64)) Mem {
		m := GLOBL(name, attr.RODATA|attr.NOPTR)
		for lane := range 4 {
			lo, hi := f(uint64(lane))
			DATA(lane*16, U64(lo))
			DATA(lane*16+8, U64(hi))
		}
		return m
	}
	same := func(name string, lo, hi uint64) Mem {
		return lanes(name, func(uint64) (uint64, uint64) { return lo, hi })
	}
	// Reverses the 16 bytes of a block: GHASH (ghash.go) and counters (aes.go)
	// work on reversed blocks.
	cBswap = same("bswap", 0x08090a0b0c0d0e0f, 0x0001020304050607)
	// y^57 + y^62 + y^63, the middle of the field polynomial (ghash.go).
	cPoly = same("poly", 0xc200000000000000, 0)
	// 1 + y^121 + y^126 + y^127, what a bit shifted out of H comes back as.
	cTwist = same("twist", 1, 0xc200000000000000)
	// Counters: data starts at 2, as 1 is for the tag.
	cFirst = lanes("first", func(lane uint64) (uint64, uint64) { return 2 + lane, 0 })
	cNext = lanes("next", func(lane uint64) (uint64, uint64) { return lane, 0 })
	cStep4 = same("step4", 4, 0)
	cStep2 = same("step2", 2, 0)
	// Broadcast the last word of a round key, rotated or not (expand.go).
	cRotWord = same("rotWord", 0x0c0f0e0d0c0f0e0d, 0x0c0f0e0d0c0f0e0d)
	cLastWord = same("lastWord", 0x0f0e0d0c0f0e0d0c, 0x0f0e0d0c0f0e0d0c)
	// Round constants 1, 2, 4, ... in the first byte of each word.
	cRcon = GLOBL("rcon", attr.RODATA|attr.NOPTR)
	for i := range 7 {
		for w := range 4 {
			DATA(i*16+w*4, U32(1<<i))
		}
	}
	// 32 bytes read from 32-n on have their first n bytes set.
	cTailMask = GLOBL("tailMask", attr.RODATA|attr.NOPTR)
	for i := range 8 {
		ones := ^uint64(0)
		if i >= 4 {
			ones = 0
		}
		DATA(i*8, U64(ones))
	}
}

func at(base Register, disp int) Mem { return Mem{Base: base, Disp: disp} }

// newLabel returns a label that no other place in the file uses.
func newLabel(name string) string {
	labels++
	return fmt.Sprintf("%s%d", name, labels)
}

var labels int
