package meter

// Batch is n operations under way that are counted together, which costs a small part
// of counting each. All are timed: each takes an equal part of the time of all, and that
// of those that failed does not count.
type Batch struct {
	operation *Operation
	cell      *cell
	started   int64 // by now
	n         int

	good, in, out   int
	lastIn, lastOut int // of the last that succeeded
}

// BeginBatch starts n operations. End must follow, whatever happens in between.
func (o *Operation) BeginBatch(n int) Batch {
	b := Batch{operation: o, cell: o.cell(), started: now(), n: n}
	if o.Guard {
		b.cell.started.Add(uint64(n))
	}
	return b
}

// Add notes that one of them succeeded, with so many bytes in and out.
func (b *Batch) Add(in, out int) {
	b.good++
	b.in += in
	b.out += out
	b.lastIn, b.lastOut = in, out
}

// Skip takes out so many that do not count: nothing was attempted.
func (b *Batch) Skip(n int) {
	b.n -= n
	if b.operation.Guard {
		b.cell.started.Add(-uint64(n))
	}
}

// End counts them. Those that were not added have failed.
func (b *Batch) End() {
	o, c, good := b.operation, b.cell, uint64(b.good)
	if good > 0 {
		ns := uint64(now()-b.started) / uint64(b.n)
		c.bytesIn.Add(uint64(b.in))
		c.bytesOut.Add(uint64(b.out))
		o.timed.Add(good)
		o.totalNS.Add(ns * good)
		o.lastNS.Store(ns)
		if o.KeepLast {
			o.keepLast(c, b.lastIn, b.lastOut)
		}
	}
	if failed := b.n - b.good; failed > 0 {
		o.errors.Add(uint64(failed))
	}
	c.operations.Add(uint64(b.n))
}
