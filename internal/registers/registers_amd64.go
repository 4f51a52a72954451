// Package registers lets tests see what assembly leaves in vector registers.
package registers

import "golang.org/x/sys/cpu"

// Vectors are the vector registers at full width. A CPU without AVX-512 has
// only the first half of them, and of each only the first half.
type Vectors [32][64]byte

//go:noescape
func read16(to *Vectors)

//go:noescape
func read32(to *Vectors)

func fill16()

func fill32()

// Left returns the numbers of the registers, among the first n, 16 or 32, in which
// f, which must be little more than one call of assembly, leaves anything, and
// whether this CPU has the instructions to tell. Before f they hold ones, but for
// register 15, which is always zero in Go code.
//
// The runtime may use registers itself, when a goroutine goes on after it was
// preempted for one; so the best of a few attempts counts.
func Left(n int, f func()) (numbers []int, ok bool) {
	if !cpu.X86.HasAVX2 || n == 32 && !cpu.X86.HasAVX512F {
		return nil, false
	}
	read, fill := read16, fill16
	if n == 32 {
		read, fill = read32, fill32
	}
	for range 5 {
		var v Vectors
		fill()
		f()
		read(&v)
		numbers = nil
		for i := range v {
			if v[i] != [64]byte{} {
				numbers = append(numbers, i)
			}
		}
		if len(numbers) == 0 {
			break
		}
	}
	return numbers, true
}
