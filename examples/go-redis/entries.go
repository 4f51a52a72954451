package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"
)

var errNoEntry = errors.New("no such entry")

// Entries are cache entries in Redis that programs in other languages share.
// With a keyring all of them are encrypted, without one all are plain. How an
// entry is read never depends on what it looks like.
type Entries struct {
	Redis   redis.UniversalClient // one server, or a cluster
	Keyring *encryption.TenantKeyring
}

// Get returns the value under key, one MessagePack document, and the index of
// the key that opened it.
func (e *Entries) Get(ctx context.Context, key string) (document []byte, keyIndex int, err error) {
	stored, err := e.Redis.Get(ctx, key).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, 0, fmt.Errorf("%w: %s", errNoEntry, key)
	case err != nil:
		return nil, 0, err
	case e.Keyring != nil:
		return e.Keyring.OpenInterop(key, stored)
	}
	return stored, 0, interop.Check(stored)
}

// Put stores v, made of the types that interop.Value takes, under key. A ttl of
// 0 keeps it for ever.
func (e *Entries) Put(ctx context.Context, key string, v any, ttl time.Duration) error {
	document, err := interop.Value(v)
	if err != nil {
		return err
	}
	if e.Keyring != nil {
		plain := document
		document, err = e.Keyring.SealInterop(key, plain)
		clear(plain)
		if err != nil {
			return err
		}
	}
	return e.Redis.Set(ctx, key, document, ttl).Err()
}
