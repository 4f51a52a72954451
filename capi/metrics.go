package main

// #include "ckgo.h"
import "C"

import (
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/aesgcm"
	"github.com/cachekit-go/cachekit-core/internal/exposition"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// fieldsIn is how many fields of exposition.Named lie in the first size bytes of a
// CachekitMetrics, whole.
func fieldsIn(size C.size_t) int {
	var m C.CachekitMetrics
	ends := [exposition.AllFields]uintptr{
		exposition.Store:                unsafe.Offsetof(m.retrieve),
		exposition.Retrieve:             unsafe.Offsetof(m.encrypt),
		exposition.Encrypt:              unsafe.Offsetof(m.decrypt),
		exposition.Decrypt:              unsafe.Offsetof(m.last_compression_ratio),
		exposition.LastCompressionRatio: unsafe.Offsetof(m.hardware_accelerated),
		exposition.HardwareAccelerated:  unsafe.Offsetof(m.hardware_accelerated) + unsafe.Sizeof(m.hardware_accelerated),
	}
	fields := 0
	for fields < len(ends) && ends[fields] <= uintptr(size) {
		fields++
	}
	return fields
}

//export ckgo_metrics_text
func ckgo_metrics_text(metrics *C.CachekitMetrics, name *C.char, nameLen C.size_t, out *C.char, capacity C.size_t,
	length *C.size_t) (result C.int) {
	defer recovered(&result)
	objects := [1]exposition.Named{{
		Name: text(name, nameLen),
		Metrics: meter.Metrics{
			Store:                snapshot(&metrics.store),
			Retrieve:             snapshot(&metrics.retrieve),
			Encrypt:              snapshot(&metrics.encrypt),
			Decrypt:              snapshot(&metrics.decrypt),
			LastCompressionRatio: float64(metrics.last_compression_ratio),
		},
		Fields:              fieldsIn(metrics.struct_size),
		HardwareAccelerated: bool(metrics.hardware_accelerated),
	}}
	to := memory.Into(chars(out, capacity))
	written, err := exposition.Write(&to, objects[:], "\x00") // C's end of a string
	return finish(&to, written, err, length)
}

func snapshot(from *C.CachekitOperationMetrics) meter.Snapshot {
	return meter.Snapshot{
		Operations:      uint64(from.operations),
		Errors:          uint64(from.errors),
		BytesIn:         uint64(from.bytes_in),
		BytesOut:        uint64(from.bytes_out),
		TimedOperations: uint64(from.timed_operations),
		TotalNS:         uint64(from.total_ns),
		LastNS:          uint64(from.last_ns),
	}
}

func fillMetrics(to *C.CachekitMetrics, from meter.Metrics) {
	for _, operation := range []struct {
		to   *C.CachekitOperationMetrics
		from meter.Snapshot
	}{
		{&to.store, from.Store},
		{&to.retrieve, from.Retrieve},
		{&to.encrypt, from.Encrypt},
		{&to.decrypt, from.Decrypt},
	} {
		operation.to.operations = C.uint64_t(operation.from.Operations)
		operation.to.errors = C.uint64_t(operation.from.Errors)
		operation.to.bytes_in = C.uint64_t(operation.from.BytesIn)
		operation.to.bytes_out = C.uint64_t(operation.from.BytesOut)
		operation.to.timed_operations = C.uint64_t(operation.from.TimedOperations)
		operation.to.total_ns = C.uint64_t(operation.from.TotalNS)
		operation.to.last_ns = C.uint64_t(operation.from.LastNS)
	}
	to.last_compression_ratio = C.double(from.LastCompressionRatio)
	to.hardware_accelerated = C.bool(aesgcm.Accelerated())
}
