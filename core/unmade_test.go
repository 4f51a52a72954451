package core_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/typetest"
)

func TestByteStorageOnlyFromItsConstructor(t *testing.T) {
	typ := reflect.TypeFor[core.ByteStorage]()
	zero, used := new(core.ByteStorage), core.NewByteStorage("json")
	if _, err := used.Store([]byte("payload")); err != nil {
		t.Fatal(err)
	}
	copied := reflect.New(typ)
	copied.Elem().Set(reflect.ValueOf(used).Elem())
	typetest.Unusable(t, "zero ByteStorage", zero, core.NewByteStorage("json"), core.ErrInvalidHandle)
	typetest.Unusable(t, "copy of a ByteStorage", copied.Interface(), core.NewByteStorage("json"), core.ErrInvalidHandle)
	typetest.VetFlagsCopies(t, typ)
	if zero.DefaultFormat() != "" || zero.Metrics() != (core.Metrics{}) {
		t.Errorf("zero ByteStorage: %q, %+v", zero.DefaultFormat(), zero.Metrics())
	}

	// The others are plain data. Here it is settled what a new one is.
	typetest.All(t, typ, reflect.TypeFor[core.Envelope](),
		reflect.TypeFor[core.Metrics](), reflect.TypeFor[core.OperationMetrics]())
}

// An Envelope that Inspect did not make says that it holds nothing, and nothing
// comes out. A copy is as good as the first.
func TestEnvelopeZeroAndCopy(t *testing.T) {
	var zero core.Envelope
	if err := zero.Extract(nil); !errors.Is(err, core.ErrDecompressionFailed) {
		t.Errorf("zero Envelope: %v", err)
	}
	if err := zero.Extract(make([]byte, 1)); !errors.Is(err, core.ErrBufferTooSmall) {
		t.Errorf("zero Envelope, one byte: %v", err)
	}
	if err := core.NewByteStorage("").Extract(nil, &zero); !errors.Is(err, core.ErrDecompressionFailed) {
		t.Errorf("zero Envelope by a ByteStorage: %v", err)
	}
	e, err := core.Inspect(store(t, []byte("payload")))
	if err != nil {
		t.Fatal(err)
	}
	for c := range 2 {
		again, got := e, make([]byte, e.OriginalSize)
		if err := again.Extract(got); err != nil || string(got) != "payload" {
			t.Errorf("copy %d: %q, %v", c, got, err)
		}
	}
}
