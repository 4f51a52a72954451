package main

import (
	"os"
	"strings"
)

// python is the reference of the package for Python: what MkDocs is to read, and the
// constants, which have no docstrings.
func python() (string, error) {
	page, err := os.ReadFile("docs/site/python.md")
	if err != nil {
		return "", err
	}
	module, err := os.ReadFile("bindings/python/src/cachekit_core/__init__.py")
	if err != nil {
		return "", err
	}
	table, err := constants(func(name string) bool {
		return strings.Contains(string(module), "\n    \""+name+"\",\n")
	}, func(name string) string { return "cachekit_core." + name })
	return string(page) + "\n## Sizes and limits\n\nConstants of `cachekit_core`, in bytes unless they say otherwise.\n\n" + table, err
}
