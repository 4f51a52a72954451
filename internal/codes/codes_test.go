package codes

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
)

// Every row has what the generator needs, and nothing that another row has.
func TestRows(t *testing.T) {
	names, texts := map[string]bool{}, map[string]bool{}
	for _, code := range All() {
		row := code.Row()
		if !regexp.MustCompile(`^CACHEKIT_[A-Z0-9_]+$`).MatchString(row.Name) || names[row.Name] {
			t.Errorf("code %d: name %q is no name in C, or not its own", code, row.Name)
		}
		if row.Text == "" || texts[row.Text] || strings.ContainsAny(row.Text, "\"\\\n") {
			t.Errorf("%s: text %q is empty, not its own, or no text for C", row.Name, row.Text)
		}
		names[row.Name], texts[row.Text] = true, true

		// Go's name is C's in Go's spelling, so that they are looked up alike.
		if spelt := strings.ReplaceAll(strings.TrimPrefix(row.Name, "CACHEKIT_"), "_", ""); row.Go != "" && !strings.EqualFold(row.Go, "Err"+spelt) {
			t.Errorf("%s is %s in Go", row.Name, row.Go)
		}
		if row.Go == "" && (row.GoDoc != "" || row.Miss) {
			t.Errorf("%s has no error in Go to be documented, or to be a miss", row.Name)
		}
		if (row.Header == "") != (code == OK) || strings.Contains(row.Header, "*/") {
			t.Errorf("%s: %q is no comment for the header", row.Name, row.Header)
		}
		if row.Readme == "" || strings.ContainsAny(row.Readme, "|\n") || strings.Contains(row.Readme, "treat it as a miss") {
			t.Errorf("%s: %q is no cell for README, or says itself that it is a miss", row.Name, row.Readme)
		}
	}
}

func TestIsMiss(t *testing.T) {
	misses := map[Code]bool{}
	for _, code := range []Code{ChecksumMismatch, DecompressionFailed, DecryptionFailed, DecompressionBomb, SizeValidationFailed} {
		misses[code] = true
	}
	for _, code := range All()[:Internal+1] {
		for _, err := range []error{code, fmt.Errorf("get: %w", code), errors.Join(io.EOF, code)} {
			if IsMiss(err) != misses[code] {
				t.Errorf("IsMiss(%q) is %t", err, IsMiss(err))
			}
		}
		// What wrong arguments cause too is a miss where it is said of an entry.
		if err := error(Entry(code)); !IsMiss(err) || !errors.Is(err, code) || Of(err) != code || err.Error() != code.Error() {
			t.Errorf("%s of an entry: miss %t, code %v, text %q", code.Name(), IsMiss(err), Of(err), err)
		}
	}
	for _, err := range []error{nil, io.EOF, Code(1 << 20)} {
		if IsMiss(err) {
			t.Errorf("IsMiss(%v) is true", err)
		}
	}
}
