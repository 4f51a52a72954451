package core

import "slices"

// AppendEnvelope appends the envelope of data with the given format to dst,
// like ByteStorage.AppendStore but without metrics.
func AppendEnvelope(dst, data []byte, format string) ([]byte, error) {
	if len(data) > MaxPayloadSize || len(format) > MaxEnvelopeSize {
		return dst, ErrInputTooLarge
	}
	dst = slices.Grow(dst, EnvelopeBound(len(data), len(format)))
	n, err := EncodeEnvelope(dst[len(dst):cap(dst)], data, format)
	return dst[:len(dst)+n], err
}

// EncodeEnvelope writes the envelope of data to dst and returns its size. dst
// must not overlap data; if it is shorter than EnvelopeBound(len(data),
// len(format)), the answer is ErrBufferTooSmall and that bound.
func EncodeEnvelope(dst, data []byte, format string) (int, error) {
	if len(data) > MaxPayloadSize {
		return 0, ErrInputTooLarge
	}
	if bound := EnvelopeBound(len(data), len(format)); len(dst) < bound {
		return bound, ErrBufferTooSmall
	}
	return encodeEnvelope(dst, data, format)
}

// AppendPayload appends the payload of an envelope to dst, like
// ByteStorage.AppendRetrieve but without metrics.
func AppendPayload(dst, envelope []byte) ([]byte, error) {
	e, err := Inspect(envelope)
	if err != nil {
		return dst, err
	}
	dst = slices.Grow(dst, max(e.OriginalSize, 1)) // not nil, for an empty payload too
	end := len(dst) + e.OriginalSize
	if err := e.Extract(dst[len(dst):end]); err != nil {
		return dst, err
	}
	return dst[:end], nil
}
