package main

// #include "ckgo.h"
import "C"

import (
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

//export ckgo_msgpack_check
func ckgo_msgpack_check(in *C.uint8_t, inLen C.size_t) (result C.int) {
	defer recovered(&result)
	return code(document.Check(slice(in, inLen)))
}

//export ckgo_interop_key
func ckgo_interop_key(nameSpace *C.char, nameSpaceLen C.size_t, operation *C.char, operationLen C.size_t,
	args *C.uint8_t, argsLen C.size_t, out *C.char, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	var scratch buffers
	defer scratch.free()
	var room [limits.MaxInteropKeySize + 1]byte
	key, err := document.AppendKeyFromMsgpack(room[:0], scratch.alloc, text(nameSpace, nameSpaceLen),
		text(operation, operationLen), slice(args, argsLen))
	if err != nil {
		return scratch.code(err)
	}
	key = append(key, 0) // C's end of a string
	to := memory.Into(chars(out, capacity))
	dst, err := to.Take(len(key))
	copy(dst, key)
	return finish(&to, key, err, length)
}

//export ckgo_interop_value
func ckgo_interop_value(in *C.uint8_t, inLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	var scratch buffers
	defer scratch.free()
	to := into(out, capacity)
	value, err := document.Canonical(&to, scratch.alloc, slice(in, inLen))
	return finish(&to, value, scratch.explain(err), length)
}

//export ckgo_seal_interop
func ckgo_seal_interop(slot C.uint32_t, key *C.char, keyLen C.size_t, value *C.uint8_t, valueLen C.size_t,
	out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	sealed, rotate, err := keyrings.get(slot).SealInterop(&to, text(key, keyLen), slice(value, valueLen))
	return warned(finish(&to, sealed, err, length), rotate)
}

//export ckgo_open_interop
func ckgo_open_interop(slot C.uint32_t, key *C.char, keyLen C.size_t, sealed *C.uint8_t, sealedLen C.size_t,
	out *C.uint8_t, capacity C.size_t, length, index *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	value, opened, err := keyrings.get(slot).OpenInterop(&to, text(key, keyLen), slice(sealed, sealedLen))
	setIndex(index, opened, err)
	return finish(&to, value, err, length)
}
