package meter

import (
	"math/bits"
	"syscall"
	"unsafe"
)

// Package time reads a clock of Windows that stands still for half a millisecond and
// more, in which most calls begin and end. This counter ticks ten million times a second.
var (
	kernel    = syscall.NewLazyDLL("kernel32.dll")
	counter   = kernel.NewProc("QueryPerformanceCounter").Addr()
	frequency = read(kernel.NewProc("QueryPerformanceFrequency").Addr())
)

// read calls one of the two, which write a number of 64 bits and do not fail.
// SyscallN keeps n where it is for the length of the call.
func read(function uintptr) uint64 {
	var n uint64
	_, _, _ = syscall.SyscallN(function, uintptr(unsafe.Pointer(&n)))
	return n
}

// now is the time in nanoseconds, above 0.
func now() int64 {
	hi, lo := bits.Mul64(read(counter), 1e9)
	ns, _ := bits.Div64(hi, lo, frequency)
	return int64(ns)
}
