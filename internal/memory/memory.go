// Package memory clears, copies, hashes, compares and checks in parts. The routines of
// the runtime and of unicode/utf8 cannot be preempted: over hundreds of MiB in one
// call they would hold up the garbage collector's stop-the-world for tens or
// hundreds of milliseconds, and with it every other thread.
//
// Each part is for a function with a prologue, which is where it can be preempted
// (see package preempt), and which is not inlined for that reason.
//
// It also holds and clears the stack, for those who work on secrets there.
package memory

import (
	"bytes"
	"hash"
	"runtime"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// part takes some 50 us, and validating it some hundreds.
const part = 1 << 20

// Clear sets all of b to zero.
func Clear(b []byte) {
	for len(b) > part {
		clearPart(b[:part])
		b = b[part:]
	}
	clear(b)
}

//go:noinline
func clearPart(b []byte) { clear(b) }

// HoldStack makes sure of 2 KiB of stack below the caller's frame, so that what
// the caller calls need not move the stack: what was on it would stay behind.
func HoldStack() { stack2K(false) }

//go:noinline
func stack2K(use bool) {
	if use { // never: the frame is what counts
		var room [2 << 10]byte
		runtime.KeepAlive(&room)
	}
}

// ClearStack clears a KiB of the stack below the caller's frame, where functions
// that it called may have left what they worked on.
//
//go:noinline
func ClearStack() {
	var room [1 << 10]byte
	runtime.KeepAlive(&room)
}

// Copy copies src to dst, which must be as long and must not overlap it.
func Copy(dst, src []byte) {
	for len(src) > part {
		copyPart(dst, src[:part])
		dst, src = dst[part:], src[part:]
	}
	copy(dst, src)
}

//go:noinline
func copyPart(dst, src []byte) { copy(dst, src) }

// MoveUp copies the first n bytes of b to where they begin at by, which may overlap.
func MoveUp(b []byte, by, n int) {
	for n > part {
		n -= part
		copyPart(b[by+n:], b[n:][:part])
	}
	copy(b[by:], b[:n])
}

// Clone returns a copy of b, which is not nil.
func Clone(b []byte) []byte {
	c := make([]byte, len(b))
	Copy(c, b)
	return c
}

// String returns a copy of b.
func String(b []byte) string {
	if len(b) <= part {
		return string(b)
	}
	c := Clone(b) // nobody else has it, and so nobody changes it
	return unsafe.String(unsafe.SliceData(c), len(c))
}

// Bytes is s without a copy. It must not be written to.
func Bytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// Grow is slices.Grow.
func Grow(b []byte, n int) []byte {
	if n <= cap(b)-len(b) {
		return b
	}
	if len(b)+n <= part {
		return slices.Grow(b, n)
	}
	grown := make([]byte, len(b), max(len(b)+n, cap(b)+cap(b)/4))
	Copy(grown, b)
	return grown
}

// Append is append.
func Append(dst, src []byte) []byte {
	if len(src) <= part && len(src) <= cap(dst)-len(dst) {
		return append(dst, src...)
	}
	n := len(dst)
	dst = Grow(dst, len(src))[:n+len(src)]
	Copy(dst[n:], src)
	return dst
}

// Write is h.Write, of which a call is one of assembly.
func Write(h hash.Hash, b []byte) {
	for len(b) > part {
		h.Write(b[:part])
		b = b[part:]
	}
	h.Write(b)
}

// Compare is bytes.Compare.
func Compare(a, b []byte) int {
	for len(a) > part && len(b) > part {
		if c := comparePart(a[:part], b[:part]); c != 0 {
			return c
		}
		a, b = a[part:], b[part:]
	}
	return bytes.Compare(a, b)
}

//go:noinline
func comparePart(a, b []byte) int { return bytes.Compare(a, b) }

// ValidUTF8 is utf8.Valid.
func ValidUTF8(b []byte) bool {
	for len(b) > part {
		// A character that straddles the end of the part is for the next one. It
		// has begun at most three bytes before; if not, the next part begins
		// with what no character begins with.
		n := part
		for n > part-utf8.UTFMax+1 && !utf8.RuneStart(b[n]) {
			n--
		}
		if !validPart(b[:n]) {
			return false
		}
		b = b[n:]
	}
	return utf8.Valid(b)
}

//go:noinline
func validPart(b []byte) bool { return utf8.Valid(b) }
