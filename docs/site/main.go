// Command site writes the pages that MkDocs makes the documentation of: those of
// docs/, with the sections and programs that they name put in, and a reference
// from the comments of the headers and of the sources in Ruby and Go, and from the
// help of the command. That for Python MkDocs reads itself, from the docstrings.
//
// Usage, in the folder of go.mod: site COMMAND MAN FOLDER, with the command, the
// folder of its manual pages, and the folder to write to
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: site COMMAND MAN FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "site:", err)
		os.Exit(1)
	}
}

// site is what is known of the pages while they are written.
type site struct {
	folder string
	// symbols of the C library, with the page and section that describe each.
	symbols map[string]string
	// pages are the documents of the repository that are pages, by path.
	pages map[string]string
	// sources are the files whose comments are a reference, with its page.
	sources map[string]string
	// sections are those of README.md that a page shows, with that page.
	sections map[string]string
}

// sources are the files whose comments are a reference. A document that links to one
// leads to the source on GitHub, and to the reference on the site.
var sources = map[string]string{
	"include/cachekit.h":                            "reference/c.md",
	"include/cachekit.hpp":                          "reference/cpp.md",
	"bindings/python/src/cachekit_core/__init__.py": "reference/python.md",
	"bindings/ruby/lib/cachekit_core.rb":            "reference/ruby.md",
	"core/doc.go":                                   "reference/core.md",
	"core/encryption/doc.go":                        "reference/encryption.md",
	"core/interop/doc.go":                           "reference/interop.md",
}

func write(command, manual, folder string) error {
	s := &site{folder: folder, symbols: map[string]string{}, sources: sources, sections: map[string]string{}, pages: map[string]string{
		"SECURITY.md":               "security.md",
		"CHANGELOG.md":              "changelog.md",
		"bindings/python/README.md": "python.md",
		"bindings/ruby/README.md":   "ruby.md",
		"cmd/cachekit/README.md":    "command.md",
	}}
	guides, err := filepath.Glob("docs/*.md")
	if err != nil {
		return err
	}
	for _, path := range guides {
		page := filepath.Base(path)
		if page == "README.md" {
			page = "index.md"
		}
		s.pages[path] = page
	}
	if err := os.MkdirAll(filepath.Join(folder, "reference"), 0o755); err != nil {
		return err
	}
	for _, reference := range []struct {
		page string
		text func() (string, error)
	}{
		{"c.md", s.c},
		{"cpp.md", s.cpp},
		{"python.md", python},
		{"ruby.md", ruby},
		{"core.md", func() (string, error) { return goPackage("core") }},
		{"encryption.md", func() (string, error) { return goPackage("core/encryption") }},
		{"interop.md", func() (string, error) { return goPackage("core/interop") }},
		{"command.md", func() (string, error) { return help(command, manual) }},
	} {
		text, err := reference.text()
		if err == nil {
			err = s.page("reference/"+reference.page, text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", reference.page, err)
		}
	}
	for _, name := range []string{"site.css", "iframe-worker.js"} {
		content, err := os.ReadFile("docs/site/" + name)
		if err != nil {
			return err
		}
		if err := s.page(name, string(content)); err != nil {
			return err
		}
	}
	return s.documents()
}

// page writes one page.
func (s *site) page(name, text string) error {
	return os.WriteFile(filepath.Join(s.folder, name), []byte(strings.TrimRight(text, "\n")+"\n"), 0o644)
}
