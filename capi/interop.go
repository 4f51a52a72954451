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
	key, err := offHeap.AppendKeyFromMsgpack(room[:0], text(nameSpace, nameSpaceLen), text(operation, operationLen),
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
	n, err := offHeap.EncodeCanonical(slice(out, capacity), slice(in, inLen))
	return finish(n, err, length)
}

//export ckgo_seal_interop
func ckgo_seal_interop(slot C.uint32_t, key *C.char, keyLen C.size_t, value *C.uint8_t, valueLen C.size_t,
	out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	n, rotate, err := interop.SealInto(slice(out, capacity), keyrings.get(slot), text(key, keyLen), slice(value, valueLen))
	return finishEncrypt(n, rotate, err, length)
}

//export ckgo_open_interop
func ckgo_open_interop(slot C.uint32_t, key *C.char, keyLen C.size_t, sealed *C.uint8_t, sealedLen C.size_t,
	out *C.uint8_t, capacity C.size_t, length, index *C.size_t) (result C.int) {
	defer recovered(&result)
	n, opened, err := interop.OpenInto(slice(out, capacity), keyrings.get(slot), text(key, keyLen), slice(sealed, sealedLen))
	if err == nil {
		*index = C.size_t(opened)
	}
	return finish(n, err, length)
}
