package crypt

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/meter"
	"github.com/cachekit-go/cachekit-core/internal/typetest"
)

// wiped tells whether nothing is left of an expanded key.
func wiped(k *cachedKey) bool {
	return reflect.ValueOf(k.Key).Elem().IsZero() && k.raw == [limits.KeySize]byte{}
}

func TestWipeLeavesNothingOfAKeyring(t *testing.T) {
	ring := testKeyring(t, testKey(1), [][]byte{testKey(2), testKey(3)}, "t")
	keys := *ring.keys.Load()
	if len(keys) != 3 || reflect.ValueOf(keys[2]).Elem().IsZero() {
		t.Fatal("the keyring does not hold what this test looks at")
	}
	ring.Wipe()
	for i := range keys {
		if !reflect.ValueOf(keys[i]).Elem().IsZero() {
			t.Errorf("expanded key %d is still in memory", i)
		}
	}
}

// A failed construction wipes what it had made: here the first key, before the
// second turned out to be wrong, which no check of the arguments lets happen.
func TestFailedConstructionLeavesNoKeyring(t *testing.T) {
	var k TenantKeyring
	if err := k.derive(testKey(1), [][]byte{nil}, []byte("t")); !errors.Is(err, codes.InvalidKeyLength) {
		t.Fatal(err)
	}
	if len(k.fingerprints) != 1 || k.keys.Load() != nil {
		t.Errorf("%d keys were made, and are wiped: %t", len(k.fingerprints), k.keys.Load() == nil)
	}
	if _, _, err := k.Encrypt(fresh(), nil, nil); !errors.Is(err, ErrWiped) {
		t.Errorf("it encrypts, or %v", err)
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

// A call under way takes memory from its allocator before it takes the key, and Wipe
// waits for it all the same.
func TestWipeAmidACall(t *testing.T) {
	ring := testKeyring(t, testKey(1), nil, "t")
	sealed, _, err := ring.Encrypt(fresh(), []byte("data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range ringCalls(ring, sealed) {
		ring := testKeyring(t, testKey(1), nil, "t")
		call = ringCalls(ring, sealed)[name]
		done := make(chan struct{})
		err := call(func(n int) []byte {
			go func() {
				defer close(done)
				ring.Wipe()
			}()
			for ring.keys.Load() != nil {
				runtime.Gosched()
			}
			return make([]byte, n)
		})
		<-done
		if !errors.Is(err, ErrWiped) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Wipe of a copy that was made amid a call must not wait for that call to end in
// the copy.
func TestWipeOfACopyWaitsForNothing(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	span := k.encrypt.Begin(0)
	typetest.Copy(k).Wipe()
	k.encrypt.Fail(span)
	k.Wipe()
}

func TestFailedDerivationLeavesZeros(t *testing.T) {
	var keys [3][limits.KeySize]byte
	derive := func(master []byte) error {
		return DeriveTenantKeysInto(&keys[0], &keys[1], &keys[2], master, []byte("t"))
	}
	if err := derive(testKey(1)); err != nil || keys[0] == keys[1] || keys[1] == keys[2] || keys[2] == [limits.KeySize]byte{} {
		t.Fatal(err, "or keys that are alike")
	}
	if err := derive(nil); !errors.Is(err, codes.InvalidKeyLength) || keys != [3][limits.KeySize]byte{} {
		t.Errorf("%v, and keys that are not zeros", err)
	}
	key := [limits.KeySize]byte(bytes.Repeat([]byte{1}, limits.KeySize))
	if err := DeriveDomainKeyInto(&key, testKey(1), []byte("t"), nil); err == nil || key != [limits.KeySize]byte{} {
		t.Errorf("%v, and a key that is not zeros", err)
	}
}
