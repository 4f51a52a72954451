package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A counter block is nonce (12 bytes) || counter (4 bytes, big endian), and only
// the counter counts, modulo 2^32 (inc32 in SP 800-38D). ctr holds the blocks
// byte-reversed: the counter is then the lowest 32-bit word of a lane and
// VPADDD is exactly inc32, with the right wrap and no carry into the
// nonce. One shuffle turns it into the block.

// spreadCounter makes the lanes of ctr from the one block in lane 0, adding the
// constants in add: one block after the other.
func spreadCounter(add Mem) {
	broadcast(ctr, ctr)
	VPADDD(add, ctr, ctr)
}

// nextCounters puts the next counter blocks into the states, already added to
// round key 0.
func nextCounters(keys Register, states []VecPhysical) {
	k := roundKey(keys, 0)
	for _, s := range states {
		reverse(ctr, s)
		VPADDD(counterStep, ctr, ctr)
		xor(k, s, s)
	}
}

// encrypt emits the 14 rounds for all states and calls between[i], as long as
// there are any, after round i+1. AES and GHASH do not depend on each other; with
// their instructions close together the CPU always finds work for both
// the AES and the carry-less multiplication units.
func encrypt(keys Register, states []VecPhysical, between []func()) {
	for r := 1; r <= rounds; r++ {
		all := roundKey(keys, r)
		for _, s := range states {
			k := all
			if s.Size() == 16 {
				k = x(k)
			}
			if r < rounds {
				VAESENC(k, s, s)
			} else {
				VAESENCLAST(k, s, s)
			}
		}
		if len(between) > 0 {
			between[0]()
			between = between[1:]
		}
	}
	run(between)
}

func run(steps []func()) {
	for _, s := range steps {
		s()
	}
}

// crypt combines key stream s with a register of data at in and writes out. The
// ciphertext, byte-reversed for GHASH, is left in data.
func crypt(seal bool, s VecPhysical, in, out Mem) {
	if seal {
		xor(in, s, data)
		move(data, out)
	} else {
		move(in, data)
		xor(data, s, s)
		move(s, out)
	}
	reverse(data, data)
}
