package main

/*
#cgo noescape ck_buffer_new
#cgo nocallback ck_buffer_new
#cgo noescape ck_buffer_grow
#cgo nocallback ck_buffer_grow
#cgo noescape ck_buffer_free
#cgo nocallback ck_buffer_free
#cgo noescape ck_detail_copy
#cgo nocallback ck_detail_copy
#include "ckgo.h"
#include "buffer.h"
#include "detail.h"
*/
import "C"

import (
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// maxLen caps the length of a slice over C memory. Every limit is far below it, so that
// a senseless length is still refused by its size, and no pointer of a process plus
// maxLen overflows.
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

// code turns what a call came to into its number in C. Of a failure it also sets what
// cachekit_last_error_detail says in this thread, which is that of the C caller.
func code(err error) C.int {
	if err == nil {
		return C.CACHEKIT_OK
	}
	return failed(err)
}

func failed(err error) C.int {
	if err == codes.OutOfMemory {
		return C.CACHEKIT_OUT_OF_MEMORY // whoever found none, in C, has said what for
	}
	var room [codes.MaxDetail]byte
	detail := codes.AppendDetail(room[:0], err)
	C.ck_detail_copy((*C.char)(unsafe.Pointer(unsafe.SliceData(detail))), C.size_t(len(detail)))
	return C.int(codes.Of(err))
}

// into is the caller's buffer as the place of a result.
func into(out *C.uint8_t, capacity C.size_t) memory.Dest { return memory.Into(slice(out, capacity)) }

// finish ends a call that filled the caller's buffer: it sets the length of the
// result, or the size needed with BufferTooSmall.
func finish(to *memory.Dest, result []byte, err error, length *C.size_t) C.int {
	n, err := to.Size(result, err)
	return finishSize(n, err, length)
}

func finishSize(n int, err error, length *C.size_t) C.int {
	if err != nil {
		return failedSize(n, err, length)
	}
	*length = C.size_t(n)
	return C.CACHEKIT_OK
}

func failedSize(n int, err error, length *C.size_t) C.int {
	if codes.Of(err) == codes.BufferTooSmall {
		*length = C.size_t(n)
	}
	return failed(err)
}

// warned is the code of an encryption, which may come with a warning.
func warned(code C.int, rotate bool) C.int {
	if rotate && code == C.CACHEKIT_OK {
		return C.CACHEKIT_ROTATION_NEEDED
	}
	return code
}

// setIndex notes which key opened an entry.
func setIndex(to *C.size_t, index int, err error) {
	if err == nil {
		*to = C.size_t(index)
	}
}

// recovered makes a panic the answer CACHEKIT_INTERNAL. A panic must not
// reach C, which would end the process.
func recovered(result *C.int) {
	if p := recover(); p != nil {
		*result = failed(panicked(p))
	}
}

// panicked is the error for a panic: that of a call whose buffers overlap as they must
// not, which brings its reason, or a defect.
func panicked(p any) error {
	if err, ok := p.(error); ok && codes.Detail(err) != "" {
		return err
	}
	return codes.Internal.Because("a defect of the library: please report it")
}

// buffers are those that the library gives out, see buffer.h: the memory that one call
// takes for its result and on the way to it. It is never Go's, since a Go allocation
// that fails ends the process.
type buffers struct {
	taken [2]*C.uint8_t // of an entry that is opened, its envelope and its payload
	n     int
}

// alloc is a memory.Alloc.
func (b *buffers) alloc(n int) []byte {
	p := C.ck_buffer_new(C.size_t(n))
	if p == nil {
		return nil
	}
	b.taken[b.n] = p
	b.n++
	return slice(p, C.size_t(n))
}

// grow makes a buffer n bytes long where that takes no copy, which is so for what is
// a mapping of its own.
func (b *buffers) grow(buffer []byte, n int) []byte {
	if len(buffer) < C.CK_MAPPED_FROM {
		return nil
	}
	for i, p := range b.taken[:b.n] {
		if p != start(buffer) {
			continue
		}
		if p = C.ck_buffer_grow(p, C.size_t(n)); p == nil {
			return nil
		}
		b.taken[i] = p
		return slice(p, C.size_t(n))
	}
	return nil
}

// give hands the buffer with the result to the C caller. The shim notes how many
// bytes are to be wiped.
func (b *buffers) give(result []byte, out **C.uint8_t, length *C.size_t) {
	for i, p := range b.taken[:b.n] {
		if p == start(result) {
			*out, *length = p, C.size_t(len(result))
			b.taken[i] = nil
		}
	}
}

// keep is give for a text that lives on until freeText.
func (b *buffers) keep(text []byte) string {
	b.n = 0
	return unsafe.String(unsafe.SliceData(text), len(text))
}

// freeText frees what keep returned.
func freeText(s string) { C.ck_buffer_free((*C.uint8_t)(unsafe.Pointer(unsafe.StringData(s)))) }

// free frees the buffers that were not given away. Whoever wrote secrets to them has
// wiped these.
func (b *buffers) free() {
	for _, p := range b.taken[:b.n] {
		if p != nil {
			C.ck_buffer_free(p)
		}
	}
}

func start(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b))) }
