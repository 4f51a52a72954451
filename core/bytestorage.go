package core

import (
	wire "github.com/cachekit-go/cachekit-core/internal/envelope"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// ByteStorage turns payloads into envelopes and back, and counts what it does.
// It is safe for any number of goroutines; one for a whole program will do.
//
// It comes from NewByteStorage and is passed on as a pointer. A zero value, which
// has no format, and a copy, whose counts nobody sees, answer ErrInvalidHandle.
type ByteStorage struct{ storage wire.Storage }

// NewByteStorage returns a ByteStorage that writes defaultFormat into the
// envelopes of Store. Use DefaultFormat if payloads are MessagePack.
func NewByteStorage(defaultFormat string) *ByteStorage {
	s := new(ByteStorage)
	s.storage.Init(defaultFormat)
	return s
}

// DefaultFormat is the format identifier that Store writes.
func (s *ByteStorage) DefaultFormat() string { return s.storage.Format }

// Store returns the envelope of data, with the default format.
//
// Errors: ErrInputTooLarge if data or the envelope exceeds 512 MiB or the format
// MaxFormatSize, ErrInvalidInput if the format is not valid UTF-8.
func (s *ByteStorage) Store(data []byte) ([]byte, error) {
	to := memory.Fitting()
	envelope, err := s.storage.Store(&to, data, s.storage.Format)
	return to.Fit(envelope), err
}

// AppendStore appends the envelope of data, with the given format, to dst.
// The free capacity of dst must not overlap data. After an error the result is
// dst as it was.
func (s *ByteStorage) AppendStore(dst, data []byte, format string) ([]byte, error) {
	to := memory.Behind(dst)
	envelope, err := s.storage.Store(&to, data, format)
	if err != nil {
		return dst, err
	}
	return to.With(envelope), nil
}

// StoreInto writes the envelope of data to dst and returns its size. dst must
// not overlap data; if it is shorter than EnvelopeBound(len(data),
// len(format)), the answer is ErrBufferTooSmall and that bound, and nothing is
// written or counted.
func (s *ByteStorage) StoreInto(dst, data []byte, format string) (int, error) {
	to := memory.Into(dst)
	envelope, err := s.storage.Store(&to, data, format)
	return to.Size(envelope, err)
}

// Retrieve returns the payload of an envelope.
//
// Errors: ErrInvalidInput if it is not an envelope, ErrInputTooLarge or
// ErrDecompressionBomb if it claims more than the limits allow,
// ErrDecompressionFailed, ErrChecksumMismatch or ErrSizeValidationFailed if
// its content is damaged. All of them are a miss, see IsMiss.
func (s *ByteStorage) Retrieve(envelope []byte) ([]byte, error) {
	return s.AppendRetrieve(nil, envelope)
}

// AppendRetrieve appends the payload of an envelope to dst. The free capacity
// of dst must not overlap the envelope. After an error the result is dst as it
// was, and its free capacity holds no payload.
func (s *ByteStorage) AppendRetrieve(dst, envelope []byte) ([]byte, error) {
	to := memory.Behind(dst)
	data, err := s.storage.Retrieve(&to, envelope)
	if err != nil {
		return dst, err
	}
	return to.With(data), nil
}

// RetrieveInto writes the payload of an envelope to dst and returns its size.
// dst must not overlap the envelope; if it is too short, the answer is
// ErrBufferTooSmall and the size needed, and nothing is written or counted.
// After any other error dst holds nothing of the payload.
func (s *ByteStorage) RetrieveInto(dst, envelope []byte) (int, error) {
	to := memory.Into(dst)
	data, err := s.storage.Retrieve(&to, envelope)
	return to.Size(data, err)
}

// Validate returns exactly the error that Retrieve would. It decompresses the
// payload to do so, but does not count in the metrics.
func (s *ByteStorage) Validate(envelope []byte) error {
	if err := s.storage.Check(); err != nil {
		return err
	}
	return s.storage.Options().Validate(memory.Make, envelope)
}

// EstimateCompression returns the compression ratio, original / compressed
// size of the block, that Store would reach on data: 0 for no data.
func (s *ByteStorage) EstimateCompression(data []byte) (ratio float64, err error) {
	if err := s.storage.Check(); err != nil {
		return 0, err
	}
	return s.storage.Options().Ratio(memory.Make, data)
}

// Metrics returns what this ByteStorage has done so far.
func (s *ByteStorage) Metrics() Metrics {
	m := s.storage.Metrics()
	return Metrics{
		Store:                OperationMetrics(m.Store),
		Retrieve:             OperationMetrics(m.Retrieve),
		LastCompressionRatio: m.LastCompressionRatio,
	}
}

// SetLevel chooses how hard Store looks for repetitions: 1, the default, is the
// fastest, and 9 gives the smallest envelopes of nearly all data. Whoever reads them need not know, and
// reads them as fast. It may be called at any time; calls under way keep the level that
// they began with. EstimateCompression goes by it too. From level 2 on a call works in
// tables of some 600 KiB, which are kept for later calls. Of little data, several levels
// make the same.
//
// Errors: ErrInvalidHandle, ErrInvalidInput for another number.
func (s *ByteStorage) SetLevel(level int) error {
	if err := s.storage.Check(); err != nil {
		return err
	}
	return s.storage.SetLevel(level)
}

// SetMaxPayload lowers the limit of a payload to so many bytes, 1 to MaxPayloadSize.
// What is longer is not stored, and an envelope that claims more is not read: no memory
// is allocated for it. Both give ErrInputTooLarge. It may be called at any time; calls
// under way keep the limit that they began with.
//
// Errors: ErrInvalidHandle, ErrInvalidInput for another number.
func (s *ByteStorage) SetMaxPayload(size int) error {
	if err := s.storage.Check(); err != nil {
		return err
	}
	return s.storage.SetMaxPayload(size)
}
