package main

import (
	"fmt"
	"strings"

	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// exception is how the bindings call a code, which they raise.
type exception struct {
	code   codes.Code
	name   string // of the class
	doc    string
	python []string // the classes above it in Python
}

// alsoPython are the exceptions of Python that a code is one of too.
var alsoPython = map[codes.Code]string{
	codes.InvalidInput:     "ValueError",
	codes.InvalidKeyLength: "ValueError",
	codes.OutOfMemory:      "MemoryError",
}

// exceptions is the class of each code but OK, and but the one that is a warning.
func exceptions() (all []exception) {
	for _, code := range codes.All() {
		if code == codes.OK || code == codes.RotationNeeded {
			continue
		}
		var words strings.Builder
		for _, word := range strings.Split(strings.TrimPrefix(code.Name(), "CACHEKIT_"), "_") {
			words.WriteString(word[:1] + strings.ToLower(word[1:]))
		}
		// C's *out_len is nothing that a binding shows.
		doc := strings.ReplaceAll(sentence(meaning(code.Row())), "; the size needed is in `*out_len`", "; the text says the size that is needed")
		e := exception{code: code, name: words.String() + "Error", doc: doc}
		above := "CachekitError"
		if code.Row().Miss {
			above = "CacheMiss"
		}
		e.python = []string{above}
		if also, ok := alsoPython[code]; ok {
			e.python = append(e.python, also)
		}
		all = append(all, e)
	}
	return all
}

// entryErrors are for a bad entry whose code a bad argument has too.
var entryErrors = []struct {
	name string
	code codes.Code
	doc  string
}{
	{"InvalidEntryError", codes.InvalidInput, "an entry that was read is not what the function reads: treat it as a miss"},
	{"EntryTooLargeError", codes.InputTooLarge, "an entry that was read has, or claims, more than the limit: treat it as a miss"},
}

// classOf is the name of a code's class.
func classOf(code codes.Code) string {
	for _, e := range exceptions() {
		if e.code == code {
			return e.name
		}
	}
	panic("no class of " + code.Name())
}

// python is all of errors.py.
func python(string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `# %s
"""The exception of each code of the library, below CachekitError."""

from __future__ import annotations

from ._error import CachekitError, CacheMiss, RotationNeededWarning

`, generated)
	var names []string
	class := func(name string, above []string, code codes.Code, doc string) {
		names = append(names, name)
		fmt.Fprintf(&b, "\nclass %s(%s):\n    \"\"\"%s\"\"\"\n\n    code = %d\n    name = %q\n\n", name,
			strings.Join(above, ", "), strings.Join(wrap(strings.Fields(doc), 88), "\n    "), code, code.Name())
	}
	for _, e := range exceptions() {
		class(e.name, e.python, e.code, e.doc)
	}
	for _, e := range entryErrors {
		class(e.name, []string{classOf(e.code), "CacheMiss"}, e.code, sentence(e.doc))
	}
	b.WriteString("\nBY_CODE: dict[int, type[CachekitError]] = {\n")
	for _, e := range exceptions() {
		fmt.Fprintf(&b, "    %d: %s,\n", e.code, e.name)
	}
	b.WriteString("}\n\"\"\"The class of each code.\"\"\"\n\n" +
		"BY_CODE_OF_ENTRY: dict[int, type[CachekitError]] = {\n    **BY_CODE,\n")
	for _, e := range entryErrors {
		fmt.Fprintf(&b, "    %d: %s,\n", e.code, e.name)
	}
	b.WriteString("}\n\"\"\"BY_CODE for a bad entry, where a function reads one and its other arguments are right.\"\"\"\n\n__all__ = [\n    \"BY_CODE\",\n    \"BY_CODE_OF_ENTRY\",\n    \"CacheMiss\",\n    \"CachekitError\",\n    \"RotationNeededWarning\",\n")
	for _, name := range names {
		fmt.Fprintf(&b, "    %q,\n", name)
	}
	b.WriteString("]\n")
	return b.String(), nil
}

// ruby is all of errors.rb.
func ruby(string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `# frozen_string_literal: true

# %s

require_relative "error"

# The exception of each code of the library, below CachekitCore::CachekitError.
module CachekitCore
`, generated)
	comment := func(doc string) {
		for _, line := range wrap(strings.Fields(doc), 90) {
			fmt.Fprintf(&b, "  # %s\n", line)
		}
	}
	for _, e := range exceptions() {
		comment(e.doc)
		fmt.Fprintf(&b, "  class %s < CachekitError\n    CODE = %d\n    NAME = %q\n%s  end\n\n", e.name, e.code, e.code.Name(), miss(e.code.Row().Miss))
	}
	for _, e := range entryErrors {
		comment(sentence(e.doc))
		fmt.Fprintf(&b, "  class %s < %s\n%s  end\n\n", e.name, classOf(e.code), miss(true))
	}
	b.WriteString("  # The class of each code.\n  BY_CODE = {\n")
	for _, e := range exceptions() {
		fmt.Fprintf(&b, "    %d => %s,\n", e.code, e.name)
	}
	b.WriteString("  }.freeze\n\n  # For a bad entry, where a method reads one and its other arguments are right.\n  BY_CODE_OF_ENTRY = BY_CODE.merge(\n")
	for i, e := range entryErrors {
		comma := ","
		if i == len(entryErrors)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "    %d => %s%s\n", e.code, e.name, comma)
	}
	b.WriteString("  ).freeze\nend\n")
	return b.String(), nil
}

// miss is the line that makes a class of Ruby one that rescue CacheMiss takes. Ruby has
// one class above each, so CacheMiss is a module.
func miss(is bool) string {
	if is {
		return "    include CacheMiss\n"
	}
	return ""
}
