package core

import wire "github.com/cachekit-go/cachekit-core/internal/envelope"

// Envelope is what an envelope says of its payload, before anything is decompressed.
type Envelope struct {
	OriginalSize   int                // size of the payload in bytes
	CompressedSize int                // size of the LZ4 block in bytes
	Checksum       [ChecksumSize]byte // XXH3-64 of the payload, big-endian
	Format         []byte             // valid UTF-8; part of the envelope's bytes, not a copy
}

// Inspect reads the header of an envelope and makes every check that needs no
// decompression. For the form that writers use it costs the same for 64 bytes and for
// 512 MiB. Two forms that only readers know take time in proportion to their size, a
// second or two for 512 MiB: a block that is spelled as integers, and a map with
// unknown fields.
//
// Errors: ErrInvalidInput if it is not an envelope, ErrInputTooLarge or
// ErrDecompressionBomb if it claims more than the limits allow.
func Inspect(envelope []byte) (Envelope, error) {
	h, err := wire.Inspect(envelope)
	return Envelope{h.OriginalSize, h.CompressedSize, h.Checksum, h.Format}, err
}
