package main

// #include "ckgo.h"
import "C"

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/interop"
)

//export ckgo_msgpack_check
func ckgo_msgpack_check(in *C.uint8_t, inLen C.size_t) (result C.int) {
	defer recovered(&result)
	return code(interop.Check(slice(in, inLen)))
}

//export ckgo_interop_key
func ckgo_interop_key(nameSpace *C.char, nameSpaceLen C.size_t, operation *C.char, operationLen C.size_t,
	args *C.uint8_t, argsLen C.size_t, out *C.char, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	var room [interop.MaxKeySize + 1]byte
	key, err := interop.AppendKeyFromMsgpack(room[:0], text(nameSpace, nameSpaceLen), text(operation, operationLen),
		slice(args, argsLen))
	if err != nil {
		return code(err)
	}
	key = append(key, 0) // C's end of a string
	dst := chars(out, capacity)
	if len(dst) < len(key) {
		err = core.ErrBufferTooSmall
	} else {
		copy(dst, key)
	}
	return finish(len(key), err, length)
}

//export ckgo_interop_value
func ckgo_interop_value(in *C.uint8_t, inLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	n, err := interop.EncodeCanonical(slice(out, capacity), slice(in, inLen))
	return finish(n, err, length)
}
