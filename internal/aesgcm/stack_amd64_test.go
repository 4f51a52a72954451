//go:build !purego

package aesgcm

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
	"unsafe"
)

// TestNothingLeftOnStack reads the part of the stack that SealOnce and OpenOnce
// have used and looks for the expanded key. That the search finds one is shown
// with a schedule that is not wiped.
func TestNothingLeftOnStack(t *testing.T) {
	// A collection could move the stack to a smaller place and leave nothing to see.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	eachKernel(t, func(t *testing.T) {
		key, nonce := newSource(50).bytes(KeySize), counting(1, NonceSize)
		k := NewKey(key)
		var secrets [][]byte
		for i := 2; i <= 14; i++ { // round keys 0 and 1 are the caller's key
			secrets = append(secrets, k.schedule.rk[i*16:][:16])
		}
		for i := 1; i <= 4; i++ {
			secrets = append(secrets, k.schedule.powers[(maxPowers-i)*16:][:16])
		}
		// What GHASH of known ciphertext came to, between two parts of a message,
		// is an equation for H.
		long := make([]byte, 3*part+TagSize)
		var s stream
		s.begin(&k.schedule.rk, active, nonce, 3*part, nil)
		for i := range 2 {
			sealPart(&k.schedule.rk, active, &long[i*part], &long[i*part], part, &s)
		}
		secrets = append(secrets, binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, s.acc[0]), s.acc[1]))
		zeros := make([]byte, 3*part)
		left := func(f func()) int {
			stack := make([]byte, 16<<10)
			done := make(chan bool)
			go func() {
				growStack(1000)
				f()
				copyBelow(stack)
				close(done)
			}()
			<-done
			found := 0
			for _, s := range secrets {
				if bytes.Contains(stack, s) {
					found++
				}
			}
			return found
		}
		if n := left(func() { leaveSchedule(key) }); n < 5 {
			t.Fatalf("the search finds %d of %d secrets that are there", n, len(secrets))
		}
		buf, opened := make([]byte, 3*part+TagSize), make([]byte, 3*part)
		for _, n := range []int{0, 64, 1000, 3 * part} {
			if found := left(func() { SealOnce(key, buf[:n+TagSize], nonce, zeros[:n], nil) }); found > 0 {
				t.Errorf("SealOnce of %d bytes leaves %d secrets", n, found)
			}
			if found := left(func() { OpenOnce(key, opened[:n], nonce, buf[:n+TagSize], nil) }); found > 0 {
				t.Errorf("OpenOnce of %d bytes leaves %d secrets", n, found)
			}
			if found := left(func() { OpenOnce(key, opened[:n], nonce, buf[:n+TagSize], nonce) }); found > 0 {
				t.Errorf("OpenOnce of %d forged bytes leaves %d secrets", n, found)
			}
		}
	})
}

// TestNothingLeftWhereTheStackWas has a collection move the stack in the course
// of a long message and looks at where it was for what GHASH had come to. A
// marker shows that nobody has written there since.
func TestNothingLeftWhereTheStackWas(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	eachKernel(t, func(t *testing.T) {
		const parts = 1000
		key, nonce := counting(1, KeySize), counting(2, NonceSize)
		k := NewKey(key)
		sealed, opened := make([]byte, parts*part+TagSize), make([]byte, parts*part)
		sums := map[[16]byte]bool{}
		var s stream
		s.begin(&k.schedule.rk, active, nonce, parts*part, nil)
		for i := range parts - 1 {
			sealPart(&k.schedule.rk, active, &sealed[i*part], &opened[i*part], part, &s)
			sum := binary.LittleEndian.AppendUint64(nil, s.acc[0])
			sums[[16]byte(binary.LittleEndian.AppendUint64(sum, s.acc[1]))] = true
		}
		k.Seal(sealed, nonce, opened, nil)
		marker := newSource(51).bytes(16)
		for name, work := range map[string]func(){
			"Seal": func() { k.Seal(sealed, nonce, opened, nil) },
			"Open": func() { k.Open(opened, nonce, sealed, nil) },
		} {
			looked := 0
			for round := 0; round < 100 && looked < 10; round++ {
				was := make([]byte, 4<<10)
				begun, done := make(chan bool), make(chan bool)
				go func() {
					defer close(done)
					growStack(1500)
					here := [16]byte(marker)
					before := address(&here)
					close(begun)
					work()
					if address(&here) != before {
						copyUpTo(was, before+uintptr(len(here)))
					}
				}()
				<-begun
				time.Sleep(time.Millisecond) // somewhere into the message
				runtime.GC()
				<-done
				if !bytes.Contains(was, marker) {
					continue
				}
				looked++
				for i := range len(was) - 16 {
					if sums[[16]byte(was[i:i+16])] {
						t.Fatalf("%s leaves the state of the message", name)
					}
				}
			}
			if looked == 0 {
				t.Errorf("%s: the stack never moved", name)
			}
		}
	})
}

//go:noinline
func address(p *[16]byte) uintptr { return uintptr(unsafe.Pointer(p)) }

// copyUpTo copies what is below an address that was on the stack. The memory is
// still there: the runtime gives no addresses back.
//
//go:noinline
//go:nocheckptr
func copyUpTo(dst []byte, end uintptr) {
	var here byte
	from := int(end) - len(dst) - int(uintptr(unsafe.Pointer(&here)))
	copy(dst, unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&here), from)), len(dst)))
}

//go:noinline
func leaveSchedule(key []byte) {
	var s schedule
	s.expand(active, key)
}

// growStack makes sure of a stack much larger than what is read of it.
//
//go:noinline
func growStack(n int) byte {
	var frame [64]byte
	if n > 0 {
		frame[n%64] = growStack(n - 1)
	}
	return frame[n%7]
}

// copyBelow copies what is below its own frame. It is part of the same stack.
//
//go:noinline
func copyBelow(dst []byte) {
	var here byte
	copy(dst, unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&here), -len(dst))), len(dst)))
}
