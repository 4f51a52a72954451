package codes

import (
	"errors"
	"strconv"
	"strings"
)

// constant is a text that stands in the source. No other package can name this type,
// so all that it can pass for one is a constant: what a reason says of keys and
// payloads are numbers, and never their bytes.
type constant string

// MaxDetail is the longest text in bytes that Detail returns. A test adds up what the
// sources may say.
const MaxDetail = 319

// maxNumbers is how many numbers a reason or a place may have.
const maxNumbers = 4

// text is a constant in which each %d stands for a number.
type text struct {
	format  constant
	numbers [maxNumbers]int
}

func newText(format constant, numbers []int) (t text) {
	t.format = format
	copy(t.numbers[:], numbers)
	return t
}

func (t *text) append(dst []byte) []byte {
	format := string(t.format)
	for _, n := range t.numbers {
		before, after, found := strings.Cut(format, "%d")
		dst = append(dst, before...)
		if !found {
			return dst
		}
		dst = strconv.AppendInt(dst, int64(n), 10)
		format = after
	}
	return append(dst, format...)
}

// Because is the error c with the reason for it: "truncated at byte %d" and its numbers,
// up to four. The text is made when somebody asks for it. Its type is another than that
// of a plain code, so where one may come, compare with errors.Is or Of.
//
// It allocates, so it is for those who fail, and is not inlined into those who succeed.
// BufferTooSmall and OutOfMemory stay plain, since they are compared with; where they
// leave the C library, it adds the sizes.
//
//go:noinline
func (c Code) Because(format constant, numbers ...int) error {
	return &reason{c, newText(format, numbers)}
}

type reason struct {
	code Code
	text text
}

func (r *reason) Error() string { return r.code.Error() + ": " + Detail(r) }
func (r *reason) Unwrap() error { return r.code }
func (r *reason) hasDetail()    {}

// At is err with the place where it was found behind its reason: "at byte %d" and its
// numbers.
//
//go:noinline
func At(err error, format constant, numbers ...int) error {
	return &place{err, newText(format, numbers), false}
}

// In is At with the place in front: "item %d of a list" and its numbers.
//
//go:noinline
func In(err error, format constant, numbers ...int) error {
	return &place{err, newText(format, numbers), true}
}

type place struct {
	err   error
	text  text
	first bool // in front of the reason
}

func (p *place) Error() string { return Of(p.err).Error() + ": " + Detail(p) }
func (p *place) Unwrap() error { return p.err }
func (p *place) hasDetail()    {}

func (p *place) append(dst []byte) []byte {
	if p.first {
		dst = p.text.append(dst)
		n := len(dst)
		dst = append(dst, ": "...)
		reason := len(dst)
		if dst = AppendDetail(dst, p.err); len(dst) == reason {
			return dst[:n]
		}
		return dst
	}
	n := len(dst)
	if dst = AppendDetail(dst, p.err); len(dst) > n {
		dst = append(dst, ", "...)
	}
	return p.text.append(dst)
}

// Detail is the reason for err, with its places: "" for an error that is nothing but
// its code. It has at most MaxDetail bytes, and none of any key or payload.
func Detail(err error) string {
	var room [MaxDetail]byte
	return string(AppendDetail(room[:0], err))
}

// AppendDetail appends what Detail returns to dst.
func AppendDetail(dst []byte, err error) []byte {
	for {
		switch e := err.(type) {
		case nil, Code:
			return dst
		case *reason:
			return e.text.append(dst)
		case *place:
			return e.append(dst)
		case entryError:
			err = e.error
		default: // not of this package, but may wrap one that is
			var d interface {
				error
				hasDetail()
			}
			if !errors.As(err, &d) {
				return dst
			}
			err = d
		}
	}
}
