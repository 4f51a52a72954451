package interop

import (
	"encoding"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// Types are known here by their methods, not by their names, so that programs without
// JSON carry no package for it. A string with these is a json.Number.
type number interface {
	Int64() (int64, error)
	Float64() (float64, error)
}

var numberType = reflect.TypeFor[number]()

// hasOwnForm tells whether values of t, bytes by their kind, spell themselves in
// another way: a json.RawMessage, which is a document and not bytes, or a net.IP,
// which has two forms of the same address, and so would have two keys.
func hasOwnForm(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) ||
		t.Implements(reflect.TypeFor[interface{ MarshalJSON() ([]byte, error) }]())
}

// number writes what a json.Number says: an integer if it is spelled as one.
func (e *encoder) number(text string) error {
	isNumber, isInteger := parseNumber(text)
	switch {
	case !isNumber:
		return errNumber
	case !isInteger:
		// Unlike the rest of this package, ParseFloat computes with floats. It may:
		// only Go programs have a json.Number, and in these all floats are Go's.
		f, _ := strconv.ParseFloat(text, 64) // infinite if it is too large, which is refused
		return e.float(math.Float64bits(f))
	case text[0] == '-':
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errInteger
		}
		return e.int(n)
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return errInteger
	}
	return e.uint(n)
}

// parseNumber tells whether text is a number by the grammar of JSON (RFC 8259,
// section 6), and one without fraction and exponent.
func parseNumber(text string) (isNumber, isInteger bool) {
	// digits takes digits off the front and returns how many there were.
	digits := func() int {
		rest := strings.TrimLeft(text, "0123456789")
		n := len(text) - len(rest)
		text = rest
		return n
	}
	text = strings.TrimPrefix(text, "-")
	zero := strings.HasPrefix(text, "0")
	if n := digits(); n == 0 || zero && n > 1 {
		return false, false
	}
	if text == "" {
		return true, true
	}
	if rest, found := strings.CutPrefix(text, "."); found {
		text = rest
		if digits() == 0 {
			return false, false
		}
	}
	if text != "" && (text[0] == 'e' || text[0] == 'E') {
		text = text[1:]
		if text != "" && (text[0] == '+' || text[0] == '-') {
			text = text[1:]
		}
		if digits() == 0 {
			return false, false
		}
	}
	return text == "", false
}
