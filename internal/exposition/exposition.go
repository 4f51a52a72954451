// Package exposition writes what was counted as text that Prometheus reads, in its
// text-based format, version 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/
package exposition

import (
	"strconv"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// Named is what one object has counted, and which object that is.
type Named struct {
	Name    string // the label "name"; no label if it is empty
	Metrics meter.Metrics
	Fields  int // so many of those below are known, in their order

	HardwareAccelerated bool
}

// The fields of Named, in the order of the struct in C: a program that was compiled with
// an older one knows the first of them only.
const (
	Store = iota
	Retrieve
	Encrypt
	Decrypt
	LastCompressionRatio
	HardwareAccelerated
	AllFields
)

// operations are the names of the first fields, each of which counts one.
var operations = [...]string{Store: "store", Retrieve: "retrieve", Encrypt: "encrypt", Decrypt: "decrypt"}

func (n *Named) operation(field int) *meter.Snapshot {
	switch field {
	case Store:
		return &n.Metrics.Store
	case Retrieve:
		return &n.Metrics.Retrieve
	case Encrypt:
		return &n.Metrics.Encrypt
	}
	return &n.Metrics.Decrypt
}

// perOperation are the metrics that each operation has, others those of one field.
// Seconds are the base unit for time: a count of nanoseconds is written as them.
var perOperation = [...]struct {
	name, kind, help string
	value            func(*meter.Snapshot) uint64
	nanoseconds      bool
}{
	{"operations_total", "counter", "Operations, including those that failed.",
		func(s *meter.Snapshot) uint64 { return s.Operations }, false},
	{"errors_total", "counter", "Operations that failed.",
		func(s *meter.Snapshot) uint64 { return s.Errors }, false},
	{"input_bytes_total", "counter", "Input of the operations that succeeded.",
		func(s *meter.Snapshot) uint64 { return s.BytesIn }, false},
	{"output_bytes_total", "counter", "Output of the operations that succeeded.",
		func(s *meter.Snapshot) uint64 { return s.BytesOut }, false},
	{"timed_operations_total", "counter", "Operations that succeeded and were timed.",
		func(s *meter.Snapshot) uint64 { return s.TimedOperations }, false},
	{"timed_seconds_total", "counter", "Time that the timed operations took.",
		func(s *meter.Snapshot) uint64 { return s.TotalNS }, true},
	{"last_seconds", "gauge", "Time that the last timed operation took.",
		func(s *meter.Snapshot) uint64 { return s.LastNS }, true},
}

var others = [...]struct {
	name, help string // all of them gauges
	field      int
}{
	{"last_compression_ratio", "Payload size / envelope size of the last store, 0 before it.", LastCompressionRatio},
	{"hardware_accelerated", "1 if encryption uses the AES instructions of the CPU.", HardwareAccelerated},
}

// Bound is the size of the longest text of one object whose name has so many bytes, with
// a NUL behind it: each line has the name once, of which every byte may become two.
func Bound(name int) int { return boundOfNone + 2*lines*name }

const (
	lines       = len(perOperation)*len(operations) + len(others)
	boundOfNone = limits.MetricsTextBufferSize - 2*lines*limits.MaxMetricsNameSize
)

// Write returns the text for all objects in memory from dst, with end behind it.
//
// Errors: InputTooLarge for a name over limits.MaxMetricsNameSize, InvalidInput for one
// that is not valid UTF-8, and those of dst.
func Write(dst *memory.Dest, objects []Named, end string) ([]byte, error) {
	for i := range objects {
		switch name := objects[i].Name; {
		case len(name) > limits.MaxMetricsNameSize:
			return nil, codes.InputTooLarge.Because("a name of %d bytes, at most %d", len(name), limits.MaxMetricsNameSize)
		case !memory.ValidUTF8(memory.Bytes(name)):
			return nil, codes.InvalidInput.Because("the name is not UTF-8")
		}
	}
	var measured text
	measured.all(objects, end)
	to, err := dst.Take(measured.n)
	if err != nil {
		return nil, err
	}
	written := text{to: to[:measured.n]}
	written.all(objects, end)
	return written.to, nil
}

// text is what is written, or only measured if to is nil.
type text struct {
	to []byte
	n  int
}

func (t *text) all(objects []Named, end string) {
	for i := range perOperation {
		family := &perOperation[i]
		t.head(objects, Store, family.name, family.kind, family.help)
		for j := range objects {
			for field := Store; field < min(len(operations), objects[j].Fields); field++ {
				t.sample(family.name, objects[j].Name, operations[field])
				t.number(family.value(objects[j].operation(field)), family.nanoseconds)
				t.add("\n")
			}
		}
	}
	for i := range others {
		family := &others[i]
		t.head(objects, family.field, family.name, "gauge", family.help)
		for j := range objects {
			if family.field < objects[j].Fields {
				t.sample(family.name, objects[j].Name, "")
				if family.field == LastCompressionRatio {
					t.float(objects[j].Metrics.LastCompressionRatio)
				} else {
					t.bool(objects[j].HardwareAccelerated)
				}
				t.add("\n")
			}
		}
	}
	t.add(end)
}

// head begins a metric, if one of the objects has its field.
func (t *text) head(objects []Named, field int, name, kind, help string) {
	for i := range objects {
		if field < objects[i].Fields {
			t.add("# HELP cachekit_", name, " ", help, "\n# TYPE cachekit_", name, " ", kind, "\n")
			return
		}
	}
}

// sample begins a line, up to its value.
func (t *text) sample(name, of, operation string) {
	t.add("cachekit_", name)
	open := "{"
	if of != "" {
		t.add(open, `name="`)
		t.escaped(of)
		t.add(`"`)
		open = ","
	}
	if operation != "" {
		t.add(open, `operation="`, operation, `"`)
	}
	if of != "" || operation != "" {
		t.add("}")
	}
	t.add(" ")
}

func (t *text) add(parts ...string) {
	for _, s := range parts {
		if t.to != nil {
			copy(t.to[t.n:], s)
		}
		t.n += len(s)
	}
}

// escaped adds the value of a label.
func (t *text) escaped(s string) {
	begun := 0
	for i := range len(s) {
		escape := ""
		switch s[i] {
		case '\\':
			escape = `\\`
		case '"':
			escape = `\"`
		case '\n':
			escape = `\n`
		default:
			continue
		}
		t.add(s[begun:i], escape)
		begun = i + 1
	}
	t.add(s[begun:])
}

// number adds a number, or what are nanoseconds as seconds, to the last digit.
func (t *text) number(n uint64, nanoseconds bool) {
	const second = 1_000_000_000
	var room [32]byte
	if !nanoseconds {
		t.bytes(strconv.AppendUint(room[:0], n, 10))
		return
	}
	digits := strconv.AppendUint(room[:0], n/second, 10)
	if rest := n % second; rest > 0 {
		point := len(digits)
		digits = strconv.AppendUint(digits, second+rest, 10)
		digits[point] = '.' // instead of the 1 of the second
		for digits[len(digits)-1] == '0' {
			digits = digits[:len(digits)-1]
		}
	}
	t.bytes(digits)
}

// float adds a number as Go writes it, which is what Prometheus reads, NaN, +Inf and
// -Inf too.
func (t *text) float(f float64) {
	var room [32]byte
	t.bytes(strconv.AppendFloat(room[:0], f, 'g', -1, 64))
}

func (t *text) bool(b bool) {
	if b {
		t.add("1")
	} else {
		t.add("0")
	}
}

func (t *text) bytes(b []byte) {
	if t.to != nil {
		copy(t.to[t.n:], b)
	}
	t.n += len(b)
}
