package envelope

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

func newStorage() *Storage {
	s := new(Storage)
	s.Init("json")
	return s
}

// Without memory for the result, or with too little in the caller's buffer, nothing
// was attempted, and nothing counts.
func TestWithoutMemoryNothingCounts(t *testing.T) {
	s := newStorage()
	data := payloadKinds[1].make(1000)
	envelope := written(t, data, "json")
	for i := range 3 {
		none := taker{none: true}
		to := memory.From(none.alloc)
		if out, err := s.Store(&to, data, "json"); out != nil || err != codes.OutOfMemory {
			t.Errorf("Store: %d bytes, %v", len(out), err)
		}
		if out, err := s.Retrieve(&to, envelope); out != nil || err != codes.OutOfMemory {
			t.Errorf("Retrieve: %d bytes, %v", len(out), err)
		}
		for _, c := range []struct {
			name string
			need int
			call func(to *memory.Dest, data []byte) ([]byte, error)
			in   []byte
		}{
			{"Store", Bound(len(data), 4), func(to *memory.Dest, data []byte) ([]byte, error) { return s.Store(to, data, "json") }, data},
			{"Retrieve", len(data), s.Retrieve, envelope},
		} {
			to := memory.Into(make([]byte, c.need-1))
			if n, err := to.Size(c.call(&to, c.in)); n != c.need || codes.Of(err) != codes.BufferTooSmall {
				t.Errorf("%s into a buffer too short: %d, %v, want %d", c.name, n, err, c.need)
			}
		}
		if m := s.Metrics(); m != (meter.Metrics{}) {
			t.Errorf("round %d: counted as %+v", i, m)
		}
	}
	// And with memory, everything does.
	to := memory.From(memory.Make)
	out, err := s.Store(&to, data, "json")
	if err != nil || !bytes.Equal(out, envelope) {
		t.Errorf("Store: %d bytes, %v", len(out), err)
	}
	if out, err := s.Retrieve(&to, envelope); err != nil || !bytes.Equal(out, data) {
		t.Errorf("Retrieve: %d bytes, %v", len(out), err)
	}
	if _, err := s.Retrieve(&to, nil); codes.Of(err) != codes.InvalidInput {
		t.Errorf("Retrieve of nothing: %v", err)
	}
	if _, err := s.Store(&to, nil, "\xff"); !errors.Is(err, codes.InvalidInput) {
		t.Errorf("Store of a format that is not UTF-8: %v", err)
	}
	m := s.Metrics()
	if m.Store.Operations != 2 || m.Store.Errors != 1 || m.Store.BytesIn != 1000 || m.Store.BytesOut != uint64(len(envelope)) ||
		m.Retrieve.Operations != 2 || m.Retrieve.Errors != 1 || m.Retrieve.BytesIn != uint64(len(envelope)) || m.Retrieve.BytesOut != 1000 ||
		m.LastCompressionRatio != 1000/float64(len(envelope)) {
		t.Errorf("counted as %+v", m)
	}
}

// What Init did not make takes no memory and counts nothing.
func TestStorageOnlyFromInit(t *testing.T) {
	var zero Storage
	moved := [2]Storage{}
	moved[0].Init("json")
	moved[1].Format, moved[1].mark = moved[0].Format, moved[0].mark // what a copy would have
	for name, s := range map[string]*Storage{"zero": &zero, "moved": &moved[1]} {
		var k taker
		to := memory.From(k.alloc)
		stored, storeErr := s.Store(&to, []byte("data"), "json")
		retrieved, retrieveErr := s.Retrieve(&to, written(t, []byte("data"), "json"))
		if stored != nil || retrieved != nil || len(k.asked) > 0 {
			t.Errorf("%s: gave out %q and %q, asked for %v", name, stored, retrieved, k.asked)
		}
		for _, err := range []error{storeErr, retrieveErr, s.Check()} {
			if !errors.Is(err, codes.InvalidHandle) || codes.IsMiss(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if m := s.Metrics(); m != (meter.Metrics{}) {
			t.Errorf("%s: counted as %+v", name, m)
		}
	}
	if err := moved[0].Check(); err != nil {
		t.Errorf("where it was made: %v", err)
	}
}
