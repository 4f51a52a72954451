package core

import (
	"github.com/cachekit-go/cachekit-core/internal/envelope"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// EnvelopeBound is the largest size in bytes that the envelope of n payload
// bytes with a format of formatLen bytes can take; math.MaxInt, if that is more.
func EnvelopeBound(n, formatLen int) int { return envelope.Bound(n, formatLen) }

// Compress returns the envelope of data with DefaultFormat: a ByteStorage's Store
// for those who need no metrics, with its errors.
func Compress(data []byte) ([]byte, error) {
	to := memory.Fitting()
	made, err := envelope.Encode(&to, data, DefaultFormat)
	return to.Fit(made), err
}

// AppendCompress appends what Compress returns to dst, like
// ByteStorage.AppendStore.
func AppendCompress(dst, data []byte) ([]byte, error) {
	to := memory.Behind(dst)
	made, err := envelope.Encode(&to, data, DefaultFormat)
	if err != nil {
		return dst, err
	}
	return to.With(made), nil
}

// CompressInto writes what Compress returns to dst and returns its size, like
// ByteStorage.StoreInto.
func CompressInto(dst, data []byte) (int, error) {
	to := memory.Into(dst)
	made, err := envelope.Encode(&to, data, DefaultFormat)
	return to.Size(made, err)
}

// Decompress returns the payload of an envelope: a ByteStorage's Retrieve for those
// who need no metrics, with its errors.
func Decompress(data []byte) ([]byte, error) { return AppendDecompress(nil, data) }

// AppendDecompress appends the payload of an envelope to dst, like
// ByteStorage.AppendRetrieve.
func AppendDecompress(dst, data []byte) ([]byte, error) {
	to := memory.Behind(dst)
	payload, err := envelope.Decode(&to, data)
	if err != nil {
		return dst, err
	}
	return to.With(payload), nil
}

// DecompressInto writes the payload of an envelope to dst and returns its size, like
// ByteStorage.RetrieveInto.
func DecompressInto(dst, data []byte) (int, error) {
	to := memory.Into(dst)
	payload, err := envelope.Decode(&to, data)
	return to.Size(payload, err)
}
