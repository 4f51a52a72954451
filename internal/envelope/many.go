package envelope

import (
	"sync"

	"github.com/cachekit-go/cachekit-core/internal/batch"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// StoreMany is Store for many items. It returns the memory of all envelopes, which is
// from dst, and the error of the first item that failed, or one of all.
func (s *Storage) StoreMany(dst *memory.Dest, items batch.Items, format string) ([]byte, error) {
	run := batch.Run{Items: items}
	if err := s.Check(); err != nil {
		return nil, run.Refuse(err)
	}
	o, wrong := s.Options(), CheckFormat(format)
	count := s.store.BeginBatch(items.Len())
	defer count.End()
	room, left := run.Measure(func(_ int, data []byte) (int, error) {
		if wrong != nil {
			return 0, wrong
		}
		return Bound(len(data), len(format)), o.CheckPayload(data)
	})
	count.Skip(run.Came)
	if left == 0 {
		return nil, run.Err()
	}
	to, err := dst.Take(room)
	if err != nil {
		count.Skip(left)
		return nil, run.Refuse(err)
	}
	results := run.Fill(to, func(_ int, data, room []byte) ([]byte, error) {
		out, err := encode(room, data, format, o.Level)
		if err == nil {
			count.Add(len(data), len(out))
		}
		return out, err
	})
	return results, run.Err()
}

// RetrieveMany is Retrieve for many items. It returns what StoreMany does.
func (s *Storage) RetrieveMany(dst *memory.Dest, items batch.Items) ([]byte, error) {
	run := batch.Run{Items: items}
	if err := s.Check(); err != nil {
		return nil, run.Refuse(err)
	}
	maxPayload := s.MaxPayload()
	var headers Headers
	defer headers.Done()
	of := headers.For(items.Len())
	count := s.retrieve.BeginBatch(items.Len())
	defer count.End()
	room, left := run.Measure(func(i int, in []byte) (int, error) {
		err := of[i].Read(in, maxPayload)
		return of[i].OriginalSize, err
	})
	count.Skip(run.Came)
	if left == 0 {
		return nil, run.Err()
	}
	to, err := dst.Take(room)
	if err != nil {
		count.Skip(left)
		return nil, run.Refuse(err)
	}
	results := run.Fill(to, func(i int, in, room []byte) ([]byte, error) {
		out := room[:of[i].OriginalSize]
		if err := of[i].Extract(out); err != nil {
			return nil, err
		}
		count.Add(len(in), len(out))
		return out, nil
	})
	return results, run.Err()
}

// Headers are those of the envelopes of a call.
type Headers struct{ pooled *[]Header }

// The headers of some hundred envelopes are kept for the next call.
const pooledHeaders = 256

var headers = sync.Pool{New: func() any { return new([]Header) }}

// For returns n zero values. It may be called once.
func (h *Headers) For(n int) []Header {
	if n > pooledHeaders {
		return make([]Header, n)
	}
	h.pooled = headers.Get().(*[]Header)
	if cap(*h.pooled) < n {
		*h.pooled = make([]Header, n, pooledHeaders)
	}
	*h.pooled = (*h.pooled)[:n]
	return *h.pooled
}

// Done gives them back, without what they refer to.
func (h *Headers) Done() {
	if h.pooled != nil {
		clear(*h.pooled)
		headers.Put(h.pooled)
		h.pooled = nil
	}
}
