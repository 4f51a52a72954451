package core

// Limits, in bytes unless said otherwise. They belong to the wire format, so
// every cachekit library enforces the same ones; MaxFormatSize is this library's.
const (
	// MaxPayloadSize is the most that one envelope may hold, uncompressed.
	MaxPayloadSize = 512 << 20

	// MaxEnvelopeSize is the most that an envelope may take, written or read.
	MaxEnvelopeSize = 512 << 20

	// MaxFormatSize is the longest format identifier that is written. One that
	// an envelope carries is read at any length.
	MaxFormatSize = 1 << 20

	// MaxCompressionRatio is the largest original size that an envelope may
	// claim for each byte of its block. LZ4 itself cannot go beyond 255.
	MaxCompressionRatio = 1000

	// MaxNesting is how deep MessagePack arrays and maps may nest.
	MaxNesting = 100
)

// ChecksumSize is the size of a checksum in bytes: XXH3-64.
const ChecksumSize = 8

// DefaultFormat is the format identifier of an envelope whose writer names no
// other. A format says what the payload is; this package only carries it.
const DefaultFormat = "msgpack"
