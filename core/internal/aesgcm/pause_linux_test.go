package aesgcm

import (
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestPauses stops the world while another goroutine works on one long message.
// Without preemption points that takes until the message is done.
func TestPauses(t *testing.T) {
	if testing.Short() || runtime.GOMAXPROCS(0) < 2 {
		t.Skip("SKIPPED: takes two CPUs and some seconds")
	}
	buf := repeated(t, 4<<20, 256)
	msg := buf[:len(buf)-TagSize]
	eachKernel(t, func(t *testing.T) {
		k, nonce := NewKey(make([]byte, KeySize)), make([]byte, NonceSize)
		k.Seal(buf, nonce, msg, nil) // touches all pages
		for name, work := range map[string]func(){
			"Seal": func() { k.Seal(buf, nonce, msg, nil) },
			"Open": func() { k.Open(msg, nonce, buf, nil) },
		} {
			start := time.Now()
			work()
			whole := time.Since(start)
			// Other programs make a stop take long now and then, but hardly that
			// long in each of several rounds.
			bound := whole / 4
			worst := whole
			for round := 0; round < 5 && worst > bound; round++ {
				worst = min(worst, worstStop(t, work))
			}
			t.Logf("%s: the message takes %v, stopping the world at most %v", name, whole, worst)
			if worst > bound {
				t.Errorf("%s holds up a garbage collection", name)
			}
		}
	})
}

// worstStop returns the longest of the stops made while work runs.
func worstStop(t *testing.T, work func()) (worst time.Duration) {
	const enough = 10
	stops := 0
	for stops < enough {
		done := make(chan bool)
		go func() {
			work()
			close(done)
		}()
		var m runtime.MemStats
		for running := true; running; stops++ {
			start := time.Now()
			runtime.ReadMemStats(&m) // stops the world
			worst = max(worst, time.Since(start))
			select {
			case <-done:
				running = false
			default:
			}
		}
	}
	return worst
}

// repeated returns memory in which the same size bytes come up again and again, so
// that a message can be long without taking much of it.
func repeated(t *testing.T, size, times int) []byte {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fd, err := unix.MemfdCreate("message", 0)
	check(err)
	defer unix.Close(fd)
	check(unix.Ftruncate(fd, int64(size)))
	space, err := unix.Mmap(-1, 0, size*times, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	check(err)
	t.Cleanup(func() { _ = unix.Munmap(space) })
	for i := range times {
		_, err := unix.MmapPtr(fd, 0, unsafe.Pointer(&space[i*size]), uintptr(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_FIXED)
		check(err)
	}
	return space
}
