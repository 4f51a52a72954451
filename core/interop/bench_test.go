package interop

import (
	"fmt"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/documenttest"
)

// benchmarkValue makes a value like those in caches, a list of records, whose
// document has about size bytes.
func benchmarkValue(size int) any {
	record := func(i int) map[string]any {
		return map[string]any{"id": 1000 + i, "name": fmt.Sprintf("user %d", i), "score": 0.5 + float64(i), "active": i%2 == 0}
	}
	var records []any
	for i := 0; ; i++ {
		records = append(records, record(i))
		if doc, err := Value(records); err != nil {
			panic(err)
		} else if len(doc) >= size {
			return records
		}
	}
}

// benchmarkSizes runs f for values whose documents have about 64 B, 1 KiB and
// 64 KiB, canonical and with every map in reverse.
func benchmarkSizes(b *testing.B, f func(b *testing.B, v any, canonical, reversed []byte)) {
	for _, size := range []int{50, 1000, 65500} {
		v := benchmarkValue(size)
		canonical, err := Value(v)
		if err != nil {
			b.Fatal(err)
		}
		reversed := documenttest.Reverse(canonical)
		b.Run(fmt.Sprintf("%dB", len(canonical)), func(b *testing.B) {
			b.SetBytes(int64(len(canonical)))
			b.ReportAllocs()
			f(b, v, canonical, reversed)
		})
	}
}

func BenchmarkKey(b *testing.B) {
	b.Run("one integer", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := Key("users", "get_user", i); err != nil {
				b.Fatal(err)
			}
		}
	})
	benchmarkSizes(b, func(b *testing.B, v any, _, _ []byte) {
		for b.Loop() {
			if _, err := Key("users", "get_user", v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkKeyFromMsgpack(b *testing.B) {
	dst := make([]byte, 0, MaxKeySize)
	run := func(b *testing.B, args []byte) {
		for b.Loop() {
			if _, err := AppendKeyFromMsgpack(dst, "users", "get_user", args); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("one integer", func(b *testing.B) {
		b.ReportAllocs()
		run(b, []byte{0x91, 42})
	})
	benchmarkSizes(b, func(b *testing.B, _ any, _, reversed []byte) { run(b, reversed) })
}

func BenchmarkValue(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, v any, canonical, _ []byte) {
		dst := make([]byte, 0, len(canonical))
		for b.Loop() {
			if _, err := AppendValue(dst, v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	for _, order := range []string{"in order", "reversed"} {
		b.Run(order, func(b *testing.B) {
			benchmarkSizes(b, func(b *testing.B, _ any, canonical, reversed []byte) {
				dst, doc := make([]byte, len(canonical)), canonical
				if order == "reversed" {
					doc = reversed
				}
				for b.Loop() {
					if _, err := CanonicalInto(dst, doc); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, _ any, canonical, _ []byte) {
		for b.Loop() {
			if err := Check(canonical); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, _ any, canonical, _ []byte) {
		for b.Loop() {
			if _, err := Parse(canonical); err != nil {
				b.Fatal(err)
			}
		}
	})
}
