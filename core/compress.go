package core

import (
	wire "github.com/cachekit-go/cachekit-core/internal/envelope"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// EnvelopeBound is the largest size in bytes that the envelope of n payload
// bytes with a format of formatLen bytes can take; math.MaxInt, if that is more.
func EnvelopeBound(n, formatLen int) int { return wire.Bound(n, formatLen) }

// Compress returns the envelope of data with DefaultFormat: a ByteStorage's Store
// for those who need no metrics, with its errors.
func Compress(data []byte) ([]byte, error) {
	to := memory.Fitting()
	envelope, err := wire.Encode(&to, data, DefaultFormat)
	return to.Fit(envelope), err
}

// AppendCompress appends what Compress returns to dst, like
// ByteStorage.AppendStore.
func AppendCompress(dst, data []byte) ([]byte, error) {
	to := memory.Behind(dst)
	envelope, err := wire.Encode(&to, data, DefaultFormat)
	if err != nil {
		return dst, err
	}
	return to.With(envelope), nil
}

// CompressInto writes what Compress returns to dst and returns its size, like
// ByteStorage.StoreInto.
func CompressInto(dst, data []byte) (int, error) {
	to := memory.Into(dst)
	envelope, err := wire.Encode(&to, data, DefaultFormat)
	return to.Size(envelope, err)
}

// Decompress returns the payload of an envelope: a ByteStorage's Retrieve for those
// who need no metrics, with its errors.
func Decompress(envelope []byte) ([]byte, error) { return AppendDecompress(nil, envelope) }

// AppendDecompress appends the payload of an envelope to dst, like
// ByteStorage.AppendRetrieve.
func AppendDecompress(dst, envelope []byte) ([]byte, error) {
	to := memory.Behind(dst)
	data, err := wire.Decode(&to, envelope)
	if err != nil {
		return dst, err
	}
	return to.With(data), nil
}

// DecompressInto writes the payload of an envelope to dst and returns its size, like
// ByteStorage.RetrieveInto.
func DecompressInto(dst, envelope []byte) (int, error) {
	to := memory.Into(dst)
	data, err := wire.Decode(&to, envelope)
	return to.Size(data, err)
}
