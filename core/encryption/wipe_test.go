package encryption

import (
	"bytes"
	"reflect"
	"testing"
)

// wiped tells whether nothing is left of an expanded key.
func wiped(k *cachedKey) bool {
	return reflect.ValueOf(k.Key).Elem().IsZero() && k.raw == [KeySize]byte{}
}

func TestWipeLeavesNothingOfAKeyring(t *testing.T) {
	master, err := NewKeyring(testKey(1), testKey(2), testKey(3))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := master.ForTenant([]byte("t"))
	if err != nil {
		t.Fatal(err)
	}
	masters := append([][]byte(nil), *master.masters.Load()...)
	keys := *ring.keys.Load()
	if len(masters) != 3 || len(keys) != 3 || masters[2][0] != 3 || reflect.ValueOf(keys[2]).Elem().IsZero() {
		t.Fatal("the keyring does not hold what this test looks at")
	}
	master.Wipe()
	ring.Wipe()
	for i := range masters {
		if !bytes.Equal(masters[i], make([]byte, KeySize)) {
			t.Errorf("master key %d is still in memory", i)
		}
		if !reflect.ValueOf(keys[i]).Elem().IsZero() {
			t.Errorf("expanded key %d is still in memory", i)
		}
	}
}

// A failed construction wipes what it had made: here the first key, before the
// second turned out to be wrong, which no check of the arguments lets happen.
func TestFailedConstructionLeavesNoKeyring(t *testing.T) {
	if k, err := newTenantKeyring(testKey(1), [][]byte{nil}, []byte("t")); k != nil || err == nil {
		t.Fatalf("%v, %v", k, err)
	}
}
