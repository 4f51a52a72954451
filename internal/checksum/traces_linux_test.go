//go:build !race

// The race detector keeps copies of its own.

package checksum

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

// What is hashed in parts passes through a buffer. Nothing of it stays, also where
// the goroutine's stack moved meanwhile.
func TestNothingIsLeftOfThePayload(t *testing.T) {
	if !alone.Run(t) {
		return
	}
	data := traces.Pages(t, 32*chunk)
	payload := traces.Payload(1)
	payload.Fill(data)
	if traces.Left(t, payload) < len(data)/8 {
		t.Fatal("the payload is in memory, and was not found there")
	}
	for _, n := range []int{100, chunk, chunk + 1, 2*chunk + 1000, len(data)} {
		payload.Fill(data)
		moved := 0
		for round := 0; round < 100 && moved < 3; round++ {
			begun, done := make(chan bool), make(chan bool)
			go func() {
				defer close(done)
				deep(1000) // a large stack, of which a collection takes half
				here := place()
				close(begun)
				Sum(data[:n])
				if place() != here {
					moved++
				}
			}()
			<-begun
			runtime.GC()
			<-done
			if n < len(data) {
				break
			}
		}
		if n == len(data) && moved == 0 {
			t.Error("the stack never moved")
		}
		clear(data)
		if left := traces.Left(t, payload); left > 0 {
			t.Errorf("%d bytes: %d words are left", n, left)
		}
	}
}

// deep makes sure of a large stack.
//
//go:noinline
func deep(n int) byte {
	var frame [64]byte
	if n > 0 {
		frame[n%64] = deep(n - 1)
	}
	return frame[n%7]
}

// place is where the stack is.
//
//go:noinline
func place() uintptr {
	var here byte
	return uintptr(unsafe.Pointer(&here))
}
