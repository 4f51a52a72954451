package interop

import (
	"reflect"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/typetest"
)

// The types of this package are plain data without constructors. Here it is settled
// what a new one is.
func TestZeroValuesArePlainData(t *testing.T) {
	typetest.All(t, reflect.TypeFor[Set](), reflect.TypeFor[UUID](), reflect.TypeFor[Pairs](),
		reflect.TypeFor[Pair](), reflect.TypeFor[Extension]())
	if got := args(t, Set(nil)); got != "\x90" {
		t.Errorf("Set: % x", got)
	}
	if got := args(t, UUID{}); got != "\xd9\x2400000000-0000-0000-0000-000000000000" {
		t.Errorf("UUID: % x", got)
	}
}

func TestNoConstructorNoEncryption(t *testing.T) {
	key, err := Key("t", "op")
	if err != nil {
		t.Fatal(err)
	}
	var zero encryption.TenantKeyring
	if sealed, err := zero.SealInterop(key, []byte{0xc0}); sealed != nil || err != encryption.ErrNotMade {
		t.Errorf("Seal: % x, %v", sealed, err)
	}
	if value, _, err := zero.OpenInterop(key, make([]byte, 100)); value != nil || err != encryption.ErrNotMade {
		t.Errorf("Open: % x, %v", value, err)
	}
}
