package interop

import (
	"encoding/hex"
	"strings"

	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
	"golang.org/x/crypto/blake2b"
)

// MaxSegmentSize is the most bytes that a namespace or an operation may have.
const MaxSegmentSize = 64

// MaxKeySize is the size in bytes of the longest key: two segments and 64
// hexadecimal digits, with colons between them.
const MaxKeySize = MaxSegmentSize + 1 + MaxSegmentSize + 1 + 2*blake2b.Size256

// Key returns the cache key of an operation called with args:
//
//	namespace:operation:hex(BLAKE2b-256(canonical form of the array of args))
//
// Namespace and operation match [a-z0-9][a-z0-9._-]{0,63} and hold no "..";
// the namespaces "ns" and "nsapi" are reserved. args are all parameters of the
// operation in the order of its declaration, defaults filled in; the SDKs pass
// further positional ones as one array and further named ones as one map.
//
// See [Value] for the Go types that args may have. Beyond those: a [Set], or a
// map whose elements are struct{}, is a set; a [time.Time] is the seconds
// since 1970, down to microseconds; a [UUID], or any array of 16 bytes whose
// String method spells it as a UUID, is that text in lower case.
func Key(namespace, operation string, args ...any) (string, error) {
	var room [MaxKeySize]byte
	k, err := AppendKey(room[:0], namespace, operation, args...)
	if err != nil {
		return "", err
	}
	return string(k), nil
}

// AppendKey appends the key that [Key] returns to dst.
func AppendKey(dst []byte, namespace, operation string, args ...any) ([]byte, error) {
	if err := checkSegments(namespace, operation); err != nil {
		return dst, err
	}
	e := newArgsEncoder()
	defer e.free()
	if err := e.array(args, 0); err != nil {
		return dst, err
	}
	return appendKey(dst, namespace, operation, sum256(e.out)), nil
}

// KeyFromMsgpack returns the key that [Key] returns, for arguments given as one
// MessagePack array. Widths and the order of maps do not matter. It refuses
// what [Canonical] refuses.
func KeyFromMsgpack(namespace, operation string, args []byte) (string, error) {
	var room [MaxKeySize]byte
	k, err := AppendKeyFromMsgpack(room[:0], namespace, operation, args)
	if err != nil {
		return "", err
	}
	return string(k), nil
}

// AppendKeyFromMsgpack appends the key that [KeyFromMsgpack] returns to dst.
func AppendKeyFromMsgpack(dst []byte, namespace, operation string, args []byte) ([]byte, error) {
	return heap.AppendKeyFromMsgpack(dst, namespace, operation, args)
}

// AppendKeyFromMsgpack is [AppendKeyFromMsgpack]; [core.ErrOutOfMemory] if m has
// none.
func (m Memory) AppendKeyFromMsgpack(dst []byte, namespace, operation string, args []byte) ([]byte, error) {
	if err := checkSegments(namespace, operation); err != nil {
		return dst, err
	}
	s, err := scan(args, arguments)
	if err != nil {
		return dst, err
	}
	if msgpack.Next(args).Kind != msgpack.Array {
		return dst, errNotArray
	}
	sum, err := m.digest(args, s)
	if err != nil {
		return dst, err
	}
	return appendKey(dst, namespace, operation, sum), nil
}

func appendKey(dst []byte, namespace, operation string, sum [blake2b.Size256]byte) []byte {
	dst = append(dst, namespace...)
	dst = append(dst, ':')
	dst = append(dst, operation...)
	dst = append(dst, ':')
	return hex.AppendEncode(dst, sum[:])
}

// sum256 is BLAKE2b-256, in parts: over hundreds of MiB in one call of assembly it
// cannot be preempted. It leaves nothing of b behind.
func sum256(b []byte) (sum [blake2b.Size256]byte) {
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

func checkSegments(namespace, operation string) error {
	switch {
	case !isSegment(namespace):
		return errNamespace
	case !isSegment(operation):
		return errOperation
	case namespace == "ns", namespace == "nsapi":
		return errReserved
	}
	return nil
}

func isSegment(s string) bool {
	if len(s) == 0 || len(s) > MaxSegmentSize || strings.Contains(s, "..") {
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
