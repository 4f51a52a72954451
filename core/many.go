package core

import (
	"github.com/cachekit-go/cachekit-core/internal/batch"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// Item is one of many payloads or entries of a call that takes them together, as a
// program does that reads a hundred keys from its cache at once. Such a call tries every
// item, and costs far less than a call for each where they are small.
type Item struct {
	CacheKey []byte // what an entry is bound to: to seal and to open
	In       []byte // the payload, or the entry
	Out      []byte // the result; nil where Err is not
	KeyIndex int    // which key opened the entry
	Err      error  // of this item, nil if it succeeded
}

var _ = batch.Item(Item{}) // whose fields they are

// StoreMany sets Out of each item to the envelope of In, with the given format, or Err to
// what AppendStore would return. It returns the Err of the first item that failed, with
// the number of the item: "items[3]: ...".
//
// All results lie in the same memory, which is kept as long as one of them is.
func (s *ByteStorage) StoreMany(items []Item, format string) error {
	to, these := memory.Fitting(), batch.Of(items)
	results, err := s.storage.StoreMany(&to, these, format)
	these.MoveTo(to.Fit(results))
	return err
}

// RetrieveMany sets Out of each item to the payload of the envelope In, or Err to what
// Retrieve would return. It returns the Err of the first item that failed, with the number
// of the item; the others may have succeeded. The memory of all payloads is allocated at
// once, and one may be a thousand times as long as its envelope: where envelopes come
// from others, SetMaxPayload keeps that within bounds, beyond which Go ends the program.
//
// All results lie in the same memory, which is kept as long as one of them is.
func (s *ByteStorage) RetrieveMany(items []Item) error {
	to := memory.Behind(nil)
	_, err := s.storage.RetrieveMany(&to, batch.Of(items))
	return err
}
