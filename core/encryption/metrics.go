package encryption

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// metrics is what an object has counted, as users get it.
func metrics(m meter.Metrics) core.Metrics {
	return core.Metrics{
		Store:                core.OperationMetrics(m.Store),
		Retrieve:             core.OperationMetrics(m.Retrieve),
		Encrypt:              core.OperationMetrics(m.Encrypt),
		Decrypt:              core.OperationMetrics(m.Decrypt),
		LastCompressionRatio: m.LastCompressionRatio,
		HardwareAccelerated:  HardwareAccelerated(),
	}
}
