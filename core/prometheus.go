package core

import (
	"github.com/cachekit-go/cachekit-core/internal/exposition"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// MaxMetricsNameSize, 1024, is the longest name of NamedMetrics in bytes.
const MaxMetricsNameSize = limits.MaxMetricsNameSize

// NamedMetrics are the Metrics of one object among several.
type NamedMetrics struct {
	Metrics

	// Name tells the object from others: any valid UTF-8, or nothing where there is
	// only one.
	Name string
}

// AppendPrometheus appends the metrics to dst in the text format of Prometheus, version
// 0.0.4, which is served as "text/plain; version=0.0.4". Names begin with cachekit_, as
// in cachekit_operations_total; the labels are name, unless it is empty, and operation:
// store, retrieve, encrypt or decrypt. Times are in seconds. It allocates nothing but
// room for a header of each object, and for the text if dst has too little.
//
// Errors: ErrInputTooLarge for a name over MaxMetricsNameSize, ErrInvalidInput for one
// that is not valid UTF-8.
func AppendPrometheus(dst []byte, metrics ...NamedMetrics) ([]byte, error) {
	objects := make([]exposition.Named, len(metrics))
	for i, m := range metrics {
		objects[i] = exposition.Named{
			Name: m.Name,
			Metrics: meter.Metrics{
				Store:                meter.Snapshot(m.Store),
				Retrieve:             meter.Snapshot(m.Retrieve),
				Encrypt:              meter.Snapshot(m.Encrypt),
				Decrypt:              meter.Snapshot(m.Decrypt),
				LastCompressionRatio: m.LastCompressionRatio,
			},
			Fields:              exposition.AllFields,
			HardwareAccelerated: m.HardwareAccelerated,
		}
	}
	to := memory.Behind(dst)
	text, err := exposition.Write(&to, objects, "")
	if err != nil {
		return dst, err
	}
	return to.With(text), nil
}
