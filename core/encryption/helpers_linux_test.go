package encryption

import (
	"testing"

	"golang.org/x/sys/unix"
)

// hugeSlice returns one byte more than may be encrypted or decrypted, without
// a page of memory behind it: nothing may touch it.
func hugeSlice(t *testing.T) []byte { return untouchable(t, MaxPlaintextSize+Overhead+1) }

// untouchable returns a slice without a page of memory behind it.
func untouchable(t *testing.T, size int) []byte {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(b) })
	return b
}
