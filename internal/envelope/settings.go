package envelope

import (
	"sync/atomic"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// Options say how an envelope is written, and how much one may hold.
type Options struct {
	Level      int // of compression
	MaxPayload int // in bytes
}

// Default are the Options of whoever chooses none.
var Default = Options{Level: limits.DefaultLevel, MaxPayload: limits.MaxPayloadSize}

// Settings are the Options of an object, which can be changed while calls use it: each
// call takes the ones from before or those from after.
type Settings struct {
	level      atomic.Int32
	maxPayload atomic.Int64
}

// InitSettings sets the default.
func (s *Settings) InitSettings() {
	s.level.Store(limits.DefaultLevel)
	s.maxPayload.Store(limits.MaxPayloadSize)
}

// Options are the present ones.
func (s *Settings) Options() Options {
	return Options{Level: int(s.level.Load()), MaxPayload: s.MaxPayload()}
}

// MaxPayload is that of Options.
func (s *Settings) MaxPayload() int { return int(s.maxPayload.Load()) }

// SetLevel answers InvalidInput for what is no level.
func (s *Settings) SetLevel(level int) error {
	if level < limits.MinLevel || level > limits.MaxLevel {
		return codes.InvalidInput.Because("level %d, from %d to %d", level, limits.MinLevel, limits.MaxLevel)
	}
	s.level.Store(int32(level))
	return nil
}

// SetMaxPayload answers InvalidInput for less than 1, since 0 would leave room for empty
// payloads alone, and for more than the wire format has.
func (s *Settings) SetMaxPayload(size int) error {
	if size < 1 || size > limits.MaxPayloadSize {
		return codes.InvalidInput.Because("a limit of %d bytes, 1 to %d are possible", size, limits.MaxPayloadSize)
	}
	s.maxPayload.Store(int64(size))
	return nil
}

// MaxSize is the size in bytes of the largest envelope with a payload of MaxPayload
// bytes that a writer makes. The first writers spelled each byte of a block as an
// integer of up to two.
func (o Options) MaxSize(formatLen int) int {
	return min(limits.MaxEnvelopeSize, 2*Bound(o.MaxPayload, formatLen))
}
