package interop

import (
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// MaxKeySize is the size in bytes of the longest key, 194: two segments of up to 64
// bytes and 64 hexadecimal digits, with colons between them.
const MaxKeySize = limits.MaxInteropKeySize

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
	if err := document.CheckSegments(namespace, operation); err != nil {
		return dst, err
	}
	e := newArgsEncoder()
	defer e.free()
	if err := e.arguments(args); err != nil {
		return dst, err
	}
	return document.AppendKey(dst, namespace, operation, document.Sum256(e.out)), nil
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
	return document.AppendKeyFromMsgpack(dst, memory.Make, namespace, operation, args)
}
