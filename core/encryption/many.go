package encryption

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/batch"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// SealMany sets Out of each item to the entry of In at CacheKey, or Err to what Seal
// would return. It returns the Err of the first item that failed, with the number of the
// item: "items[3]: ...". RotationNeeded tells whether a successor is due.
//
// All results lie in the same memory, which is kept as long as one of them is.
func (k *TenantKeyring) SealMany(items []core.Item, format string) error {
	to, these := memory.Fitting(), batch.Of(items)
	results, _, err := k.keyring.SealMany(&to, these, format)
	these.MoveTo(to.Fit(results))
	return err
}

// OpenMany sets Out of each item to the payload of the entry In at CacheKey, and KeyIndex
// to the key that opened it, or Err to what Open would return. It returns the Err of the
// first item that failed, with the number of the item; the others may have succeeded. The
// envelopes of all pass through memory of their size, which is wiped at the end. As in
// core.ByteStorage.RetrieveMany, SetMaxPayload keeps the memory of all within bounds.
//
// All results lie in the same memory, which is kept as long as one of them is.
func (k *TenantKeyring) OpenMany(items []core.Item, format string) error {
	var scratch memory.Scratch
	defer scratch.Done()
	to := memory.Behind(nil)
	_, err := k.keyring.OpenMany(&to, scratch.Alloc, nil, batch.Of(items), format)
	return err
}
