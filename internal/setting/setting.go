// Package setting reads environment variables that choose an implementation, and
// names values that nobody understands: an operator who mistypes one should find
// it in the build information, as nothing else would tell.
package setting

import (
	"os"
	"slices"
)

// shown is how many bytes of a value are shown. The build information has a
// fixed size.
const shown = 32

// Read returns the value of a variable, and if it is neither empty nor one of
// known, a warning that says so.
func Read(name string, known ...string) (value, warning string) {
	value = os.Getenv(name)
	return value, warn(name, value, known)
}

func warn(name, value string, known []string) string {
	if value == "" || slices.Contains(known, value) {
		return ""
	}
	// A terminal or a log is to show it: anything but plain ASCII is a question
	// mark, each byte of it.
	text := []byte(value[:min(len(value), shown)])
	for i, c := range text {
		if c < ' ' || c > '~' {
			text[i] = '?'
		}
	}
	return name + "=" + string(text) + " is unknown"
}
