package core_test

import (
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
)

// Counts are exact however many goroutines there are and whatever the sizes.
func TestMetricsAreExact(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	if m := s.Metrics(); m != (core.Metrics{}) {
		t.Fatalf("a new ByteStorage has done %+v", m)
	}
	const goroutines, rounds = 16, 100
	sizes := []int{0, 1, 100, 4000, 4095, 4096, 5000, 64<<10 - 1, 64 << 10, 70000}
	var want core.Metrics
	payloads, envelopes := make([][]byte, len(sizes)), make([][]byte, len(sizes))
	for i, n := range sizes {
		payloads[i] = bytetest.Noise(n) // so that envelopes are about as large
		envelopes[i] = store(t, payloads[i])
		want.Store.BytesIn += uint64(n)
		want.Store.BytesOut += uint64(len(envelopes[i]))
	}
	checksumDiffers := with(func(p *parts) { p.checksum = integers(make([]byte, 8)) })

	var wait sync.WaitGroup
	for range goroutines {
		wait.Go(func() {
			room, out := make([]byte, 0, core.EnvelopeBound(70000, 7)), make([]byte, 70000)
			for round := range rounds {
				for i := range sizes {
					if _, err := s.AppendStore(room, payloads[i], core.DefaultFormat); err != nil {
						t.Error(err)
					}
					if _, err := s.RetrieveInto(out, envelopes[i]); err != nil {
						t.Error(err)
					}
				}
				// Three stores and four retrievals that fail, by every way in.
				s.AppendStore(room, hello, "\xff")
				s.StoreInto(room[:cap(room)], hello, "\xff")
				s.StoreInto(nil, hello, "\xff")
				s.AppendRetrieve(nil, []byte{0xc1})
				s.AppendRetrieve(nil, checksumDiffers)
				s.RetrieveInto(nil, []byte{0xc1})
				s.RetrieveInto(out, checksumDiffers)
				// Questions about a size, and what has no metrics.
				s.StoreInto(nil, hello, core.DefaultFormat)
				s.RetrieveInto(nil, envelopes[1])
				s.Validate(envelopes[1])
				s.EstimateCompression(hello)
				if round%10 == 0 {
					s.Metrics() // reading must not disturb
				}
			}
		})
	}
	wait.Wait()

	const calls = goroutines * rounds
	want.Store.Operations = calls * uint64(len(sizes)+3)
	want.Store.Errors = calls * 3
	want.Store.BytesIn *= calls
	want.Store.BytesOut *= calls
	want.Retrieve.Operations = calls * uint64(len(sizes)+4)
	want.Retrieve.Errors = calls * 4
	want.Retrieve.BytesIn = want.Store.BytesOut
	want.Retrieve.BytesOut = want.Store.BytesIn

	got := s.Metrics()
	for _, o := range []struct {
		name      string
		got, want core.OperationMetrics
	}{{"store", got.Store, want.Store}, {"retrieve", got.Retrieve, want.Retrieve}} {
		timed := o.got
		o.got.TimedOperations, o.got.TotalNS, o.got.LastNS = 0, 0, 0
		if o.got != o.want {
			t.Errorf("%s: %+v, want %+v", o.name, o.got, o.want)
		}
		// Two of the sizes are always timed, of the others a sample,
		// failures never.
		if least, most := uint64(2*calls), o.want.Operations-o.want.Errors; timed.TimedOperations < least || timed.TimedOperations > most {
			t.Errorf("%s: %d timed, want %d to %d", o.name, timed.TimedOperations, least, most)
		}
		if timed.LastNS == 0 || timed.TotalNS < timed.LastNS {
			t.Errorf("%s: total %d ns, last %d ns", o.name, timed.TotalNS, timed.LastNS)
		}
	}
	if got.Encrypt != (core.OperationMetrics{}) || got.Decrypt != (core.OperationMetrics{}) || got.HardwareAccelerated {
		t.Errorf("a ByteStorage does not encrypt, but says %+v", got)
	}
}

