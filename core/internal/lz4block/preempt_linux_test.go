package lz4block

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestStopTheWorld stops the world again and again while 256 MiB are encoded
// and decoded, each in one call. Were the assembly not cut into parts, a stop
// would wait for the end of a call, which is hundreds of milliseconds for JSON;
// the other two kinds of data are one run of literals and one match.
//
// What counts is the processor time that the codec gets while it is asked to
// stop: time on the clock says more about what else the machine is doing. The
// bound leaves room, and the best of three attempts counts, since the codec is
// running again when its time is read, on a busy machine for a whole time slice
// of about 4 ms.
func TestStopTheWorld(t *testing.T) {
	if testing.Short() {
		t.Skip("takes memory of 768 MiB")
	}
	const size, bound = 256 << 20, 20 * time.Millisecond
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
			thread, done := make(chan int), make(chan struct{})
			var n int
			var err error
			go func() {
				defer close(done)
				runtime.LockOSThread()
				thread <- unix.Gettid()
				n, err = Decode(out, block[:Encode(block, data)])
			}()
			worst = worstStop(t, <-thread, done)
			if err != nil || !bytes.Equal(out[:n], data) {
				t.Errorf("%s: wrong data, error %v", kind, err)
			}
		}
		t.Logf("%s: worst stop %v", kind, worst)
		if worst >= bound {
			t.Errorf("%s: stopping the world took %v", kind, worst)
		}
	}
}

// worstStop stops the world until done and returns the most processor time
// that the thread used from the beginning to the end of one stop.
func worstStop(t *testing.T, thread int, done <-chan struct{}) (worst time.Duration) {
	// The clock of another thread: pthread_getcpuclockid of the C library.
	clock := int32(^thread<<3 | 6)
	used := func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(clock, &ts); err != nil {
			return -1 // the thread has ended
		}
		return time.Duration(ts.Nano())
	}
	if used() < 0 {
		t.Fatal("the clock of another thread cannot be read")
	}
	var stats runtime.MemStats
	for {
		select {
		case <-done:
			return worst
		default:
			before := used()
			runtime.ReadMemStats(&stats) // stops the world
			if after := used(); after >= 0 {
				worst = max(worst, after-before)
			}
		}
	}
}
