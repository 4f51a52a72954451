package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestFilesAreCurrent(t *testing.T) {
	for _, f := range files {
		old, err := os.ReadFile("../" + root + "/" + f.path)
		if err != nil {
			t.Fatal(err)
		}
		if now, err := f.text(string(old)); err != nil {
			t.Errorf("%s: %v", f.path, err)
		} else if now != string(old) {
			t.Errorf("%s is not what the table says: run make generate", f.path)
		}
	}
}

// A file without the marks is left alone, with words that say what it lacks.
func TestSpliceNeedsItsMarks(t *testing.T) {
	for text, want := range map[string]string{
		"a<old>b":     "a<new>b",
		"a<>b<>":      "a<new>b<>",
		"no marks":    `no line "<"`,
		"> before <":  `no line ">"`,
		"a<old, open": `no line ">"`,
	} {
		got, err := splice(text, "<", ">", "new")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string][]string{
		"one":               {"one"},
		"one two":           {"one two"},
		"one two three":     {"one two", "three"},
		"one two3 four":     {"one", "two3", "four"},
		"longer-than-it is": {"longer-than-it", "is"},
	} {
		if got := wrap(strings.Fields(text), 7); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
