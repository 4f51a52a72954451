// Package limits is the one list of limits and sizes, in bytes unless said
// otherwise. The public packages and the header give out those that users need.
package limits

// Of envelopes. All belong to the wire format except MaxFormatSize, which is this
// library's. DefaultFormat is no limit; it stands here for the C library's sake too.
const (
	MaxPayloadSize      = 512 << 20
	MaxEnvelopeSize     = 512 << 20
	MaxFormatSize       = 1 << 20 // of a format that is written
	MaxCompressionRatio = 1000    // of the original size to that of the block
	ChecksumSize        = 8       // XXH3-64
	DefaultFormat       = "msgpack"
)

// Levels of compression. The first is the fast search, the others search harder.
const (
	MinLevel     = 1
	MaxLevel     = 9
	DefaultLevel = MinLevel
)

// MaxNesting is how deep MessagePack arrays and maps may nest.
const MaxNesting = 100

// Of keys and encryption. A ciphertext is nonce, encrypted plaintext and tag.
const (
	KeySize   = 32 // AES-256
	NonceSize = 12 // instance id, 8, and counter, 4
	TagSize   = 16 // of GCM
	Overhead  = NonceSize + TagSize

	MaxPlaintextSize = MaxEnvelopeSize // so that everything that can be stored can be sealed
	MinMasterKeySize = 16
	MaxDomainSize    = 255
	MaxTenantSize    = 1024
	MaxCacheKeySize  = 1 << 20
	FingerprintSize  = 16

	MaxEncryptions     = 1 << 32 // as many as a counter of 32 bits tells apart
	RotationThreshold  = 1 << 31 // encryptions
	MaxDecryptOnlyKeys = 3
)

// Of metrics as text.
const (
	MaxMetricsNameSize    = 1024
	MetricsTextBufferSize = 64 << 10 // for every name
)

// Of the keys of interop entries: two segments and the hexadecimal digits of a
// BLAKE2b-256, with colons between them.
const (
	MaxSegmentSize    = 64
	MaxInteropKeySize = MaxSegmentSize + 1 + MaxSegmentSize + 1 + 2*32
)
