package aesgcm

import (
	"reflect"
	"sync"
	"testing"
	"unsafe"
)

func TestWipe(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		key := newSource(40).bytes(KeySize)
		k := NewKey(key)
		// Whatever the standard library keeps is behind these.
		objects := []any{k.std.block, k.std.aead}
		memory := unsafe.Slice((*byte)(unsafe.Pointer(k)), unsafe.Sizeof(*k))
		if zero(memory) {
			t.Fatal("no key in the Key")
		}
		k.Wipe()
		if !zero(memory) {
			t.Error("something is left in the Key")
		}
		for _, o := range objects {
			if o != nil && !reflect.ValueOf(o).Elem().IsZero() {
				t.Errorf("something is left in %T", o)
			}
		}
		if active == stdlib && objects[1] == nil {
			t.Error("the standard library's object was not there")
		}

		func() {
			defer func() {
				if recover() == nil {
					t.Error("a wiped Key seals")
				}
			}()
			k.Seal(make([]byte, TagSize), make([]byte, NonceSize), nil, nil)
		}()
		k.Wipe() // a second time does no harm

		k.Expand(key)
		newChecker(t, key).check(make([]byte, NonceSize), []byte("message"), nil)
		sealed := make([]byte, TagSize)
		k.Seal(sealed, make([]byte, NonceSize), nil, nil)
		if !OpenOnce(key, nil, make([]byte, NonceSize), sealed, nil) {
			t.Error("a Key that is expanded again seals something else")
		}
	})
}

// A Key needs no constructor, so that it can be part of a larger structure. There
// its schedule can have any alignment to a cache line that Go's 8 bytes allow.
func TestExpandInPlace(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		key, nonce := counting(1, KeySize), counting(2, NonceSize)
		var holder struct {
			_    *int
			keys [9]struct {
				Key
				_ int64
			}
		}
		msg := counting(3, 1100)
		sealed, opened := make([]byte, len(msg)+TagSize), make([]byte, len(msg))
		for i := range holder.keys {
			k := &holder.keys[i].Key
			k.Expand(key)
			k.Seal(sealed, nonce, msg, nil)
			if !OpenOnce(key, opened, nonce, sealed, nil) {
				t.Errorf("Key %d seals something else", i)
			}
			k.Wipe()
		}
	})
}

// TestNoAllocations leaves out single messages that take more than a call of
// assembly: their schedules are from a pool, which the race detector disturbs. The
// states of such messages are as well; with one pool, many runs even that out.
func TestNoAllocations(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		buf := make([]byte, 3*part+TagSize)
		var embedded struct{ Key }
		for _, n := range []int{0, 64, 500, 4000, part, 3 * part} {
			for _, aadLen := range []int{0, 100, 600} {
				if allocs := testing.AllocsPerRun(200, func() {
					// On the stack, as with a caller who builds them for the call.
					var key [KeySize]byte
					var nonce [NonceSize]byte
					var aad [600]byte
					plain, sealed := buf[:n], buf[:n+TagSize]
					if n <= part && aadLen <= 100 {
						SealOnce(key[:], sealed, nonce[:], plain, aad[:aadLen])
						if !OpenOnce(key[:], plain, nonce[:], sealed, aad[:aadLen]) {
							panic("does not open")
						}
					}
					embedded.Expand(key[:])
					embedded.Seal(sealed, nonce[:], plain, aad[:aadLen])
					if !embedded.Open(plain, nonce[:], sealed, aad[:aadLen]) {
						panic("does not open")
					}
					embedded.Wipe()
				}); allocs != 0 {
					t.Errorf("%d bytes, %d of additional data: %v allocations", n, aadLen, allocs)
				}
			}
		}
	})
}

// TestShared uses one Key from several goroutines; with the race detector it shows
// that nothing in it is written.
func TestShared(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newSource(41)
		key, nonce, data := r.bytes(KeySize), r.bytes(NonceSize), r.bytes(10_000)
		shared := NewKey(key)
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				c := newChecker(t, key)
				c.kept = shared
				for i := range 200 {
					c.check(nonce, data[:(g*1237+i*331)%len(data)], data[:i%150])
				}
			})
		}
		wg.Wait()
	})
}
