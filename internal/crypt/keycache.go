package crypt

import (
	"crypto/subtle"
	"sync"
	"sync/atomic"

	"github.com/cachekit-go/cachekit-core/internal/aesgcm"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// setupIsCheap is aesgcm.SetupIsCheap. Tests replace it.
var setupIsCheap = aesgcm.SetupIsCheap()

// keyCache remembers the last keys, expanded, where expanding one costs far
// more than a small message: with the standard library ~950 ns against 100.
// Two places serve a program that encrypts under one key while it reads with
// another.
type keyCache struct {
	wiped atomic.Bool
	mu    sync.Mutex
	last  [2]atomic.Pointer[cachedKey] // most recent first; atomic for secret's sake
}

type cachedKey struct {
	*aesgcm.Key
	raw   [limits.KeySize]byte
	users int  // calls under way
	gone  bool // no longer in the cache: the last user wipes it
}

// acquire returns key in expanded form, to be given back to release, or nil
// where it is cheaper to expand it for each message.
func (c *keyCache) acquire(key []byte) (*cachedKey, error) {
	if c.wiped.Load() {
		return nil, ErrWiped
	}
	if setupIsCheap {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wiped.Load() {
		return nil, ErrWiped
	}
	// Every place is looked at, so that time does not tell which one held it.
	found := -1
	for i := range c.last {
		if k := c.last[i].Load(); k != nil && subtle.ConstantTimeCompare(k.raw[:], key) == 1 {
			found = i
		}
	}
	var k *cachedKey
	if found >= 0 {
		k = c.last[found].Load()
	} else {
		k = &cachedKey{Key: aesgcm.NewKey(key), raw: [limits.KeySize]byte(key)}
		c.evict(c.last[1].Load())
	}
	if found != 0 {
		c.last[1].Store(c.last[0].Swap(k))
	}
	k.users++
	return k, nil
}

func (c *keyCache) release(k *cachedKey) {
	if k == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.users--; k.users == 0 && k.gone {
		k.wipe()
	}
}

func (c *keyCache) evict(k *cachedKey) {
	if k == nil {
		return
	}
	if k.gone = true; k.users == 0 {
		k.wipe()
	}
}

func (k *cachedKey) wipe() {
	k.Key.Wipe()
	clear(k.raw[:])
}

func (c *keyCache) wipe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wiped.Store(true)
	for i := range c.last {
		c.evict(c.last[i].Swap(nil))
	}
}
