package crypt

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/made"
)

// Nonces gives out instance id || counter, each once: the id is this
// process's next number, from a random start, and the counter never wraps.
type Nonces struct {
	id   [8]byte
	mark made.Mark

	// Every encrypting thread writes the counter; readers of the two above and
	// of the keys beside them must not lose their cache line to it.
	_    [48]byte
	made atomic.Uint64
	_    [56]byte
}

// instances is the process-wide source of instance ids.
var instances struct {
	sync.Mutex
	seeded bool
	next   uint64
}

// random fills b from the operating system's random source. Tests replace it.
var random = systemRandom

func (n *Nonces) init() error {
	instances.Lock()
	defer instances.Unlock()
	if !instances.seeded {
		var start [8]byte
		if err := random(start[:]); err != nil {
			return rngFailure(err)
		}
		instances.next, instances.seeded = binary.BigEndian.Uint64(start[:]), true
	}
	binary.BigEndian.PutUint64(n.id[:], instances.next)
	instances.next++
	n.mark.Set()
	return nil
}

// Check is the first thing that a call does which needs a key or a nonce.
func (n *Nonces) Check() error {
	if !n.mark.OK() {
		return ErrNotMade
	}
	return nil
}

// take writes the next nonce to dst. rotate tells that limits.RotationThreshold were
// taken before it.
func (n *Nonces) take(dst []byte) (rotate bool, err error) {
	// Calls beyond the limit go on counting, towards an end of 64 bits that
	// they would not reach in a thousand years.
	before := n.made.Add(1) - 1
	if before >= limits.MaxEncryptions {
		return false, errExhausted
	}
	copy(dst, n.id[:])
	binary.BigEndian.PutUint32(dst[len(n.id):limits.NonceSize], uint32(before))
	return before >= limits.RotationThreshold, nil
}

// Counter returns how many encryptions were made, at most limits.MaxEncryptions.
func (n *Nonces) Counter() uint64 { return min(n.made.Load(), limits.MaxEncryptions) }

// RotationNeeded tells whether limits.RotationThreshold encryptions were made, so
// that it is time for a successor.
func (n *Nonces) RotationNeeded() bool { return n.Counter() >= limits.RotationThreshold }

// InstanceID returns the first eight bytes of every nonce given out here. No
// two instances in a process share one.
func (n *Nonces) InstanceID() [8]byte { return n.id }
