package envelope

import (
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/made"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// Storage is what a ByteStorage is, in Go and in C: it encodes and decodes, and
// counts that. It stays where Init was called; a zero value or a copy answers
// InvalidHandle.
//
// What finds no memory for its result, or too little in the buffer of a caller, is not
// counted: nothing was attempted.
type Storage struct {
	Format          string // of whoever names none
	store, retrieve meter.Operation
	mark            made.Mark // in front it would shift the counters in their cache lines, which costs 20 ns a call
	Settings
}

// Init makes a zero value usable.
func (s *Storage) Init(format string) {
	s.Format = format
	s.store.KeepLast = true
	s.InitSettings()
	s.mark.Set()
}

var errNotMade = codes.InvalidHandle.Because("a ByteStorage not made by its constructor, or a copy")

// Check refuses what Init did not make.
func (s *Storage) Check() error {
	if !s.mark.OK() {
		return errNotMade
	}
	return nil
}

// Store is Encode, with the Settings.
func (s *Storage) Store(dst *memory.Dest, data []byte, format string) ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	span := s.store.Begin(len(data))
	out, err := s.Options().EncodeBetween(0, 0, dst, data, format)
	s.store.Count(span, len(data), len(out), err)
	return out, err
}

// Retrieve is Decode, with the Settings.
func (s *Storage) Retrieve(dst *memory.Dest, envelope []byte) ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	span := s.retrieve.Begin(len(envelope))
	out, err := s.Options().Decode(dst, envelope)
	s.retrieve.Count(span, len(envelope), len(out), err)
	return out, err
}

// Metrics returns what was counted.
func (s *Storage) Metrics() meter.Metrics {
	return meter.Metrics{
		Store:                s.store.Snapshot(),
		Retrieve:             s.retrieve.Snapshot(),
		LastCompressionRatio: s.store.LastRatio(),
	}
}
