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
	results, err := run.Make(dst, func(_ int, data []byte) (int, error) {
		err := o.CheckPayload(data)
		if err == nil {
			err = wrong
		}
		return Bound(len(data), len(format)), err
	}, func(_ int, data, room []byte) ([]byte, error) {
		out, err := encode(room, data, format, o.Level)
		if err == nil {
			count.Add(len(data), len(out))
		}
		return out, err
	})
	count.Skip(run.Untried)
	return results, err
}

// RetrieveMany is Retrieve for many items. It returns what StoreMany does.
func (s *Storage) RetrieveMany(dst *memory.Dest, items batch.Items) ([]byte, error) {
	run := batch.Run{Items: items}
	if err := s.Check(); err != nil {
		return nil, run.Refuse(err)
	}
	maxPayload := s.MaxPayload()
	kept := headersPool.Get().(*headers)
	defer kept.done(items.Len())
	var other Header
	count := s.retrieve.BeginBatch(items.Len())
	defer count.End()
	results, err := run.Make(dst, func(i int, in []byte) (int, error) {
		e := kept.of(i, &other)
		err := e.Read(in, maxPayload)
		return e.OriginalSize, err
	}, func(i int, in, room []byte) ([]byte, error) {
		e := kept.of(i, &other)
		if e == &other {
			if err := e.Read(in, maxPayload); err != nil {
				return nil, err
			}
		}
		out := room[:e.OriginalSize]
		if err := e.Extract(out); err != nil {
			return nil, err
		}
		count.Add(len(in), len(out))
		return out, nil
	})
	count.Skip(run.Untried)
	return results, err
}

// keptHeaders is how many headers of a call are kept from its first pass to its last.
// Those of further items are read twice, as memory for any number of them would have to
// be had from whoever calls.
const keptHeaders = 256

// headers are those of the first items of a call.
type headers [keptHeaders]Header

var headersPool = sync.Pool{New: func() any { return new(headers) }}

// of is the place for the header of item i: other, if it is not kept.
func (h *headers) of(i int, other *Header) *Header {
	if i < keptHeaders {
		return &h[i]
	}
	*other = Header{}
	return other
}

// done gives n headers back, without what they refer to.
func (h *headers) done(n int) {
	clear(h[:min(n, keptHeaders)])
	headersPool.Put(h)
}
