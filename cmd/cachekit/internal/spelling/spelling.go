// Package spelling reads bytes that come as text: as hexadecimal digits, in base64, or
// with the escapes of redis-cli.
package spelling

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

// Form is a way of spelling bytes.
type Form int

// The forms.
const (
	Raw     Form = iota // the bytes themselves
	Hex                 // digits in both cases, with white space between them, and 0x before
	Base64              // of both alphabets, padded or not, in lines or not
	Escapes             // what redis-cli --no-raw prints: "\x94\xc4..."
)

var forms = []struct{ name, text string }{
	{"raw", "raw bytes"}, {"hex", "hexadecimal digits"}, {"base64", "base64"}, {"redis-cli", "redis-cli's escapes"},
}

// String is the form for people.
func (f Form) String() string { return forms[f].text }

// ParseForm returns the form of this name: raw, hex, base64 or redis-cli.
func ParseForm(name string) (Form, error) {
	for f, form := range forms {
		if form.name == name {
			return Form(f), nil
		}
	}
	return 0, fmt.Errorf("a form is one of raw, hex, base64 and redis-cli")
}

// Candidate is one reading of an input.
type Candidate struct {
	Form  Form
	Bytes []byte
}

// minBase64 keeps short words from being taken for base64.
const minBase64 = 8

// Candidates returns all readings of in: the more particular forms first, and the bytes
// themselves, not copied, at the end.
func Candidates(in []byte) []Candidate {
	var all []Candidate
	for _, form := range []Form{Escapes, Hex, Base64} {
		if form == Base64 && (len(in) < minBase64 || len(all) > 0 || bytes.IndexByte(in, ' ') >= 0) {
			continue
		}
		if out, err := Decode(form, in); err == nil && len(out) > 0 {
			all = append(all, Candidate{form, out})
		}
	}
	return append(all, Candidate{Raw, in})
}

// Decode reads bytes in one form. Errors tell where something is wrong, and show no byte
// of the input.
func Decode(form Form, in []byte) ([]byte, error) {
	switch form {
	case Hex:
		return decodeHex(in)
	case Base64:
		return decodeBase64(in)
	case Escapes:
		return decodeEscapes(in)
	}
	return in, nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// wrong looks for the first byte that is neither white space nor allowed, before any
// memory is taken, and counts the others.
func wrong(in []byte, allowed func(c byte) bool) (at, count int) {
	for i, c := range in {
		switch {
		case isSpace(c):
		case !allowed(c):
			return i, count
		default:
			count++
		}
	}
	return -1, count
}

func packed(in []byte, count int) []byte {
	out := make([]byte, 0, count)
	for _, c := range in {
		if !isSpace(c) {
			out = append(out, c)
		}
	}
	return out
}

func decodeHex(in []byte) ([]byte, error) {
	start := 0
	for start < len(in) && isSpace(in[start]) {
		start++
	}
	if rest := in[start:]; len(rest) > 1 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'X') {
		start += 2
	}
	digits := in[start:]
	at, count := wrong(digits, func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
	})
	switch {
	case at >= 0:
		return nil, fmt.Errorf("byte %d is not a hexadecimal digit", start+at)
	case count%2 != 0:
		return nil, fmt.Errorf("%d hexadecimal digits, an odd number", count)
	}
	text := packed(digits, count)
	n, err := hex.Decode(text, text)
	return text[:n], err
}

func decodeBase64(in []byte) ([]byte, error) {
	at, count := wrong(in, func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '+' || c == '/' || c == '-' || c == '_' || c == '='
	})
	if at >= 0 {
		return nil, fmt.Errorf("byte %d is not of base64", at)
	}
	if at := afterPadding(in); at >= 0 {
		return nil, fmt.Errorf("byte %d stands behind padding, which ends base64", at)
	}
	text := bytes.TrimRight(packed(in, count), "=")
	switch {
	case count-len(text) > 2:
		return nil, fmt.Errorf("%d bytes of padding in base64, there are at most 2", count-len(text))
	case len(text)%4 == 1:
		return nil, fmt.Errorf("%d digits of base64, which is one too many or too few", len(text))
	}
	for i, c := range text {
		switch c {
		case '-':
			text[i] = '+'
		case '_':
			text[i] = '/'
		}
	}
	n, err := base64.RawStdEncoding.Decode(text, text)
	return text[:n], err
}

// afterPadding returns where a digit follows padding, or -1.
func afterPadding(in []byte) int {
	start := bytes.IndexByte(in, '=')
	if start < 0 {
		return -1
	}
	for i, c := range in[start:] {
		if c != '=' && !isSpace(c) {
			return start + i
		}
	}
	return -1
}

// decodeEscapes reads a string in double quotes as redis-cli prints it.
func decodeEscapes(in []byte) ([]byte, error) {
	text := bytes.TrimRight(in, " \r\n")
	at := len(in) - len(bytes.TrimLeft(in, " "))
	if i := bytes.IndexByte(text, ')'); i > 0 && len(text) > i+2 && text[i+1] == ' ' && allDigits(text[at:max(at, i)]) {
		at = i + 2 // the number of an element of a list: 1) "..."
	}
	if at >= len(text) || text[at] != '"' {
		return nil, fmt.Errorf("byte %d is not the quote that begins what redis-cli prints", at)
	}
	if len(text) < at+2 || text[len(text)-1] != '"' {
		return nil, fmt.Errorf("the quote that ends what redis-cli prints is missing")
	}
	end := len(text) - 1
	out := make([]byte, 0, end-at)
	for at++; at < end; at++ {
		c := text[at]
		switch {
		case c == '"':
			return nil, fmt.Errorf("a quote within the string, at byte %d", at)
		case c != '\\':
			out = append(out, c)
			continue
		case at+1 == end:
			return nil, fmt.Errorf("an escape that is cut, at byte %d", at)
		}
		escape := text[at+1]
		at++
		switch escape {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'a':
			out = append(out, '\a')
		case 'b':
			out = append(out, '\b')
		case '\\', '"':
			out = append(out, escape)
		case 'x':
			var b [1]byte
			if at+3 > end {
				return nil, fmt.Errorf("an escape that is cut, at byte %d", at-1)
			}
			if _, err := hex.Decode(b[:], text[at+1:at+3]); err != nil {
				return nil, fmt.Errorf("an escape with other digits than hexadecimal ones, at byte %d", at-1)
			}
			out = append(out, b[0])
			at += 2
		default:
			return nil, fmt.Errorf("an escape that redis-cli does not print, at byte %d", at-1)
		}
	}
	return out, nil
}

func allDigits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}
