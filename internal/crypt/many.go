package crypt

import (
	"github.com/cachekit-go/cachekit-core/internal/batch"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/envelope"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// SealMany is Seal for many items. It returns the memory of all entries, which is from
// dst, and the error of the first item that failed, or one of all; rotate tells that one
// was warned.
func (k *TenantKeyring) SealMany(dst *memory.Dest, items batch.Items, format string) (results []byte, rotate bool, err error) {
	run := batch.Run{Items: items}
	if err := k.Check(); err != nil {
		return nil, false, run.Refuse(err)
	}
	o, wrong := k.Options(), envelope.CheckFormat(format)
	results, err = run.Make(dst, func(i int, data []byte) (int, error) {
		err := checkCacheKey(items.CacheKey(i))
		if err == nil {
			err = o.CheckPayload(data)
		}
		if err == nil {
			err = wrong
		}
		if err != nil {
			k.store.Fail(k.store.Begin(0))
			return 0, err
		}
		return SealBound(len(data), len(format)), nil
	}, func(i int, data, room []byte) ([]byte, error) {
		to := memory.Into(room)
		entry, warned, err := k.sealWith(o, &to, items.CacheKey(i), data, format)
		if warned {
			items.Warned(i)
			rotate = true
		}
		return entry, err
	})
	return results, rotate, err
}

// OpenMany is Open for many items. It returns the memory of all payloads and the error
// of the first item that failed, or one of all. Beside the results, the envelopes of all
// items lie in memory from scratch; where that can grow, it becomes that of the results.
func (k *TenantKeyring) OpenMany(dst *memory.Dest, scratch memory.Alloc, grow Grow, items batch.Items, format string) (results []byte, err error) {
	run := batch.Run{Items: items}
	if err := k.Check(); err != nil {
		return nil, run.Refuse(err)
	}
	e := envelopes{options: k.Options()}
	defer func() { memory.Clear(e.memory) }() // after a panic too
	if err := k.openEnvelopes(&e, scratch, &run, format); err != nil {
		return nil, err
	}
	retrieving := k.retrieve.BeginBatch(e.opened)
	defer retrieving.End()
	if e.sound == 0 {
		return nil, run.Err()
	}
	to := e.moveUp(grow)
	inPlace := to != nil
	if !inPlace {
		if to, err = dst.Take(e.payloads); err != nil {
			retrieving.Skip(e.sound)
			return nil, run.Refuse(err)
		}
	}
	at := 0
	results = run.Fill(to, func(_ int, sealed, room []byte) ([]byte, error) {
		in := e.packed[at:][:len(sealed)-limits.Overhead]
		at = min(batch.Add(at, len(in)), len(e.packed))
		var header envelope.Header // again, since the envelope lies elsewhere now, perhaps
		if err := header.Read(in, e.options.MaxPayload); err != nil {
			return nil, err
		}
		out := room[:header.OriginalSize]
		if err := header.Extract(out); err != nil {
			return nil, err
		}
		retrieving.Add(len(in), len(out))
		return out, nil
	})
	if inPlace {
		memory.Clear(to[len(results):])
	}
	return results, run.Err()
}

// envelopes are those of the items of a call.
type envelopes struct {
	options  envelope.Options
	memory   []byte // that they are in and that has to be wiped
	packed   []byte // those that are sound, as far as their headers tell: each behind the room of the one before
	opened   int    // how many were decrypted
	sound    int    // how many of these are in packed
	payloads int    // size of the room for what they hold
	inPlace  int    // size of a buffer in which all of them can be decoded; 0: none will do
}

// openEnvelopes decrypts the envelopes of all items into memory from scratch.
func (k *TenantKeyring) openEnvelopes(e *envelopes, scratch memory.Alloc, run *batch.Run, format string) error {
	count := k.decrypt.BeginBatch(run.Len())
	defer count.End()
	most, wrong := e.options.MaxSize(len(format)), envelope.CheckFormat(format)
	room, left := run.Measure(func(i int, sealed []byte) (int, error) {
		err := checkCacheKey(run.CacheKey(i))
		if err == nil {
			err = wrong
		}
		if err != nil {
			return 0, err
		}
		return plaintextSize(len(sealed), most)
	})
	count.Skip(run.Untried)
	if left == 0 {
		return nil
	}
	if e.memory = scratch(room); e.memory == nil {
		count.Skip(left)
		return run.Refuse(codes.OutOfMemory)
	}
	at, excess, movable := 0, 0, true
	var aadMemory [aadRoom]byte
	for i := range run.Len() {
		sealed, err := run.Input(i)
		if err != nil {
			continue
		}
		to := e.memory[at:][:len(sealed)-limits.Overhead]
		aad, err := k.aad(aadMemory[:], run.CacheKey(i), format, true)
		keyIndex := 0
		if err == nil {
			keyIndex, err = k.open(to, sealed, aad, 0, len(k.fingerprints))
		}
		if err != nil {
			run.Fail(i, err)
			continue
		}
		run.Opened(i, keyIndex)
		count.Add(len(sealed), len(to))
		e.opened++
		var header envelope.Header
		if err = readAs(&header, to, format, e.options); err != nil {
			memory.Clear(to)
			run.Fail(i, err)
			continue
		}
		e.sound++
		excess = max(excess, e.payloads+header.OriginalSize+header.InPlaceMargin()-(at+len(to)))
		movable = movable && header.InPlaceSize() > 0
		e.payloads = batch.Add(e.payloads, header.OriginalSize)
		at = min(batch.Add(at, len(to)), len(e.memory))
	}
	e.packed = e.memory[:at]
	if movable {
		e.inPlace = max(e.payloads, at+excess)
	}
	return nil
}

// moveUp moves the envelopes to the end of memory in which their payloads can be
// written from its start without a byte of an envelope being lost before it is read. It
// returns that memory, or nil where there is none.
func (e *envelopes) moveUp(grow Grow) []byte {
	if grow == nil || e.inPlace == 0 {
		return nil
	}
	to := grow(e.memory, max(e.inPlace, len(e.memory)))
	if to == nil {
		return nil
	}
	n := len(e.packed)
	memory.MoveUp(to, len(to)-n, n)
	e.packed, e.memory = to[len(to)-n:], nil
	return to
}
