// Package pausetest helps tests to bound how long a call can hold up the
// garbage collector.
package pausetest

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Bound is what a stop of the world may take. Work that runs for longer without
// a preemption point exceeds it.
const Bound = 20 * time.Millisecond

// Check fails if a stop of the world takes longer than Bound while work runs.
//
// What counts is the processor time that work gets while it is asked to stop:
// time on the clock says more about what else the machine is doing. The bound
// leaves room, and the best of five attempts counts, since work is running again
// when its time is read, on a busy machine for a whole time slice of about 4 ms.
func Check(t *testing.T, work func()) {
	t.Helper()
	worst, stops := Bound, 0
	for attempt := 0; attempt < 5 && (stops == 0 || worst >= Bound); attempt++ {
		worst, stops = worstStop(work)
	}
	t.Logf("worst of %d stops %v", stops, worst)
	switch {
	case stops == 0:
		t.Error("the world was not stopped while work ran, or its clock cannot be read")
	case worst >= Bound:
		t.Errorf("stopping the world took %v", worst)
	}
}

// Run is Check in a test of that name, which fails too if work returns an error.
func Run(t *testing.T, name string, work func() error) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		var err error
		Check(t, func() { err = work() })
		if err != nil {
			t.Error(err)
		}
	})
}

// worstStop stops the world again and again until work is done and returns the
// most processor time that work used from the beginning to the end of one stop,
// and how many of them there were.
func worstStop(work func()) (worst time.Duration, stops int) {
	thread, done := make(chan int), make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		thread <- unix.Gettid()
		work()
	}()
	// The clock of another thread: pthread_getcpuclockid of the C library.
	clock := int32(^<-thread<<3 | 6)
	used := func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(clock, &ts); err != nil {
			return -1 // the thread has ended
		}
		return time.Duration(ts.Nano())
	}
	var stats runtime.MemStats
	for {
		select {
		case <-done:
			return worst, stops
		default:
			before := used()
			runtime.ReadMemStats(&stats) // stops the world
			if after := used(); before >= 0 && after >= 0 {
				worst = max(worst, after-before)
				stops++
			}
		}
	}
}
