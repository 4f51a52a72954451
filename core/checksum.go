package core

import "github.com/cachekit-go/cachekit-core/internal/checksum"

// Checksum returns the XXH3-64 (seed 0) of data in big-endian order, as an
// envelope carries it. It finds accidents; it does not stop a forger.
func Checksum(data []byte) [ChecksumSize]byte { return checksum.Bytes(data) }

// VerifyChecksum returns ErrChecksumMismatch unless Checksum(data) equals sum.
func VerifyChecksum(data []byte, sum [ChecksumSize]byte) error { return checksum.Verify(data, sum) }
