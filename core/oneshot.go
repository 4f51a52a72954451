package core

import "github.com/cachekit-go/cachekit-core/internal/memory"

// AppendEnvelope appends the envelope of data with the given format to dst,
// like ByteStorage.AppendStore but without metrics.
func AppendEnvelope(dst, data []byte, format string) ([]byte, error) {
	if len(data) > MaxPayloadSize || len(format) > MaxFormatSize {
		return dst, ErrInputTooLarge
	}
	grown := memory.Grow(dst, EnvelopeBound(len(data), len(format)))
	n, err := EncodeEnvelope(grown[len(dst):cap(grown)], data, format)
	if err != nil {
		return dst, err
	}
	return grown[:len(dst)+n], nil
}

// AppendPayload appends the payload of an envelope to dst, like
// ByteStorage.AppendRetrieve but without metrics.
func AppendPayload(dst, envelope []byte) ([]byte, error) {
	e, err := Inspect(envelope)
	if err != nil {
		return dst, err
	}
	grown := memory.Grow(dst, max(e.OriginalSize, 1)) // not nil, for an empty payload too
	end := len(dst) + e.OriginalSize
	if err := e.Extract(grown[len(dst):end]); err != nil {
		return dst, err
	}
	return grown[:end], nil
}
