package interop

import (
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// Check reports whether doc is exactly one well-formed MessagePack document
// within the bounds of interop readers. It allocates nothing and takes time in
// proportion to len(doc).
//
// An entry in the private frame of the Python SDK is named as such in the
// error. Every error is a miss, see core.IsMiss.
func Check(doc []byte) error { return codes.Entry(document.Check(doc)) }

// Canonical returns the canonical form of a MessagePack document: integers of
// any width, maps in any order and float32 come out as [Value] writes them.
//
// It refuses with [core.ErrInvalidInput] what has no canonical form: a map
// with a key twice or a key that is not a string, extension types, strings
// that are not UTF-8, NaN and infinities, and whatever [Check] refuses.
func Canonical(doc []byte) ([]byte, error) { return AppendCanonical(nil, doc) }

// AppendCanonical appends the canonical form of doc to dst, which must not
// overlap doc. After an error dst comes back as it was.
//
// It takes time in proportion to len(doc), and to the logarithm of a map's size
// where that is not in order. Where one is not, it also takes 8 bytes for each
// pair of all maps.
func AppendCanonical(dst, doc []byte) ([]byte, error) {
	to := memory.Behind(dst)
	canonical, err := document.Canonical(&to, memory.Make, doc)
	if err != nil {
		return dst, err
	}
	return to.With(canonical), nil
}

// CanonicalInto writes the canonical form of doc to dst, which must not
// overlap doc, and returns its size. If dst is too short for it, the answer is
// [core.ErrBufferTooSmall] and the size that it takes. After another error dst
// holds zeros where it was written to.
func CanonicalInto(dst, doc []byte) (int, error) {
	to := memory.Into(dst)
	canonical, err := document.Canonical(&to, memory.Make, doc)
	return to.Size(canonical, err)
}
