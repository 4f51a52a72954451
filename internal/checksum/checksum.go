// Package checksum is XXH3-64 with seed 0 over whole payloads. It is the one
// place that knows which implementation does the work.
package checksum

import (
	"encoding/binary"
	"sync"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/zeebo/xxh3"
)

// chunk bounds how long one assembly call may run. Assembly cannot be
// preempted, so a goroutine hashing hundreds of MiB in one call would hold up
// the garbage collector's stop-the-world, and with it every other thread.
const chunk = 1 << 20

// Sum returns the XXH3-64 of data.
func Sum(data []byte) uint64 {
	if len(data) <= chunk {
		return xxh3.Hash(data)
	}
	h := hashers.Get().(*xxh3.Hasher)
	for len(data) > chunk {
		h.Write(data[:chunk])
		data = data[chunk:]
	}
	h.Write(data)
	sum := h.Sum64()
	wipe(h)
	hashers.Put(h)
	return sum
}

// hashers buffer up to a KiB of what they are given. They are not on the stack,
// which can move to another place in the course of a long payload: what was on it
// would stay behind where it was.
var hashers = sync.Pool{New: func() any { return new(xxh3.Hasher) }}

// wipe makes h new. It is not inlined, so that the compiler cannot see that
// nobody reads what it stores.
//
//go:noinline
func wipe(h *xxh3.Hasher) { *h = xxh3.Hasher{} }

// Bytes is Sum in big-endian order, as an envelope carries it.
func Bytes(data []byte) (sum [limits.ChecksumSize]byte) {
	binary.BigEndian.PutUint64(sum[:], Sum(data))
	return sum
}

// Verify returns ChecksumMismatch unless Bytes(data) equals sum.
func Verify(data []byte, sum [limits.ChecksumSize]byte) error {
	if Bytes(data) != sum {
		return mismatch(len(data))
	}
	return nil
}

func mismatch(n int) error { return codes.ChecksumMismatch.Because("of %d bytes", n) }
