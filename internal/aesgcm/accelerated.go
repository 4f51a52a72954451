//go:build !purego

package aesgcm

import "golang.org/x/sys/cpu"

// stdlibAccelerated has the conditions of crypto/aes.
func stdlibAccelerated() bool {
	return cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ && cpu.X86.HasSSE41 && cpu.X86.HasSSSE3 ||
		cpu.ARM64.HasAES && cpu.ARM64.HasPMULL ||
		cpu.S390X.HasAES && cpu.S390X.HasAESGCM
}
