package core_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// Each number of Metrics comes under its name; the text as a whole, the tests of
// internal/exposition prove.
func TestAppendPrometheus(t *testing.T) {
	operation := func(n uint64) core.OperationMetrics {
		return core.OperationMetrics{Operations: n, Errors: n + 1, BytesIn: n + 2, BytesOut: n + 3,
			TimedOperations: n + 4, TotalNS: 1e9 * (n + 5), LastNS: 1e9 * (n + 6)}
	}
	m := core.Metrics{Store: operation(10), Retrieve: operation(20), Encrypt: operation(30), Decrypt: operation(40),
		LastCompressionRatio: 1.5, HardwareAccelerated: true}
	text, err := core.AppendPrometheus([]byte("# before\n"), core.NamedMetrics{Metrics: m, Name: "n"})
	if err != nil || !strings.HasPrefix(string(text), "# before\n# HELP ") {
		t.Fatalf("%v, %.20q", err, text)
	}
	for _, line := range []string{
		`cachekit_operations_total{name="n",operation="store"} 10`,
		`cachekit_errors_total{name="n",operation="store"} 11`,
		`cachekit_input_bytes_total{name="n",operation="retrieve"} 22`,
		`cachekit_output_bytes_total{name="n",operation="encrypt"} 33`,
		`cachekit_timed_operations_total{name="n",operation="decrypt"} 44`,
		`cachekit_timed_seconds_total{name="n",operation="store"} 15`,
		`cachekit_last_seconds{name="n",operation="decrypt"} 46`,
		`cachekit_last_compression_ratio{name="n"} 1.5`,
		`cachekit_hardware_accelerated{name="n"} 1`,
	} {
		if strings.Count(string(text), "\n"+line+"\n") != 1 {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	if got, err := core.AppendPrometheus(nil); got == nil || len(got) > 0 || err != nil {
		t.Errorf("of nothing: %q, %v", got, err)
	}

	dst := []byte("kept")
	for name, want := range map[string]error{
		"\xff": core.ErrInvalidInput,
		strings.Repeat("n", core.MaxMetricsNameSize+1): core.ErrInputTooLarge,
	} {
		if got, err := core.AppendPrometheus(dst, core.NamedMetrics{Name: name}); !errors.Is(err, want) || string(got) != "kept" {
			t.Errorf("%.4q: %q, %v", name, got, err)
		}
	}

	room := make([]byte, 0, 10_000)
	if n := testing.AllocsPerRun(10, func() {
		if _, err := core.AppendPrometheus(room, core.NamedMetrics{Metrics: m, Name: "n"}); err != nil {
			t.Error(err)
		}
	}); n > 1 {
		t.Errorf("%.0f allocations", n)
	}
}
