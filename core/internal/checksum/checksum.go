// Package checksum is XXH3-64 with seed 0 over whole payloads. It is the one
// place that knows which implementation does the work.
package checksum

import "github.com/zeebo/xxh3"

// chunk bounds how long one assembly call may run. Assembly cannot be
// preempted, so a goroutine hashing hundreds of MiB in one call would hold up
// the garbage collector's stop-the-world, and with it every other thread.
const chunk = 1 << 20

// Sum returns the XXH3-64 of data.
func Sum(data []byte) uint64 {
	if len(data) <= chunk {
		return xxh3.Hash(data)
	}
	var h xxh3.Hasher
	for len(data) > chunk {
		h.Write(data[:chunk])
		data = data[chunk:]
	}
	h.Write(data)
	return h.Sum64()
}
