// Command gen writes ../lz4_amd64.s and ../stubs_amd64.go, the kernels of
// package lz4block: one decoder (decode.go) and one encoder in four forms
// (encode.go).
//
// Run it with "go generate" in the parent directory. It lives in its own
// module so that avo and golang.org/x/tools never become dependencies of the
// library: users compile the committed files only.
//
// Every kernel is one plain function on physical registers; each file starts
// with its register map. Operand order is Go's and avo's: sources first,
// destination last, but CMPQ(a, b) followed by JHI jumps if a > b. All
// comparisons of addresses are unsigned (JHI, JLS, JAE, JB).
//
// Pointers that run past their buffers live in registers only. What goes in
// and out are the bases and offsets, since a pointer past the end, kept by Go
// code, is an error that the garbage collector dies of.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
)

func main() {
	ConstraintExpr("amd64,!purego")
	genPatterns()
	genDecode()
	genEncode(&encoder{name: "encode16h4", entry: 2, hashed: 4})
	genEncode(&encoder{name: "encode16h5", entry: 2, hashed: 5, bits: sizes.Hash5Bits, bitsName: "Hash5Bits"})
	genEncode(&encoder{name: "encode16h6", entry: 2, hashed: 6, bits: sizes.Hash6Bits, bitsName: "Hash6Bits"})
	genEncode(&encoder{name: "encode32h5", entry: 4, hashed: 5, bits: sizes.LargeBits, bitsName: "LargeBits"})
	genSearch("searchWords", false)
	genSearch("searchLongs", true)
	Generate()
}

// at is the operand at p + disp.
func at(p Register, disp int) Mem { return Mem{Base: p, Disp: disp} }

// idx is the operand at p + i*scale + disp.
func idx(p, i Register, scale uint8, disp int) Mem {
	return Mem{Base: p, Index: i, Scale: scale, Disp: disp}
}

// align starts the next instruction at a multiple of n bytes: a hot loop
// that straddles fetch blocks costs several per cent.
func align(n uint64) {
	Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []Op{Imm(n)}})
}

// leave clears registers that held data and returns. What is compressed may be
// about to be encrypted.
func leave(vectors []VecPhysical, words ...Register) {
	for _, x := range vectors {
		PXOR(x, x)
	}
	for _, r := range words {
		r := r.(GPPhysical).As32()
		XORL(r, r)
	}
	RET()
}

// jump targets read better without LabelRef around them.
func to(label string) LabelRef { return LabelRef(label) }
