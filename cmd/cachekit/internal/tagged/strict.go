package tagged

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// strict refuses JSON that package json would change without a word: text that is not UTF-8,
// half a surrogate pair, a name that an object has twice.
func strict(text []byte) error {
	for at := 0; at < len(text); {
		c, n := utf8.DecodeRune(text[at:])
		if c == utf8.RuneError && n == 1 {
			return fmt.Errorf("this JSON is not UTF-8, at byte %d", at)
		}
		at += n
	}
	if at := loneSurrogate(text); at >= 0 {
		return fmt.Errorf("half a surrogate pair, which is no character, at byte %d", at)
	}
	err := names(json.NewDecoder(bytes.NewReader(text)))
	if err == errSyntax {
		return nil
	}
	return err
}

// errSyntax ends a search that the decoder which makes the value will end too, with a
// better error.
var errSyntax = errors.New("this is not JSON")

// loneSurrogate returns where an escape begins that needs another one, or -1. A backslash
// stands in strings only.
func loneSurrogate(text []byte) int {
	for at := 0; at < len(text); at++ {
		if text[at] != '\\' {
			continue
		}
		first, ok := escaped(text[at:])
		switch {
		case !ok:
			at++ // another escape, of two bytes
		case !utf16.IsSurrogate(first):
			at += 5
		default:
			second, ok := escaped(text[min(at+6, len(text)):])
			if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
				return at
			}
			at += 11
		}
	}
	return -1
}

// escaped reads \u and four digits.
func escaped(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}

// names reads one value, whose objects have no name twice.
func names(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return errSyntax
	}
	open, _ := token.(json.Delim)
	seen := map[string]bool{}
	for open != 0 && d.More() {
		if open == '{' {
			name, err := d.Token()
			text, ok := name.(string)
			if err != nil || !ok {
				return errSyntax
			}
			if seen[text] {
				return fmt.Errorf("an object has a name twice, the second ends at byte %d", d.InputOffset())
			}
			seen[text] = true
		}
		if err := names(d); err != nil {
			return err
		}
	}
	if open != 0 {
		if _, err := d.Token(); err != nil { // its end
			return errSyntax
		}
	}
	return nil
}
