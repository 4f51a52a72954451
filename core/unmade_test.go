package core_test

import (
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
	typetest.Unusable(t, "zero ByteStorage", zero, core.NewByteStorage("json"), core.ErrInvalidHandle)
	typetest.Unusable(t, "copy of a ByteStorage", typetest.Copy(used), core.NewByteStorage("json"), core.ErrInvalidHandle)
	typetest.VetFlagsCopies(t, typ)
	if zero.DefaultFormat() != "" || zero.Metrics() != (core.Metrics{}) {
		t.Errorf("zero ByteStorage: %q, %+v", zero.DefaultFormat(), zero.Metrics())
	}

	// The others are plain data. Here it is settled what a new one is.
	typetest.All(t, typ, reflect.TypeFor[core.Envelope](),
		reflect.TypeFor[core.Metrics](), reflect.TypeFor[core.OperationMetrics](),
		reflect.TypeFor[core.NamedMetrics](), reflect.TypeFor[core.Item]())
}
