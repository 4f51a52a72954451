package main

// #include "ckgo.h"
import "C"

import (
	"github.com/cachekit-go/cachekit-core/internal/aesgcm"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

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
