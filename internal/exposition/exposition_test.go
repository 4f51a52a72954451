package exposition

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// counted has another number in each field.
func counted() meter.Metrics {
	return meter.Metrics{
		Store:                meter.Snapshot{Operations: 1, Errors: 2, BytesIn: 3, BytesOut: 4, TimedOperations: 5, TotalNS: 6_000_000_000, LastNS: 7},
		Retrieve:             meter.Snapshot{Operations: 11, Errors: 12, BytesIn: 13, BytesOut: 14, TimedOperations: 15, TotalNS: 1_600_000_000, LastNS: 17_000},
		Encrypt:              meter.Snapshot{Operations: 21, Errors: 22, BytesIn: 23, BytesOut: 24, TimedOperations: 25, TotalNS: 26, LastNS: 27_000_000},
		Decrypt:              meter.Snapshot{Operations: 31, Errors: 32, BytesIn: 33, BytesOut: math.MaxUint64, TimedOperations: 35, TotalNS: math.MaxUint64, LastNS: 0},
		LastCompressionRatio: 2.5,
	}
}

func write(t *testing.T, objects ...Named) string {
	t.Helper()
	to := memory.From(memory.Make)
	text, err := Write(&to, objects, "")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestText(t *testing.T) {
	const want = `# HELP cachekit_operations_total Operations, including those that failed.
# TYPE cachekit_operations_total counter
cachekit_operations_total{name="orders",operation="store"} 1
cachekit_operations_total{name="orders",operation="retrieve"} 11
cachekit_operations_total{name="orders",operation="encrypt"} 21
cachekit_operations_total{name="orders",operation="decrypt"} 31
# HELP cachekit_errors_total Operations that failed.
# TYPE cachekit_errors_total counter
cachekit_errors_total{name="orders",operation="store"} 2
cachekit_errors_total{name="orders",operation="retrieve"} 12
cachekit_errors_total{name="orders",operation="encrypt"} 22
cachekit_errors_total{name="orders",operation="decrypt"} 32
# HELP cachekit_input_bytes_total Input of the operations that succeeded.
# TYPE cachekit_input_bytes_total counter
cachekit_input_bytes_total{name="orders",operation="store"} 3
cachekit_input_bytes_total{name="orders",operation="retrieve"} 13
cachekit_input_bytes_total{name="orders",operation="encrypt"} 23
cachekit_input_bytes_total{name="orders",operation="decrypt"} 33
# HELP cachekit_output_bytes_total Output of the operations that succeeded.
# TYPE cachekit_output_bytes_total counter
cachekit_output_bytes_total{name="orders",operation="store"} 4
cachekit_output_bytes_total{name="orders",operation="retrieve"} 14
cachekit_output_bytes_total{name="orders",operation="encrypt"} 24
cachekit_output_bytes_total{name="orders",operation="decrypt"} 18446744073709551615
# HELP cachekit_timed_operations_total Operations that succeeded and were timed.
# TYPE cachekit_timed_operations_total counter
cachekit_timed_operations_total{name="orders",operation="store"} 5
cachekit_timed_operations_total{name="orders",operation="retrieve"} 15
cachekit_timed_operations_total{name="orders",operation="encrypt"} 25
cachekit_timed_operations_total{name="orders",operation="decrypt"} 35
# HELP cachekit_timed_seconds_total Time that the timed operations took.
# TYPE cachekit_timed_seconds_total counter
cachekit_timed_seconds_total{name="orders",operation="store"} 6
cachekit_timed_seconds_total{name="orders",operation="retrieve"} 1.6
cachekit_timed_seconds_total{name="orders",operation="encrypt"} 0.000000026
cachekit_timed_seconds_total{name="orders",operation="decrypt"} 18446744073.709551615
# HELP cachekit_last_seconds Time that the last timed operation took.
# TYPE cachekit_last_seconds gauge
cachekit_last_seconds{name="orders",operation="store"} 0.000000007
cachekit_last_seconds{name="orders",operation="retrieve"} 0.000017
cachekit_last_seconds{name="orders",operation="encrypt"} 0.027
cachekit_last_seconds{name="orders",operation="decrypt"} 0
# HELP cachekit_last_compression_ratio Payload size / envelope size of the last store, 0 before it.
# TYPE cachekit_last_compression_ratio gauge
cachekit_last_compression_ratio{name="orders"} 2.5
# HELP cachekit_hardware_accelerated 1 if encryption uses the AES instructions of the CPU.
# TYPE cachekit_hardware_accelerated gauge
cachekit_hardware_accelerated{name="orders"} 1
`
	named := Named{"orders", counted(), AllFields, true}
	got := write(t, named)
	if got != want {
		t.Errorf("wrote\n%s\nwant\n%s", got, want)
	}
	named.Name = ""
	without := strings.NewReplacer(`name="orders",`, ``, `{name="orders"}`, ``).Replace(want)
	if got := write(t, named); got != without {
		t.Errorf("without a name it wrote\n%s\nwant\n%s", got, without)
	}
	if got := write(t); got != "" {
		t.Errorf("of nothing it wrote %q", got)
	}
}

// A metric has its HELP and TYPE once, and all its lines stand behind it, of however
// many objects.
func TestSeveralObjects(t *testing.T) {
	one := write(t, Named{"one", counted(), AllFields, true})
	two := write(t, Named{"two", meter.Metrics{}, AllFields, false})
	both := write(t, Named{"one", counted(), AllFields, true}, Named{"two", meter.Metrics{}, AllFields, false})
	var want strings.Builder
	families := strings.Split(one, "# HELP ")
	for i, family := range strings.Split(two, "# HELP ")[1:] {
		_, samples, _ := strings.Cut(family, " gauge\n")
		if samples == "" {
			_, samples, _ = strings.Cut(family, " counter\n")
		}
		want.WriteString("# HELP " + families[i+1] + samples)
	}
	if both != want.String() || strings.Count(both, "\n") != 9*2+30*2 {
		t.Errorf("wrote\n%s\nwant\n%s", both, want.String())
	}
}

// Of an object that knows less there is less, and no metric without a line.
func TestFieldsThatAreNotThere(t *testing.T) {
	all := write(t, Named{"n", counted(), AllFields, true})
	for fields := range AllFields + 1 {
		var want strings.Builder
		for family := range strings.SplitSeq(all, "# HELP ") {
			lines := strings.SplitAfter(family, "\n")
			switch {
			case family == "", strings.Contains(family, "compression_ratio") && fields <= LastCompressionRatio,
				strings.Contains(family, "accelerated") && fields <= HardwareAccelerated, fields == 0:
			case len(lines) == 7: // HELP, TYPE, four operations and nothing
				want.WriteString("# HELP " + strings.Join(lines[:2+min(fields, 4)], ""))
			default:
				want.WriteString("# HELP " + family)
			}
		}
		if got := write(t, Named{"n", counted(), fields, true}); got != want.String() {
			t.Errorf("%d fields: wrote\n%s\nwant\n%s", fields, got, want.String())
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"a b":               `a b`,
		"é😀":                `é😀`,
		`"`:                 `\"`,
		`\`:                 `\\`,
		"\n":                `\n`,
		`say "\n"` + "\n\n": `say \"\\n\"\n\n`,
		"\t\r{}=,":          "\t\r{}=,",
	} {
		got := write(t, Named{name, counted(), AllFields, true})
		if n := strings.Count(got, `{name="`+want+`"`); n != 30 || strings.Count(got, "\n") != 9*2+30 {
			t.Errorf("%q: %d of 30 lines in\n%s", name, n, got)
		}
	}
	asked := memory.From(func(int) []byte { t.Error("memory for what is refused"); return nil })
	for name, want := range map[string]error{
		"\xff": codes.InvalidInput, "ok\xc3": codes.InvalidInput, "\xed\xa0\x80": codes.InvalidInput,
		strings.Repeat("n", limits.MaxMetricsNameSize+1): codes.InputTooLarge,
	} {
		if text, err := Write(&asked, []Named{{}, {Name: name}}, ""); text != nil || !errors.Is(err, want) {
			t.Errorf("%.10q: %d bytes, %v, want %v", name, len(text), err, want)
		}
	}
}

func TestRatios(t *testing.T) {
	for ratio, want := range map[float64]string{0: "0", 1: "1", 0.25: "0.25", 1e-9: "1e-09", 1e300: "1e+300",
		math.Inf(1): "+Inf", math.Inf(-1): "-Inf", math.NaN(): "NaN", 16.0 / 42: "0.38095238095238093"} {
		got := write(t, Named{"", meter.Metrics{LastCompressionRatio: ratio}, AllFields, false})
		if !strings.Contains(got, "\ncachekit_last_compression_ratio "+want+"\n") {
			t.Errorf("%g: no %s in\n%s", ratio, want, got)
		}
	}
}

func TestSeconds(t *testing.T) {
	for ns, want := range map[uint64]string{0: "0", 1: "0.000000001", 10: "0.00000001", 999_999_999: "0.999999999", 1_000_000_000: "1",
		1_000_000_001: "1.000000001", 20_300_000_000: "20.3", math.MaxUint64: "18446744073.709551615"} {
		got := write(t, Named{"", meter.Metrics{Store: meter.Snapshot{TotalNS: ns}}, AllFields, false})
		if !strings.Contains(got, "\ncachekit_timed_seconds_total{operation=\"store\"} "+want+"\n") {
			t.Errorf("%d ns: no %s in\n%s", ns, want, got)
		}
	}
}

// largest is the longest text of one object.
func largest(name string) []Named {
	most := meter.Snapshot{Operations: math.MaxUint64, Errors: math.MaxUint64, BytesIn: math.MaxUint64, BytesOut: math.MaxUint64,
		TimedOperations: math.MaxUint64, TotalNS: math.MaxUint64, LastNS: math.MaxUint64}
	return []Named{{name, meter.Metrics{Store: most, Retrieve: most, Encrypt: most, Decrypt: most,
		LastCompressionRatio: -1.2345678901234567e-300}, AllFields, true}}
}

// The bound is a promise to C programs.
func TestTheBoundHolds(t *testing.T) {
	for _, n := range []int{0, 1, 100, limits.MaxMetricsNameSize} {
		for _, c := range []string{"n", `"`} {
			size := len(write(t, largest(strings.Repeat(c, n))...)) + 1
			if size > Bound(n) {
				t.Errorf("a name of %d: %d bytes, the bound is %d", n, size, Bound(n))
			}
			if n == limits.MaxMetricsNameSize && c == `"` && size < Bound(n)*95/100 {
				t.Errorf("a name of %d: the bound of %d is loose, %d bytes are the most", n, Bound(n), size)
			}
		}
	}
	if got := Bound(limits.MaxMetricsNameSize); got != limits.MetricsTextBufferSize {
		t.Errorf("a buffer for every name has %d bytes, not %d", got, limits.MetricsTextBufferSize)
	}
}

func TestMemory(t *testing.T) {
	objects := largest("orders")
	want := write(t, objects...) + "\x00"
	for _, n := range []int{0, 1, len(want) - 1, len(want), len(want) + 100} {
		buffer := bytes.Repeat([]byte{0xaa}, n)
		to := memory.Into(buffer)
		got, err := Write(&to, objects, "\x00")
		size, err := to.Size(got, err)
		if small := n < len(want); small && (codes.Of(err) != codes.BufferTooSmall || !bytetest.Only(buffer, 0xaa)) || size != len(want) {
			t.Errorf("%d bytes of room: %d, %v, or something is written", n, size, err)
		} else if !small && (err != nil || string(got) != want || !bytetest.Only(buffer[len(want):], 0xaa)) {
			t.Errorf("%d bytes of room: %v, or other text, or text behind it", n, err)
		}
	}
	none := memory.From(func(int) []byte { return nil })
	if got, err := Write(&none, objects, ""); got != nil || err != codes.OutOfMemory {
		t.Errorf("without memory: %d bytes, %v", len(got), err)
	}
	buffer := make([]byte, len(want))
	if n := testing.AllocsPerRun(10, func() {
		to := memory.Into(buffer)
		if _, err := Write(&to, objects, "\x00"); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("%.0f allocations", n)
	}
}

// Every name is one that Prometheus takes, with the suffixes that its documentation
// asks for, and every line is a whole one.
func TestForm(t *testing.T) {
	line := regexp.MustCompile(`^(# (HELP|TYPE) cachekit_[a-z_]+ .+|cachekit_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")?\})? [-+0-9.eNaInf]+)$`)
	text := write(t, Named{"n", counted(), AllFields, true})
	for l := range strings.Lines(text) {
		if !line.MatchString(strings.TrimSuffix(l, "\n")) || !strings.HasSuffix(l, "\n") {
			t.Errorf("a line %q", l)
		}
	}
	for _, family := range perOperation {
		if (family.kind == "counter") != strings.HasSuffix(family.name, "_total") || family.nanoseconds != strings.Contains(family.name, "seconds") {
			t.Errorf("%s is a %s", family.name, family.kind)
		}
		if !strings.Contains(text, fmt.Sprintf("# TYPE cachekit_%s %s\n", family.name, family.kind)) {
			t.Errorf("no TYPE of %s", family.name)
		}
	}
}
