package aesgcm

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/cachekit-go/cachekit-core/internal/pausetest"
)

// TestPauses stops the world while another goroutine works on one message of
// 1 GiB. Without preemption points that takes until the message is done.
func TestPauses(t *testing.T) {
	needKernel(t)
	if !pausetest.Alone(t) {
		return
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
			t.Run(name, func(t *testing.T) { pausetest.Check(t, work) })
		}
	})
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
