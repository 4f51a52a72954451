//go:build !purego

package aesgcm

import "github.com/klauspost/cpuid/v2"

// detect returns the best path that the CPU has the instructions for and the
// operating system saves the registers of: cpuid reports AVX2 and AVX512F only
// if XCR0 has the bits for YMM or for opmask and ZMM registers. It says nothing of
// the kind about VAES, VPCLMULQDQ and BMI2, so these count only beside the others.
func detect() path {
	cpu := &cpuid.CPU
	switch {
	case !cpu.Supports(cpuid.AESNI, cpuid.CLMUL, cpuid.AVX2, cpuid.BMI2, cpuid.VAES, cpuid.VPCLMULQDQ):
		return stdlib
	case !cpu.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512VL):
		return avx2
	default:
		return avx512
	}
}
