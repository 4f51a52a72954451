package meter

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

func TestCountsAreExactForEverySize(t *testing.T) {
	sizes := []struct{ in, out int }{
		{0, 0}, {1, 29}, {64, 92}, {packedSize - 1, packedSize - 1}, {packedSize - 1, packedSize},
		{packedSize, 1}, {AlwaysTimed - 1, 10}, {AlwaysTimed, AlwaysTimed}, {512 << 20, 512<<20 + 28},
	}
	var o Operation
	var want Snapshot
	for range 3 * SampleEvery {
		for _, s := range sizes {
			o.End(o.Begin(s.in), s.in, s.out)
			want.Operations++
			want.BytesIn += uint64(s.in)
			want.BytesOut += uint64(s.out)
		}
		o.Fail(o.Begin(1 << 20))
		want.Operations++
		want.Errors++
	}
	for range 2 { // reading changes nothing
		got := o.Snapshot()
		if got.Operations != want.Operations || got.Errors != want.Errors ||
			got.BytesIn != want.BytesIn || got.BytesOut != want.BytesOut {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

func TestCountsAreExactWithManyGoroutines(t *testing.T) {
	const goroutines, each = 200, 2000
	var o Operation
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := range each {
				o.End(o.Begin(packedSize-1), packedSize-1, 7)
				if i%100 == 0 {
					o.Snapshot()
				}
			}
		})
	}
	wg.Wait()
	s := o.Snapshot()
	if s.Operations != goroutines*each || s.BytesIn != goroutines*each*(packedSize-1) || s.BytesOut != goroutines*each*7 {
		t.Fatalf("got %+v", s)
	}
}

func TestPackedWordHoldsWhatIsAddedBeforeItIsEmptied(t *testing.T) {
	var c cell
	for range packedSize {
		c.packed.Add(packedOne | (packedSize-1)<<packedBytes | (packedSize - 1))
	}
	c.empty()
	const sum = packedSize * (packedSize - 1)
	if c.operations.Load() != packedSize || c.bytesIn.Load() != sum || c.bytesOut.Load() != sum {
		t.Fatalf("%d operations, %d in, %d out", c.operations.Load(), c.bytesIn.Load(), c.bytesOut.Load())
	}
}

func TestOneInSampleEveryIsTimed(t *testing.T) {
	const operations = 100 * SampleEvery
	for _, size := range []int{0, 64, packedSize, AlwaysTimed - 1} {
		var o Operation
		for range operations {
			o.End(o.Begin(size), size, size)
		}
		// One stack, but a loop may straddle two cells if it is moved.
		if n := o.Snapshot().TimedOperations; n < 100 || n > 100+cells {
			t.Errorf("%d of %d operations on %d bytes were timed", n, operations, size)
		}
	}
	var o Operation
	for range operations {
		o.End(o.Begin(AlwaysTimed), AlwaysTimed, 0)
	}
	s := o.Snapshot()
	if s.TimedOperations != operations || s.LastNS == 0 && s.TotalNS == 0 {
		t.Errorf("large operations: %+v", s)
	}
}

func TestFailedOperationIsNotTimed(t *testing.T) {
	var o Operation
	o.Fail(o.Begin(AlwaysTimed))
	if s := o.Snapshot(); s.TimedOperations != 0 || s.TotalNS != 0 || s.Operations != 1 || s.Errors != 1 {
		t.Fatalf("%+v", s)
	}
}

// deep calls f from depth more frames of 1 KiB each.
//
//go:noinline
func deep(depth int, f func()) byte {
	var frame [1024]byte
	if depth == 0 {
		f()
		return frame[0]
	}
	frame[depth%len(frame)] = deep(depth-1, f)
	return frame[depth%len(frame)]
}

func TestLastIsTheLastWhateverTheStackDepth(t *testing.T) {
	o := Operation{KeepLast: true}
	if in, out := o.Last(); in != 0 || out != 0 {
		t.Fatalf("before the first: %d, %d", in, out)
	}
	used := map[*cell]bool{}
	for i := range 2000 {
		deep(i*7%64, func() {
			s := o.Begin(i)
			used[s.cell] = true
			o.End(s, i, 2*i)
		})
		if in, out := o.Last(); in != i || out != 2*i {
			t.Fatalf("operation %d: Last is %d, %d", i, in, out)
		}
	}
	if len(used) < 2 {
		t.Fatal("one cell only: this test has shown nothing")
	}
}

func TestWaitWaitsForWhatIsUnderWay(t *testing.T) {
	const goroutines = 50
	o := Operation{Guard: true}
	var closed, inside atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := 0; ; i++ {
				s := o.Begin(64)
				if closed.Load() != 0 {
					o.Fail(s)
					return
				}
				inside.Add(1)
				if i%7 == 0 {
					runtime.Gosched()
				}
				inside.Add(-1)
				o.End(s, 64, packedSize*(i&1))
			}
		})
	}
	for o.Snapshot().Operations < 10000 {
		runtime.Gosched()
	}
	closed.Store(1)
	o.Wait()
	if n := inside.Load(); n != 0 {
		t.Errorf("%d operations under way after Wait", n)
	}
	wg.Wait()
	if s := o.Snapshot(); s.Errors != goroutines || s.TimedOperations < s.Operations/SampleEvery/2 {
		t.Errorf("%+v", s)
	}
}
