package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// genOnce emits
//
//	func sealOnce(key *byte, powers int, dst, src *byte, n int, nonce, aad *byte, aadLen int)
//	func openOnce(key *byte, powers int, dst, src *byte, n int, nonce, aad *byte, aadLen int) (diff uint64)
//
// which expand a key with the given number of powers, seal or open one message with it
// and wipe it. The expanded key is on the stack of this function and not on that of
// a Go function, which would clear it first: that takes 10 ns, since reading
// the powers has to wait for all stores before them.
func genOnce(seal bool) {
	name, work := "openOnce"+suffix, "open"+suffix
	sig := "func(key *byte, powers int, dst, src *byte, n int, nonce, aad *byte, aadLen int) (diff uint64)"
	if seal {
		name, work = "sealOnce"+suffix, "seal"+suffix
		sig = "func(key *byte, powers int, dst, src *byte, n int, nonce, aad *byte, aadLen int)"
	}
	const powers, roundKeys, line = 4 * rows * 16, 16 * 16, 64 // 16 for 15: whole registers
	TEXT(name, 0, sig)
	args := AllocLocal(9 * 8)
	space := AllocLocal(powers + roundKeys + line)

	// The round keys, and so the powers, begin with a cache line.
	keys := RBX
	findKeys := func() {
		LEAQ(space.Offset(powers+line-1), keys)
		ANDQ(I8(-line), keys)
	}
	call := func(name string, params ...string) {
		findKeys()
		MOVQ(keys, args)
		for i, p := range params {
			Load(Param(p), RAX)
			MOVQ(RAX, args.Offset(8+8*i))
		}
		CALL(LabelRef("·" + name + "(SB)"))
	}
	MOVQ(I32(0), args.Offset(7*8)) // no stream
	call("expand"+suffix, "key", "powers")
	call(work, "dst", "src", "n", "nonce", "aad", "aadLen")
	if !seal {
		MOVQ(args.Offset(8*8), RAX)
		Store(RAX, Return("diff"))
	}

	// work has cleared the registers, so register 0 is zero.
	findKeys()
	for i := -powers; i < roundKeys; i += width {
		move(reg(0), at(keys, i))
	}
	RET()
}
