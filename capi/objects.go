package main

/*
#cgo noescape ck_probe_malloc
#cgo nocallback ck_probe_malloc
#include "ckgo.h"
#include "handle.h"
#include "probe.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/envelope"
	pointer "github.com/mattn/go-pointer"
)

// The Go objects behind C's handles. Package go-pointer owns each, from the constructor
// that saves it to ckgo_destroy, and the shim's slot holds the pointer by which it is
// known there. That is a map behind a lock, which costs a constructor and its
// destructor together about a microsecond, more with hundreds of thousands of objects.
// A call finds its object without it, in a table, by the number of the slot. A slot is
// in one table at a time, and only calls that hold it ask for it.
var (
	storages   table[envelope.Storage]
	encryptors table[crypt.Encryptor]
	keyrings   table[crypt.TenantKeyring]
)

// table is an array that grows in chunks, so that its elements never move.
type table[T any] struct {
	chunks [C.CK_CHUNKS]atomic.Pointer[[C.CK_CHUNK]atomic.Pointer[T]]
}

// put saves an object and notes the pointer for the slot. If there is no room for it,
// put drops it.
func (t *table[T]) put(slot C.uint32_t, object *T, saved *unsafe.Pointer) error {
	// Go ends the process where malloc, which Save calls, has nothing to give.
	if !C.ck_probe_malloc() {
		drop(object)
		return codes.OutOfMemory
	}
	*saved = pointer.Save(object)
	chunk := &t.chunks[slot/C.CK_CHUNK]
	if chunk.Load() == nil {
		// Of several that come first at once, one wins.
		chunk.CompareAndSwap(nil, new([C.CK_CHUNK]atomic.Pointer[T]))
	}
	chunk.Load()[slot%C.CK_CHUNK].Store(object)
	return nil
}

func (t *table[T]) get(slot C.uint32_t) *T {
	return t.chunks[slot/C.CK_CHUNK].Load()[slot%C.CK_CHUNK].Load()
}

func (t *table[T]) remove(slot C.uint32_t) {
	t.chunks[slot/C.CK_CHUNK].Load()[slot%C.CK_CHUNK].Store(nil)
}

//export ckgo_destroy
func ckgo_destroy(slot C.uint32_t, object unsafe.Pointer) {
	defer func() { _ = recover() }()
	saved := pointer.Restore(object)
	pointer.Unref(object)
	switch saved.(type) {
	case *envelope.Storage:
		storages.remove(slot)
	case *crypt.Encryptor:
		encryptors.remove(slot)
	case *crypt.TenantKeyring:
		keyrings.remove(slot)
	}
	drop(saved)
}

// drop wipes and frees what an object holds that the garbage collector would not. It is
// for an object that no call uses, or that no slot took.
func drop(object any) {
	switch o := object.(type) {
	case *envelope.Storage:
		if len(o.Format) > longFormat {
			freeText(o.Format)
		}
	case *crypt.Encryptor:
		o.Wipe()
	case *crypt.TenantKeyring:
		o.Wipe()
	}
}
