package document

import (
	"encoding/hex"
	"strings"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
	"golang.org/x/crypto/blake2b"
)

// AppendKey appends the cache key of an operation to dst, for the digest of its
// arguments.
func AppendKey(dst []byte, namespace, operation string, sum [blake2b.Size256]byte) []byte {
	dst = append(dst, namespace...)
	dst = append(dst, ':')
	dst = append(dst, operation...)
	dst = append(dst, ':')
	return hex.AppendEncode(dst, sum[:])
}

// AppendKeyFromMsgpack is AppendKey for arguments in one MessagePack array. scratch
// is that of Canonical.
func AppendKeyFromMsgpack(dst []byte, scratch memory.Alloc, namespace, operation string, args []byte) ([]byte, error) {
	if err := CheckSegments(namespace, operation); err != nil {
		return dst, err
	}
	s, err := Scan(args, Arguments)
	if err != nil {
		return dst, err
	}
	if msgpack.Next(args).Kind != msgpack.Array {
		return dst, ErrNotArray
	}
	sum, err := digest(scratch, args, s)
	if err != nil {
		return dst, err
	}
	return AppendKey(dst, namespace, operation, sum), nil
}

// Sum256 is BLAKE2b-256, in parts: over hundreds of MiB in one call of assembly it
// cannot be preempted. It leaves nothing of b behind.
func Sum256(b []byte) (sum [blake2b.Size256]byte) {
	memory.HoldStack()
	if len(b) <= 1<<20 {
		sum = blake2b.Sum256(b) // without an allocation
	} else {
		h, _ := blake2b.New256(nil) // errors are those of a key
		memory.Write(h, b)
		h.Sum(sum[:0])
		h.Write(zeros[:]) // over the end of b, which it holds
	}
	memory.ClearStack()
	return sum
}

var zeros [blake2b.BlockSize]byte

// CheckSegments refuses a namespace or an operation that a key cannot have.
func CheckSegments(namespace, operation string) error {
	switch {
	case !isSegment(namespace):
		return ErrNamespace
	case !isSegment(operation):
		return ErrOperation
	case namespace == "ns", namespace == "nsapi":
		return ErrReserved
	}
	return nil
}

func isSegment(s string) bool {
	if len(s) == 0 || len(s) > limits.MaxSegmentSize || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case i > 0 && (c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return true
}
