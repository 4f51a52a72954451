package main

// #include "ckgo.h"
// #include "handle.h"
import "C"

import (
	"sync/atomic"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

// What C's handles stand for, by the slot that the shim's handle table gave
// each. A slot is in one table at a time, and only calls that hold it ask for
// it, so a look-up needs neither a lock nor a check.
var (
	storages   table[core.ByteStorage]
	encryptors table[encryption.Encryptor]
	keyrings   table[encryption.TenantKeyring]
)

// table is an array that grows in chunks, so that its elements never move.
type table[T any] struct {
	chunks [C.CK_CHUNKS]atomic.Pointer[[C.CK_CHUNK]atomic.Pointer[T]]
}

func (t *table[T]) put(slot C.uint32_t, object *T) {
	chunk := &t.chunks[slot/C.CK_CHUNK]
	if chunk.Load() == nil {
		// Of several that come first at once, one wins.
		chunk.CompareAndSwap(nil, new([C.CK_CHUNK]atomic.Pointer[T]))
	}
	chunk.Load()[slot%C.CK_CHUNK].Store(object)
}

func (t *table[T]) get(slot C.uint32_t) *T {
	return t.chunks[slot/C.CK_CHUNK].Load()[slot%C.CK_CHUNK].Load()
}

func (t *table[T]) take(slot C.uint32_t) *T {
	return t.chunks[slot/C.CK_CHUNK].Load()[slot%C.CK_CHUNK].Swap(nil)
}

//export ckgo_destroy
func ckgo_destroy(slot C.uint32_t, kind C.int) {
	defer func() { _ = recover() }()
	switch kind {
	case C.CK_BYTE_STORAGE:
		if format := storages.take(slot).DefaultFormat(); len(format) > longFormat {
			freeText(format)
		}
	case C.CK_ENCRYPTOR:
		encryptors.take(slot).Wipe()
	case C.CK_KEYRING:
		keyrings.take(slot).Wipe()
	}
}
