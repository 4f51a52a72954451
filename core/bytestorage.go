package core

import (
	"fmt"

	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/made"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// ByteStorage turns payloads into envelopes and back, and counts what it does.
// It is safe for any number of goroutines; one for a whole program will do.
//
// It comes from NewByteStorage and is passed on as a pointer. A zero value, which
// has no format, and a copy, whose counts nobody sees, answer ErrInvalidHandle.
type ByteStorage struct {
	format          string
	store, retrieve meter.Operation
	mark            made.Mark // in front it would shift the counters in their cache lines, which costs 20 ns a call
}

// NewByteStorage returns a ByteStorage that writes defaultFormat into the
// envelopes of Store. Use DefaultFormat if payloads are MessagePack.
func NewByteStorage(defaultFormat string) *ByteStorage {
	s := &ByteStorage{format: defaultFormat}
	s.store.KeepLast = true
	s.mark.Set()
	return s
}

var errNotMade = fmt.Errorf("%w: a ByteStorage not made by its constructor, or a copy", ErrInvalidHandle)

func (s *ByteStorage) check() error {
	if !s.mark.OK() {
		return errNotMade
	}
	return nil
}

// DefaultFormat is the format identifier that Store writes.
func (s *ByteStorage) DefaultFormat() string { return s.format }

// Store returns the envelope of data, with the default format. The result has
// room for the worst case; slices.Clone it to keep many small ones in memory.
//
// Errors: ErrInputTooLarge if data or the envelope exceeds 512 MiB or the format
// MaxFormatSize, ErrInvalidInput if the format is not valid UTF-8.
func (s *ByteStorage) Store(data []byte) ([]byte, error) {
	return s.AppendStore(nil, data, s.format)
}

// AppendStore appends the envelope of data, with the given format, to dst.
// The free capacity of dst must not overlap data. After an error the result is
// dst as it was.
func (s *ByteStorage) AppendStore(dst, data []byte, format string) ([]byte, error) {
	if err := s.check(); err != nil {
		return dst, err
	}
	if len(data) > MaxPayloadSize || len(format) > MaxFormatSize {
		s.store.Fail(s.store.Begin(0))
		return dst, ErrInputTooLarge
	}
	grown := memory.Grow(dst, EnvelopeBound(len(data), len(format)))
	n, err := s.StoreInto(grown[len(dst):cap(grown)], data, format)
	if err != nil {
		return dst, err
	}
	return grown[:len(dst)+n], nil
}

// StoreInto writes the envelope of data to dst and returns its size. dst must
// not overlap data; if it is shorter than EnvelopeBound(len(data),
// len(format)), the answer is ErrBufferTooSmall and that bound, and nothing is
// written or counted.
func (s *ByteStorage) StoreInto(dst, data []byte, format string) (int, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	span := s.store.Begin(len(data))
	n, err := EncodeEnvelope(dst, data, format)
	if err == ErrBufferTooSmall {
		return n, err
	}
	if err != nil {
		s.store.Fail(span)
		return 0, err
	}
	s.store.End(span, len(data), n)
	return n, nil
}

// Retrieve returns the payload of an envelope.
//
// Errors: ErrInvalidInput if it is not an envelope, ErrInputTooLarge or
// ErrDecompressionBomb if it claims more than the limits allow,
// ErrDecompressionFailed, ErrChecksumMismatch or ErrSizeValidationFailed if
// its content is damaged.
func (s *ByteStorage) Retrieve(envelope []byte) ([]byte, error) {
	return s.AppendRetrieve(nil, envelope)
}

// AppendRetrieve appends the payload of an envelope to dst. The free capacity
// of dst must not overlap the envelope. After an error the result is dst as it
// was, and its free capacity holds no payload.
func (s *ByteStorage) AppendRetrieve(dst, envelope []byte) ([]byte, error) {
	if err := s.check(); err != nil {
		return dst, err
	}
	span := s.retrieve.Begin(len(envelope))
	e, err := Inspect(envelope)
	if err != nil {
		s.retrieve.Fail(span)
		return dst, err
	}
	grown := memory.Grow(dst, max(e.OriginalSize, 1)) // not nil, for an empty payload too
	end := len(dst) + e.OriginalSize
	if err := e.Extract(grown[len(dst):end]); err != nil {
		s.retrieve.Fail(span)
		return dst, err
	}
	s.retrieve.End(span, len(envelope), e.OriginalSize)
	return grown[:end], nil
}

// RetrieveInto writes the payload of an envelope to dst and returns its size.
// dst must not overlap the envelope; if it is too short, the answer is
// ErrBufferTooSmall and the size needed, and nothing is written or counted.
// After any other error dst holds nothing of the payload.
func (s *ByteStorage) RetrieveInto(dst, envelope []byte) (int, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	span := s.retrieve.Begin(len(envelope))
	e, err := Inspect(envelope)
	if err == nil && len(dst) < e.OriginalSize {
		return e.OriginalSize, ErrBufferTooSmall
	}
	if err == nil {
		err = e.Extract(dst[:e.OriginalSize])
	}
	if err != nil {
		s.retrieve.Fail(span)
		return 0, err
	}
	s.retrieve.End(span, len(envelope), e.OriginalSize)
	return e.OriginalSize, nil
}

// Extract is Envelope.Extract, counted as a retrieval. With Inspect it is
// Retrieve for callers who allocate the result themselves.
func (s *ByteStorage) Extract(dst []byte, e *Envelope) error {
	if err := s.check(); err != nil {
		return err
	}
	span := s.retrieve.Begin(e.size)
	if err := e.Extract(dst); err != nil {
		if err != ErrBufferTooSmall {
			s.retrieve.Fail(span)
		}
		return err
	}
	s.retrieve.End(span, e.size, e.OriginalSize)
	return nil
}

// Validate returns exactly the error that Retrieve would. It decompresses the
// payload to do so, but does not count in the metrics.
func (s *ByteStorage) Validate(envelope []byte) error {
	if err := s.check(); err != nil {
		return err
	}
	e, err := Inspect(envelope)
	if err != nil {
		return err
	}
	payload := make([]byte, e.OriginalSize)
	if err = e.Extract(payload); err == nil {
		memory.Clear(payload) // after an error Extract has cleared what it wrote
	}
	return err
}

// EstimateCompression returns the compression ratio, original / compressed
// size of the block, that Store would reach on data: 0 for no data.
func (s *ByteStorage) EstimateCompression(data []byte) (ratio float64, err error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	if len(data) > MaxPayloadSize {
		return 0, ErrInputTooLarge
	}
	return CompressionRatio(make([]byte, EnvelopeBound(len(data), 0)), data), nil
}

// CompressionRatio is EstimateCompression with the caller's scratch memory of
// at least EnvelopeBound(len(data), 0) bytes, in which no payload byte is left.
func CompressionRatio(scratch, data []byte) float64 {
	n := lz4block.Encode(scratch, data)
	memory.Clear(scratch[:min(n+lz4block.Slack, len(scratch))]) // and no page touched that was not
	return float64(len(data)) / float64(n)
}

// Metrics returns what this ByteStorage has done so far.
func (s *ByteStorage) Metrics() Metrics {
	m := Metrics{
		Store:    OperationMetrics(s.store.Snapshot()),
		Retrieve: OperationMetrics(s.retrieve.Snapshot()),
	}
	if in, out := s.store.Last(); out > 0 {
		m.LastCompressionRatio = float64(in) / float64(out)
	}
	return m
}
