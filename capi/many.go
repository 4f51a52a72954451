package main

// #include "ckgo.h"
import "C"

import (
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// items are a batch.Items that the C caller has laid out, size bytes apart. The shim has
// cleared their results, and given an error to those without a pointer that they need.
type items struct {
	first unsafe.Pointer
	count int
	size  uintptr
}

func itemsAt(first *C.CachekitItem, count, size C.size_t) *items {
	return &items{unsafe.Pointer(first), int(count), uintptr(size)}
}

func (b *items) at(i int) *C.CachekitItem {
	return (*C.CachekitItem)(unsafe.Add(b.first, uintptr(i)*b.size))
}

func (b *items) Len() int { return b.count }

func (b *items) Input(i int) (in []byte, err error) {
	item := b.at(i)
	switch item.error {
	case C.CACHEKIT_OK:
		return slice(item.in, item.in_len), nil
	case C.CACHEKIT_NULL_POINTER:
		return nil, errItemIncomplete
	}
	return nil, codes.Code(item.error)
}

var errItemIncomplete = codes.NullPointer.Because("in or cache_key is NULL, and its length is not 0")

func (b *items) CacheKey(i int) []byte {
	item := b.at(i)
	return slice(item.cache_key, item.cache_key_len)
}

func (b *items) Opened(i, keyIndex int) { b.at(i).key_index = C.size_t(keyIndex) }

func (b *items) Warned(i int) { b.at(i).error = C.CACHEKIT_ROTATION_NEEDED }

func (b *items) Done(i int, out []byte, err error) {
	item := b.at(i)
	if err != nil {
		item.key_index, item.error = 0, C.CachekitError(codes.Of(err))
		return
	}
	item.out, item.out_len = start(out), C.size_t(len(out))
}

//export ckgo_store_many
func ckgo_store_many(slot C.uint32_t, format *C.char, formatLen C.size_t, first *C.CachekitItem, count, size C.size_t,
	results **C.uint8_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	storage := storages.get(slot)
	name := formatOr(storage, format, formatLen)
	var taken buffers
	defer taken.free()
	to := memory.From(taken.alloc)
	made, err := storage.StoreMany(&to, itemsAt(first, count, size), name)
	taken.give(made, results, length)
	return code(err)
}

//export ckgo_retrieve_many
func ckgo_retrieve_many(slot C.uint32_t, first *C.CachekitItem, count, size C.size_t,
	results **C.uint8_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	var taken buffers
	defer taken.free()
	to := memory.From(taken.alloc)
	data, err := storages.get(slot).RetrieveMany(&to, itemsAt(first, count, size))
	taken.give(data, results, length)
	return code(err)
}

//export ckgo_seal_many
func ckgo_seal_many(slot C.uint32_t, format *C.char, formatLen C.size_t, first *C.CachekitItem, count, size C.size_t,
	results **C.uint8_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	var taken buffers
	defer taken.free()
	to := memory.From(taken.alloc)
	entries, rotate, err := keyrings.get(slot).SealMany(&to, itemsAt(first, count, size), text(format, formatLen))
	taken.give(entries, results, length)
	return warned(code(err), rotate)
}

//export ckgo_open_many
func ckgo_open_many(slot C.uint32_t, format *C.char, formatLen C.size_t, first *C.CachekitItem, count, size C.size_t,
	results **C.uint8_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	var taken buffers
	defer taken.free()
	to := memory.From(taken.alloc)
	data, err := keyrings.get(slot).OpenMany(&to, taken.alloc, taken.grow, itemsAt(first, count, size), text(format, formatLen))
	taken.give(data, results, length)
	return code(err)
}
