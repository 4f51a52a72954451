package core

import "github.com/cachekit-go/cachekit-core/internal/limits"

// Limits, in bytes unless said otherwise. They belong to the wire format, so
// every cachekit library enforces the same ones; MaxFormatSize is this library's.
const (
	// MaxPayloadSize, 512 MiB, is the most that one envelope may hold, uncompressed.
	MaxPayloadSize = limits.MaxPayloadSize

	// MaxEnvelopeSize, 512 MiB, is the most that an envelope may take, written or
	// read.
	MaxEnvelopeSize = limits.MaxEnvelopeSize

	// MaxFormatSize, 1 MiB, is the longest format identifier that is written. One
	// that an envelope carries is read at any length.
	MaxFormatSize = limits.MaxFormatSize

	// MaxCompressionRatio, 1000, is the largest original size that an envelope may
	// claim for each byte of its block. LZ4 itself cannot go beyond 255.
	MaxCompressionRatio = limits.MaxCompressionRatio

	// MaxNesting, 100, is how deep MessagePack arrays and maps may nest.
	MaxNesting = limits.MaxNesting
)

// Levels of compression, see ByteStorage.SetLevel.
const (
	DefaultLevel = limits.DefaultLevel // 1, the lowest too: the fastest
	MaxLevel     = limits.MaxLevel     // 9: the smallest envelopes
)

// ChecksumSize is the size of a checksum in bytes, 8: XXH3-64.
const ChecksumSize = limits.ChecksumSize

// DefaultFormat, "msgpack", is the format identifier of an envelope whose writer
// names no other. A format says what the payload is; this package only carries it.
const DefaultFormat = limits.DefaultFormat
