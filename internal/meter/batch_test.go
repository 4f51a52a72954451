package meter

import (
	"runtime"
	"sync"
	"testing"
)

// A batch counts as its operations do one by one.
func TestBatchCountsAsItsOperations(t *testing.T) {
	var single, batch Operation
	single.KeepLast, batch.KeepLast = true, true
	for n := range 600 {
		b := batch.BeginBatch(n)
		for i := range n {
			if i%7 == 3 {
				single.Fail(single.Begin(i))
				continue
			}
			if i%11 == 5 {
				b.Skip(1)
				continue
			}
			single.End(single.Begin(i), i, 2*i)
			b.Add(i, 2*i)
		}
		b.End()
	}
	want, got := single.Snapshot(), batch.Snapshot()
	if got.TimedOperations != got.Operations-got.Errors || got.TotalNS == 0 {
		t.Errorf("%+v are timed", got)
	}
	for _, s := range []*Snapshot{&want, &got} {
		s.TimedOperations, s.TotalNS, s.LastNS = 0, 0, 0
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := batch.LastRatio(), single.LastRatio(); got != want {
		t.Errorf("the last ratio is %v, want %v", got, want)
	}
}

func TestBatchThatFailsTakesNoTimeAndKeepsTheLast(t *testing.T) {
	var o Operation
	o.KeepLast = true
	o.End(o.Begin(10), 10, 5)
	before := o.Snapshot()
	b := o.BeginBatch(2)
	b.End()
	before.Operations, before.Errors = before.Operations+2, before.Errors+2
	if got := o.Snapshot(); got != before {
		t.Errorf("got %+v, want %+v", got, before)
	}
	if got := o.LastRatio(); got != 2 {
		t.Errorf("the last ratio is %v", got)
	}
	b = o.BeginBatch(3)
	b.Skip(3)
	b.End()
	if got := o.Snapshot(); got != before {
		t.Errorf("dropped: got %+v, want %+v", got, before)
	}
}

// Wait waits for batches, and only as long as they are under way.
func TestWaitWaitsForBatches(t *testing.T) {
	var o Operation
	o.Guard = true
	dropped := o.BeginBatch(5)
	dropped.Skip(5)
	dropped.End()
	failed := o.BeginBatch(5)
	failed.Skip(2)
	failed.End()
	o.Wait()
	b := o.BeginBatch(3)
	var ended, waited sync.WaitGroup
	var done bool
	waited.Go(func() {
		o.Wait()
		if !done {
			t.Error("Wait returned before the batch ended")
		}
	})
	ended.Go(func() {
		for range 1000 {
			runtime.Gosched()
		}
		done = true
		b.End()
	})
	ended.Wait()
	waited.Wait()
}
