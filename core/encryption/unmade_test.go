package encryption

import (
	"errors"
	"reflect"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/typetest"
)

// exported are the exported types of this package, which all hold keys.
var exported = []struct {
	typ  reflect.Type
	make func(t *testing.T) any // by the constructor; nil for plain data, which has none
}{
	{reflect.TypeFor[Encryptor](), func(t *testing.T) any {
		e := newEncryptor(t)
		if _, err := e.Encrypt(testKey(1), nil, nil); err != nil { // so that it may remember a key
			t.Fatal(err)
		}
		return e
	}},
	{reflect.TypeFor[Keyring](), func(t *testing.T) any {
		k, err := NewKeyring(testKey(1), testKey(2))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}},
	{reflect.TypeFor[TenantKeyring](), func(t *testing.T) any {
		return testKeyring(t, testKey(1), [][]byte{testKey(2)}, "t")
	}},
	{reflect.TypeFor[TenantKeys](), nil},
}

// Two zero values would make the same nonces, and so would a copy and what it is a
// copy of.
func TestNoConstructorNoEncryption(t *testing.T) {
	var types, constructed []reflect.Type
	for _, e := range exported {
		types = append(types, e.typ)
		if e.make != nil {
			constructed = append(constructed, e.typ)
		}
	}
	typetest.All(t, types...)
	typetest.VetFlagsCopies(t, constructed...)

	everyPath(t, func(t *testing.T) {
		for _, e := range exported {
			if e.make == nil {
				continue
			}
			zero, made, wiped := reflect.New(e.typ).Interface(), e.make(t), e.make(t)
			wiped.(interface{ Wipe() }).Wipe()
			for name, v := range map[string]any{
				"zero value":           zero,
				"copy":                 typetest.Copy(made),
				"copy of a zero value": typetest.Copy(zero),
				"copy of a wiped one":  typetest.Copy(wiped),
			} {
				typetest.Unusable(t, e.typ.Name()+", "+name, v, e.make(t), ErrNotMade)
			}
		}
	})
	if codes.Of(ErrNotMade) != codes.InvalidHandle || ErrNotMade == ErrWiped {
		t.Errorf("%v has code %v", ErrNotMade, codes.Of(ErrNotMade))
	}
}

// A copy shares its keys with the original, whose calls must not find them wiped:
// they would go on under keys of zeros.
func TestWipeOfACopyLeavesTheOriginal(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		e, key := newEncryptor(t), testKey(0) // which is what a wiped one would look like
		sealed, err := e.Encrypt(key, []byte("data"), nil)
		if err != nil {
			t.Fatal(err)
		}
		typetest.Copy(e).Wipe()
		if got, err := e.Decrypt(key, sealed, nil); err != nil || string(got) != "data" {
			t.Errorf("Encryptor: %q, %v", got, err)
		}
	})
	masters, err := NewKeyring(testKey(1))
	if err != nil {
		t.Fatal(err)
	}
	k, err := masters.ForTenant([]byte("t"))
	if err != nil {
		t.Fatal(err)
	}
	typetest.Copy(masters).Wipe()
	typetest.Copy(k).Wipe()
	sealed, err := k.Encrypt([]byte("data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	after, err := masters.ForTenant([]byte("t"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := after.Decrypt(sealed, nil); err != nil || string(got) != "data" {
		t.Errorf("Keyring or TenantKeyring: %q, %v", got, err)
	}
}

func TestWhatIsNotMadeCountsNothing(t *testing.T) {
	var e Encryptor
	var k TenantKeyring
	e.Wipe()
	k.Wipe()
	if _, err := e.Encrypt(testKey(1), nil, nil); !errors.Is(err, ErrNotMade) {
		t.Errorf("zero Encryptor after Wipe: %v", err)
	}
	if e.Counter() != 0 || e.RotationNeeded() || e.InstanceID() != [8]byte{} || e.Metrics().Encrypt != (core.OperationMetrics{}) {
		t.Errorf("zero Encryptor: %d, %+v", e.Counter(), e.Metrics())
	}
	if k.Counter() != 0 || k.RotationNeeded() || k.KeyCount() != 0 || len(k.TenantID()) != 0 || k.Metrics().Encrypt != (core.OperationMetrics{}) {
		t.Errorf("zero TenantKeyring: %d, %+v", k.Counter(), k.Metrics())
	}
}