func TestEveryLargePayloadIsTimed(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	data := bytetest.Noise(64 << 10)
	var before core.Metrics
	check := func(name string, i uint64, before, after core.OperationMetrics) {
		if after.TimedOperations != i || after.LastNS == 0 || after.TotalNS-before.TotalNS != after.LastNS {
			t.Errorf("%s %d: %+v after %+v", name, i, after, before)
		}
	}
	for i := range uint64(5) {
		envelope, err := s.Store(data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Retrieve(envelope); err != nil {
			t.Fatal(err)
		}
		after := s.Metrics()
		check("store", i+1, before.Store, after.Store)
		check("retrieve", i+1, before.Retrieve, after.Retrieve)
		before = after
	}
}

func TestFailuresAreCountedAndNeverTimed(t *testing.T) {
	s := core.NewByteStorage("\xff")
	for range 200 {
		if _, err := s.Store(hello); err == nil {
			t.Fatal("stored a format that is not UTF-8")
		}
		if _, err := s.Retrieve(nil); err == nil {
			t.Fatal("retrieved from nothing")
		}
	}
	failed := core.OperationMetrics{Operations: 200, Errors: 200}
	if m := s.Metrics(); m != (core.Metrics{Store: failed, Retrieve: failed}) {
		t.Errorf("%+v", m)
	}
}

// Every error of every method counts once, in the operation that it belongs to;
// ErrBufferTooSmall does not count, nor does what has no metrics.
func TestEachErrorCountsOnce(t *testing.T) {
	type calls map[string]func(s *core.ByteStorage) error
	tooMuch := make([]byte, core.MaxPayloadSize+1) // zero pages that nothing touches
	stores := func(data []byte, format string, room int) calls {
		return calls{
			"Store":       func(s *core.ByteStorage) error { _, err := s.Store(data); return err },
			"AppendStore": func(s *core.ByteStorage) error { _, err := s.AppendStore(nil, data, format); return err },
			"StoreInto":   func(s *core.ByteStorage) error { _, err := s.StoreInto(make([]byte, room), data, format); return err },
			"StoreMany":   func(s *core.ByteStorage) error { return s.StoreMany([]core.Item{{In: data}}, format) },
		}
	}
	retrieves := func(envelope []byte) calls {
		return calls{
			"Retrieve":       func(s *core.ByteStorage) error { _, err := s.Retrieve(envelope); return err },
			"AppendRetrieve": func(s *core.ByteStorage) error { _, err := s.AppendRetrieve(nil, envelope); return err },
			"RetrieveInto":   func(s *core.ByteStorage) error { _, err := s.RetrieveInto(make([]byte, 100), envelope); return err },
			"RetrieveMany":   func(s *core.ByteStorage) error { return s.RetrieveMany([]core.Item{{In: envelope}}) },
		}
	}
	sound := store(t, hello)
	failed := core.OperationMetrics{Operations: 1, Errors: 1}
	storeFailed, retrieveFailed := core.Metrics{Store: failed}, core.Metrics{Retrieve: failed}
	type row struct {
		calls calls
		err   error
		want  core.Metrics
	}
	rows := []row{
		{stores(tooMuch, core.DefaultFormat, 0), core.ErrInputTooLarge, storeFailed},
		{stores(hello, "\xff", 0), core.ErrInvalidInput, storeFailed},
		{stores(hello, "\xff", 200), core.ErrInvalidInput, storeFailed},
		{retrieves(nil), core.ErrInvalidInput, retrieveFailed},
		{retrieves(tooMuch), core.ErrInputTooLarge, retrieveFailed},
		{retrieves(with(func(p *parts) { p.size = integer(core.MaxPayloadSize + 1) })), core.ErrInputTooLarge, retrieveFailed},
		{retrieves(with(func(p *parts) { p.block = bin(nil) })), core.ErrDecompressionBomb, retrieveFailed},
		{calls{
			"StoreInto":    func(s *core.ByteStorage) error { _, err := s.StoreInto(nil, hello, core.DefaultFormat); return err },
			"RetrieveInto": func(s *core.ByteStorage) error { _, err := s.RetrieveInto(nil, sound); return err },
		}, core.ErrBufferTooSmall, core.Metrics{}},
		{calls{
			"Validate":            func(s *core.ByteStorage) error { return s.Validate(tooMuch) },
			"EstimateCompression": func(s *core.ByteStorage) error { _, err := s.EstimateCompression(tooMuch); return err },
		}, core.ErrInputTooLarge, core.Metrics{}},
		{calls{
			"SetLevel":      func(s *core.ByteStorage) error { return s.SetLevel(0) },
			"SetMaxPayload": func(s *core.ByteStorage) error { return s.SetMaxPayload(0) },
		}, core.ErrInvalidInput, core.Metrics{}},
	}
	for err, envelope := range damaged(hello) {
		rows = append(rows, row{retrieves(envelope), err, retrieveFailed})
	}
	seen := map[string]bool{}
	for _, r := range rows {
		for method, call := range r.calls {
			seen[method] = true
			s := core.NewByteStorage("\xff") // what Store writes
			if err := call(s); !errors.Is(err, r.err) {
				t.Errorf("%s: %v, want %v", method, err, r.err)
			}
			if got := s.Metrics(); got != r.want {
				t.Errorf("%s, %v: %+v, want %+v", method, r.err, got, r.want)
			}
		}
	}
	for m := range reflect.TypeFor[*core.ByteStorage]().Methods() {
		if n := m.Type.NumOut(); n > 0 && m.Type.Out(n-1) == reflect.TypeFor[error]() && !seen[m.Name] {
			t.Errorf("%s is not in this table", m.Name)
		}
	}
}

func TestLastCompressionRatio(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 100, 5000, 100000} {
			data := kind.make(n)
			envelope, err := s.Store(data)
			if err != nil {
				t.Fatal(err)
			}
			want := float64(n) / float64(len(envelope))
			if got := s.Metrics().LastCompressionRatio; got != want {
				t.Errorf("%s of %d: %v, want %v", kind.name, n, got, want)
			}
			if _, err := s.Retrieve(envelope); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Store(nil); err != nil { // and one in between
				t.Fatal(err)
			}
			if got := s.Metrics().LastCompressionRatio; got != 0 {
				t.Errorf("after a store of nothing: %v", got)
			}
		}
	}
}
