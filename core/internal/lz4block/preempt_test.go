package lz4block

import (
	"bytes"
	"runtime"
	"testing"
	"time"
)

// TestStopTheWorld stops the world again and again while 256 MiB are encoded
// and decoded, each in one call. Were the assembly not cut into parts, a stop
// would wait for the end of a call: 400 ms to encode JSON, 60 to decode it, on
// the machine where this was written, and more for the long run of literals
// and the long match that the other two kinds of data consist of. The bound
// is far above what is seen there, below 1 ms, since other programs can
// delay a stop too; for the same reason the best of three attempts counts.
func TestStopTheWorld(t *testing.T) {
	if testing.Short() {
		t.Skip("takes memory of 768 MiB")
	}
	const size, bound = 256 << 20, 25 * time.Millisecond
	data := make([]byte, size)
	block, out := make([]byte, Bound(size)), make([]byte, size)
	for _, kind := range []string{"json", "random", "zeros"} {
		clear(data)
		if kind != "zeros" {
			part := generate(kind, 1, 1<<20)
			for i := 0; i < size; i += len(part) {
				copy(data[i:], part)
			}
		}
		worst := bound
		for attempt := 0; attempt < 3 && worst >= bound; attempt++ {
			done := make(chan struct{})
			go func() {
				defer close(done)
				n := Encode(block, data)
				if n, err := Decode(out, block[:n]); err != nil || !bytes.Equal(out[:n], data) {
					t.Errorf("%s: wrong data, error %v", kind, err)
				}
			}()
			worst = worstStop(done)
		}
		t.Logf("%s: worst stop %v", kind, worst)
		if worst >= bound {
			t.Errorf("%s: stopping the world took %v", kind, worst)
		}
	}
}

// worstStop is the longest time that stopping the world took until done.
func worstStop(done <-chan struct{}) (worst time.Duration) {
	var stats runtime.MemStats
	for {
		select {
		case <-done:
			return worst
		default:
			start := time.Now()
			runtime.ReadMemStats(&stats) // stops the world
			worst = max(worst, time.Since(start))
		}
	}
}
