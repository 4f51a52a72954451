package main

// #include "ckgo.h"
import "C"

import (
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/core"
)

// longFormat is the size in bytes from which on a storage's format is not Go's memory:
// so many storages with long ones can be made that it would end the process.
const longFormat = 256

//export ckgo_byte_storage_new
func ckgo_byte_storage_new(slot C.uint32_t, format *C.char, formatLen C.size_t) (result C.int) {
	defer recovered(&result)
	name := text(format, formatLen)
	if len(name) > core.MaxFormatSize || !utf8.ValidString(name) {
		return C.CACHEKIT_INVALID_INPUT
	}
	if len(name) <= longFormat {
		storages.put(slot, core.NewByteStorage(strings.Clone(name)))
		return C.CACHEKIT_OK
	}
	b, err := newBuffer(len(name))
	if err != nil {
		return code(err)
	}
	storages.put(slot, core.NewByteStorage(b.keep(copy(b.bytes(), name))))
	return C.CACHEKIT_OK
}

//export ckgo_store
func ckgo_store(slot C.uint32_t, data *C.uint8_t, dataLen C.size_t, format *C.char, formatLen C.size_t,
	out **C.uint8_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	storage := storages.get(slot)
	name := storage.DefaultFormat()
	if format != nil {
		name = text(format, formatLen)
	}
	in := slice(data, dataLen)
	var b buffer
	var err error
	if len(in) <= core.MaxPayloadSize && len(name) <= core.MaxFormatSize { // else the storage refuses, and counts it
		if b, err = newBuffer(core.EnvelopeBound(len(in), len(name))); err != nil {
			return code(err)
		}
		defer b.free()
	}
	n, err := storage.StoreInto(b.bytes(), in, name)
	if err == nil {
		b.give(n, out, length)
	}
	return code(err)
}

//export ckgo_retrieve
func ckgo_retrieve(slot C.uint32_t, envelope *C.uint8_t, envelopeLen C.size_t,
	out **C.uint8_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	storage := storages.get(slot)
	in := slice(envelope, envelopeLen)
	e, err := core.Inspect(in)
	if err != nil {
		_, err = storage.RetrieveInto(nil, in) // which counts the error
		return code(err)
	}
	b, err := newBuffer(e.OriginalSize)
	if err != nil {
		return code(err)
	}
	defer b.free()
	if err = storage.Extract(b.bytes(), &e); err == nil {
		b.give(e.OriginalSize, out, length)
	}
	return code(err)
}

//export ckgo_validate
func ckgo_validate(envelope *C.uint8_t, envelopeLen C.size_t) (result C.int) {
	defer recovered(&result)
	e, err := core.Inspect(slice(envelope, envelopeLen))
	if err != nil {
		return code(err)
	}
	b, err := newBuffer(e.OriginalSize)
	if err != nil {
		return code(err)
	}
	defer b.free()
	if err = e.Extract(b.bytes()); err == nil {
		b.secret = b.size
	}
	return code(err)
}

//export ckgo_compression_ratio
func ckgo_compression_ratio(data *C.uint8_t, dataLen C.size_t, ratio *C.double) (result C.int) {
	defer recovered(&result)
	in := slice(data, dataLen)
	if len(in) > core.MaxPayloadSize {
		return C.CACHEKIT_INPUT_TOO_LARGE
	}
	b, err := newBuffer(core.EnvelopeBound(len(in), 0))
	if err != nil {
		return code(err)
	}
	defer b.free()
	*ratio = C.double(core.CompressionRatio(b.bytes(), in))
	return C.CACHEKIT_OK
}

//export ckgo_inspect
func ckgo_inspect(envelope *C.uint8_t, envelopeLen C.size_t, info *C.CachekitEnvelopeInfo) (result C.int) {
	defer recovered(&result)
	e, err := core.Inspect(slice(envelope, envelopeLen))
	if err != nil {
		return code(err)
	}
	info.original_size = C.size_t(e.OriginalSize)
	info.compressed_size = C.size_t(e.CompressedSize)
	*fixed[[core.ChecksumSize]byte](&info.checksum[0]) = e.Checksum
	info.format = (*C.char)(unsafe.Pointer(unsafe.SliceData(e.Format)))
	info.format_len = C.size_t(len(e.Format))
	return C.CACHEKIT_OK
}

//export ckgo_compress
func ckgo_compress(in *C.uint8_t, inLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	data := slice(in, inLen)
	n, err := core.EncodeEnvelope(slice(out, capacity), data, core.DefaultFormat)
	if err == core.ErrBufferTooSmall {
		n, err = compressTight(out, capacity, data, n)
	}
	return finish(n, err, length)
}

// compressTight compresses into a buffer below the bound, which may yet hold
// the result, by way of one that reaches it.
func compressTight(out *C.uint8_t, capacity C.size_t, data []byte, bound int) (int, error) {
	b, err := newBuffer(bound)
	if err != nil {
		return 0, err
	}
	defer b.free()
	n, err := core.EncodeEnvelope(b.bytes(), data, core.DefaultFormat)
	if err != nil {
		return 0, err
	}
	b.secret = n
	if capacity < C.size_t(n) {
		return n, core.ErrBufferTooSmall
	}
	b.copyTo(out, n)
	return n, nil
}

//export ckgo_decompress
func ckgo_decompress(in *C.uint8_t, inLen C.size_t, out *C.uint8_t, capacity C.size_t, length *C.size_t) (result C.int) {
	defer recovered(&result)
	e, err := core.Inspect(slice(in, inLen))
	if err != nil {
		return code(err)
	}
	dst := slice(out, capacity)
	if len(dst) < e.OriginalSize {
		err = core.ErrBufferTooSmall
	} else {
		err = e.Extract(dst[:e.OriginalSize])
	}
	return finish(e.OriginalSize, err, length)
}

//export ckgo_checksum
func ckgo_checksum(data *C.uint8_t, dataLen C.size_t, out *C.uint8_t) (result C.int) {
	defer recovered(&result)
	*fixed[[core.ChecksumSize]byte](out) = core.Checksum(slice(data, dataLen))
	return C.CACHEKIT_OK
}

//export ckgo_verify_checksum
func ckgo_verify_checksum(data *C.uint8_t, dataLen C.size_t, expected *C.uint8_t) (result C.int) {
	defer recovered(&result)
	return code(core.VerifyChecksum(slice(data, dataLen), *fixed[[core.ChecksumSize]byte](expected)))
}

//export ckgo_storage_metrics
func ckgo_storage_metrics(slot C.uint32_t, metrics *C.CachekitMetrics) (result C.int) {
	defer recovered(&result)
	fillMetrics(metrics, storages.get(slot).Metrics())
	return C.CACHEKIT_OK
}
