package main

/*
#cgo noescape ck_buffer_new
#cgo nocallback ck_buffer_new
#cgo noescape ck_buffer_grow
#cgo nocallback ck_buffer_grow
#cgo noescape ck_buffer_discard
#cgo nocallback ck_buffer_discard
#cgo noescape ck_move
#cgo nocallback ck_move
#cgo noescape ck_wipe
#cgo nocallback ck_wipe
#include "ckgo.h"
#include "buffer.h"
*/
import "C"

import (
	"unsafe"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// maxLen caps the length of a slice over C memory. Every limit of core is far
// below it, so that a senseless length is refused there by its size, and no
// pointer of a process plus maxLen overflows.
const maxLen = 1 << 46

// The memory behind the following belongs to the C caller, who keeps it alive
// and unchanged for the length of the call; nothing here outlives the call.

func slice(p *C.uint8_t, n C.size_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), min(n, maxLen))
}

func text(p *C.char, n C.size_t) string {
	return unsafe.String((*byte)(unsafe.Pointer(p)), min(n, maxLen))
}

func chars(p *C.char, n C.size_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), min(n, maxLen))
}

// array reads n elements of a C array.
func array[T any](p *T, n C.size_t) []T { return unsafe.Slice(p, n) }

// fixed is the array of bytes, or the struct of such arrays, at p.
func fixed[A any](p *C.uint8_t) *A { return (*A)(unsafe.Pointer(p)) }

// code turns what a call came to into its number in C.
func code(err error) C.int { return C.int(codes.Of(err)) }

// finish is code for functions that fill the caller's buffer: n is the length
// on success and the size needed with ErrBufferTooSmall.
func finish(n int, err error, length *C.size_t) C.int {
	if err == nil || err == core.ErrBufferTooSmall {
		*length = C.size_t(n)
	}
	return code(err)
}

// finishEncrypt is finish for encryptions, which may come with a warning.
func finishEncrypt(n int, rotate bool, err error, length *C.size_t) C.int {
	result := finish(n, err, length)
	if rotate && err == nil {
		return C.CACHEKIT_ROTATION_NEEDED
	}
	return result
}

// recovered makes a panic the answer CACHEKIT_INTERNAL. A panic must not
// reach C, which would end the process.
func recovered(result *C.int) {
	if recover() != nil {
		*result = C.CACHEKIT_INTERNAL
	}
}

// A buffer is memory that the library gives out, see buffer.h. Memory that a
// payload needs is never Go's: a Go allocation that fails ends the process.
type buffer struct {
	p      *C.uint8_t
	size   int
	secret int // how many bytes free is to wipe
}

// newBuffer returns a buffer of n bytes, or core.ErrOutOfMemory.
func newBuffer(n int) (buffer, error) {
	p := C.ck_buffer_new(C.size_t(n))
	if p == nil {
		return buffer{}, core.ErrOutOfMemory
	}
	return buffer{p: p, size: n}, nil
}

// grow makes room for n bytes, or reports false where that takes a copy.
func (b *buffer) grow(n int) bool {
	p := C.ck_buffer_grow(b.p, C.size_t(n))
	if p != nil {
		b.p, b.size = p, n
	}
	return p != nil
}

func (b *buffer) bytes() []byte { return slice(b.p, C.size_t(b.size)) }

// give hands b to the C caller, with n bytes of result; the shim notes how
// many are to be wiped.
func (b *buffer) give(n int, out **C.uint8_t, length *C.size_t) {
	*out, *length = b.p, C.size_t(n)
	b.p = nil
}

// move copies the first n bytes of b to its end.
func (b *buffer) move(n int) {
	end := (*C.uint8_t)(unsafe.Add(unsafe.Pointer(b.p), b.size-n))
	C.ck_move(end, b.p, C.size_t(n))
}

// copyTo copies the first n bytes of b to out.
func (b *buffer) copyTo(out *C.uint8_t, n int) { C.ck_move(out, b.p, C.size_t(n)) }

// keep returns the first n bytes of b as a string that lives until freeText.
func (b *buffer) keep(n int) string {
	s := text((*C.char)(unsafe.Pointer(b.p)), C.size_t(n))
	b.p = nil
	return s
}

// freeText frees what keep returned.
func freeText(s string) { C.ck_buffer_discard((*C.uint8_t)(unsafe.Pointer(unsafe.StringData(s))), 0) }

// wipeFrom wipes all but the first n bytes of b.
func (b *buffer) wipeFrom(n int) {
	C.ck_wipe(unsafe.Add(unsafe.Pointer(b.p), n), C.size_t(b.size-n))
}

// free wipes the secret bytes of b and frees it, unless it was given away.
func (b *buffer) free() {
	if b.p != nil {
		C.ck_buffer_discard(b.p, C.size_t(b.secret))
	}
}

// offHeap is memory for the pairs of large documents.
var offHeap = interop.Memory{
	Get: func(n int) []uint64 {
		b, err := newBuffer(8 * n)
		if err != nil {
			return nil
		}
		return unsafe.Slice((*uint64)(unsafe.Pointer(b.p)), n)
	},
	Put: func(pairs []uint64) {
		C.ck_buffer_discard((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(pairs))), 0)
	},
}
