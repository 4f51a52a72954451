// Package text tells text from bytes.
package text

import (
	"bytes"
	"encoding/json"
	"unicode"
	"unicode/utf8"
)

// Space is the white space of JSON.
const Space = " \t\r\n"

// Is tells whether data is UTF-8 without control characters but those of lines. Other
// characters that are not to be seen are in ordinary texts.
func Is(data []byte) bool {
	for len(data) > 0 {
		c, n := utf8.DecodeRune(data)
		if c == utf8.RuneError && n == 1 || unicode.IsControl(c) && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
		data = data[n:]
	}
	return true
}

// IsJSON tells whether data is a JSON object, array or string. Numbers and words may be
// anything else.
func IsJSON(data []byte) bool {
	start := bytes.TrimLeft(data, Space)
	return len(start) > 0 && (start[0] == '{' || start[0] == '[' || start[0] == '"') && json.Valid(data)
}
