package encryption

import (
	"bytes"
	"reflect"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/meter"
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

// Wipe is done when no call uses a key any more, and not before.
func TestWipeWaitsForCallsUnderWay(t *testing.T) {
	for _, name := range []string{"encrypt", "decrypt"} {
		ring := testKeyring(t, testKey(1), nil, "t")
		key := (*ring.keys.Load())[0]
		call := map[string]*meter.Operation{"encrypt": &ring.encrypt, "decrypt": &ring.decrypt}[name]
		span := call.Begin(1)
		var wiped atomic.Bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			ring.Wipe()
			wiped.Store(true)
		}()
		for ring.keys.Load() != nil {
			runtime.Gosched()
		}
		for range 1000 { // time for a Wipe that does not wait
			runtime.Gosched()
		}
		if wiped.Load() {
			t.Errorf("%s: Wipe is done before the call", name)
		}
		call.End(span, 1, 1)
		<-done
		if !reflect.ValueOf(key).Elem().IsZero() {
			t.Errorf("%s: a key is left after the call", name)
		}
	}
}

func TestFailedDerivationLeavesZeros(t *testing.T) {
	keys, err := DeriveTenantKeys(testKey(1), []byte("t"))
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Derive(nil, []byte("t")); err == nil || keys != (TenantKeys{}) {
		t.Errorf("%v, and keys that are not zeros", err)
	}
}
