package core

import (
	"encoding/binary"

	"github.com/cachekit-go/cachekit-core/internal/checksum"
)

// Checksum returns the XXH3-64 (seed 0) of data in big-endian order, as an
// envelope carries it. It finds accidents; it does not stop a forger.
func Checksum(data []byte) (sum [ChecksumSize]byte) {
	binary.BigEndian.PutUint64(sum[:], checksum.Sum(data))
	return sum
}

// VerifyChecksum returns ErrChecksumMismatch unless Checksum(data) equals sum.
func VerifyChecksum(data []byte, sum [ChecksumSize]byte) error {
	if Checksum(data) != sum {
		return ErrChecksumMismatch
	}
	return nil
}
