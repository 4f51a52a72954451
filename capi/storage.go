package main

// #include "ckgo.h"
import "C"

import (
	"strings"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/checksum"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/envelope"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// longFormat is the size in bytes from which on a storage's format is not Go's memory:
// so many storages with long ones can be made that it would end the process.
const longFormat = 256

//export ckgo_byte_storage_new
func ckgo_byte_storage_new(slot C.uint32_t, format *C.char, formatLen C.size_t, object *unsafe.Pointer) (result C.int) {
	defer recovered(&result)
	name := text(format, formatLen)
	if err := envelope.CheckFormat(name); err != nil {
		return code(err)
	}
	if len(name) <= longFormat {
		name = strings.Clone(name)
	} else {
		var kept buffers
		to := kept.alloc(len(name))
		if to == nil {
			return code(codes.OutOfMemory)
		}
		copy(to, name)
		name = kept.keep(to)
	}
	storage := new(envelope.Storage)
	storage.Init(name)
	return code(storages.put(slot, storage, object))
}

//export ckgo_storage_set_level
func ckgo_storage_set_level(slot C.uint32_t, level C.int) (result C.int) {
	defer recovered(&result)
	return code(storages.get(slot).SetLevel(int(level)))
}

//export ckgo_storage_set_max_payload
func ckgo_storage_set_max_payload(slot C.uint32_t, size C.size_t) (result C.int) {
	defer recovered(&result)
	return code(storages.get(slot).SetMaxPayload(int(min(size, maxLen))))
}

// formatOr is the format that a caller names, or that of the storage.
func formatOr(storage *envelope.Storage, format *C.char, n C.size_t) string {
	if format == nil {
		return storage.Format
	}
	return text(format, n)
}

//export ckgo_store
func ckgo_store(slot C.uint32_t, data *C.uint8_t, dataLen C.size_t, format *C.char, formatLen C.size_t,
	out **C.uint8_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	storage := storages.get(slot)
	name := formatOr(storage, format, formatLen)
	var taken buffers
	defer taken.free()
	to := memory.From(taken.alloc)
	made, err := storage.Store(&to, slice(data, dataLen), name)
	taken.give(made, out, length)
	return code(err)
}

//export ckgo_retrieve
func ckgo_retrieve(slot C.uint32_t, in *C.uint8_t, inLen C.size_t, out **C.uint8_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	var taken buffers
	defer taken.free()
	to := memory.From(taken.alloc)
	data, err := storages.get(slot).Retrieve(&to, slice(in, inLen))
	taken.give(data, out, length)
	return code(err)
}

//export ckgo_store_into
func ckgo_store_into(slot C.uint32_t, data *C.uint8_t, dataLen C.size_t, format *C.char, formatLen C.size_t,
	out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	storage := storages.get(slot)
	to := into(out, capacity)
	made, err := storage.Store(&to, slice(data, dataLen), formatOr(storage, format, formatLen))
	return finish(&to, made, err, length)
}

//export ckgo_retrieve_into
func ckgo_retrieve_into(slot C.uint32_t, in *C.uint8_t, inLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	data, err := storages.get(slot).Retrieve(&to, slice(in, inLen))
	return finish(&to, data, err, length)
}

//export ckgo_validate
func ckgo_validate(slot C.uint32_t, in *C.uint8_t, inLen C.size_t) (result C.int) {
	defer recovered(&result)
	var scratch buffers
	defer scratch.free()
	return code(storages.get(slot).Options().Validate(scratch.alloc, slice(in, inLen)))
}

//export ckgo_compression_ratio
func ckgo_compression_ratio(slot C.uint32_t, data *C.uint8_t, dataLen C.size_t, ratio *C.double) (result C.int) {
	defer recovered(&result)
	var scratch buffers
	defer scratch.free()
	reached, err := storages.get(slot).Options().Ratio(scratch.alloc, slice(data, dataLen))
	*ratio = C.double(reached)
	return code(err)
}

//export ckgo_inspect
func ckgo_inspect(in *C.uint8_t, inLen C.size_t, info *C.CachekitEnvelopeInfo) (result C.int) {
	defer recovered(&result)
	e, err := envelope.Inspect(slice(in, inLen))
	if err != nil {
		return code(err)
	}
	info.original_size = C.size_t(e.OriginalSize)
	info.compressed_size = C.size_t(e.CompressedSize)
	*fixed[[limits.ChecksumSize]byte](&info.checksum[0]) = e.Checksum
	info.format = (*C.char)(unsafe.Pointer(start(e.Format)))
	info.format_len = C.size_t(len(e.Format))
	return C.CACHEKIT_OK
}

//export ckgo_compress
func ckgo_compress(in *C.uint8_t, inLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	var scratch buffers
	defer scratch.free()
	n, err := envelope.EncodeTight(slice(out, capacity), scratch.alloc, slice(in, inLen), limits.DefaultFormat)
	return finishSize(n, err, length)
}

//export ckgo_decompress
func ckgo_decompress(in *C.uint8_t, inLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	to := into(out, capacity)
	data, err := envelope.Decode(&to, slice(in, inLen))
	return finish(&to, data, err, length)
}

//export ckgo_checksum
func ckgo_checksum(data *C.uint8_t, dataLen C.size_t, out *C.uint8_t) (result C.int) {
	defer recovered(&result)
	*fixed[[limits.ChecksumSize]byte](out) = checksum.Bytes(slice(data, dataLen))
	return C.CACHEKIT_OK
}

//export ckgo_verify_checksum
func ckgo_verify_checksum(data *C.uint8_t, dataLen C.size_t, expected *C.uint8_t) (result C.int) {
	defer recovered(&result)
	return code(checksum.Verify(slice(data, dataLen), *fixed[[limits.ChecksumSize]byte](expected)))
}

//export ckgo_storage_metrics
func ckgo_storage_metrics(slot C.uint32_t, metrics *C.CachekitMetrics) (result C.int) {
	defer recovered(&result)
	fillMetrics(metrics, storages.get(slot).Metrics())
	return C.CACHEKIT_OK
}
