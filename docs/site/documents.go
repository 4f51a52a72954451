package main

import (
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// repository is where links to what is no page of the site lead.
const repository = "https://github.com/cachekit-go/cachekit-core/blob/main/"

// A paragraph that is nothing but a link, to a section of README.md or to a file of
// the examples, stands for the text there. Whoever reads the page on GitHub follows
// the link, of which the text is the heading here.
var alone = regexp.MustCompile(`(?m)^\[([^\]\n]*)\]\(\.\./(README\.md#[a-z0-9-]+|examples/[\w/.-]+)\)$`)

// inclusions are the places of such paragraphs, and of the targets in them.
func inclusions(text string) (found [][]int) {
	for _, match := range alone.FindAllStringSubmatchIndex(text, -1) {
		before, behind := text[:match[0]], text[match[1]:]
		if (before == "" || strings.HasSuffix(before, "\n\n")) && (strings.TrimSpace(behind) == "" || strings.HasPrefix(behind, "\n\n")) {
			found = append(found, match)
		}
	}
	return found
}

// documents writes the pages that are documents of the repository.
func (s *site) documents() error {
	paths := slices.Sorted(maps.Keys(s.pages))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range inclusions(string(text)) {
			if anchor, ok := strings.CutPrefix(string(text[match[4]:match[5]]), "README.md#"); ok {
				s.sections[anchor] = s.pages[path]
			}
		}
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		page, err := s.document(path, string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := s.page(s.pages[path], page); err != nil {
			return err
		}
	}
	return nil
}

// document is the text of a page that is the document at from.
func (s *site) document(from, text string) (page string, err error) {
	keep := func(e error) string {
		if err == nil {
			err = e
		}
		return ""
	}
	last := 0
	for _, match := range inclusions(text) {
		page += s.linked(from, text[last:match[0]], keep) + s.included(text[match[2]:match[3]], text[match[4]:match[5]], keep)
		last = match[1]
	}
	return page + s.linked(from, text[last:], keep), err
}

// included is the text that a link stands for which is a paragraph of its own.
func (s *site) included(title, target string, keep func(error) string) string {
	if anchor, ok := strings.CutPrefix(target, "README.md#"); ok {
		section, err := section(anchor)
		if err != nil {
			return keep(err)
		}
		return "## " + title + " { #" + anchor + " }\n\n" + strings.TrimSpace(s.linked("README.md", section, keep))
	}
	program, err := os.ReadFile(target)
	if err != nil {
		return keep(err)
	}
	return "```" + languages[strings.TrimPrefix(path.Ext(target), ".")] + " title=\"" + target + "\"\n" +
		strings.TrimRight(string(program), "\n") + "\n```"
}

// languages are the names by which the highlighter knows the files of the examples.
var languages = map[string]string{"c": "c", "cpp": "cpp", "py": "python", "rb": "ruby", "ru": "ruby", "go": "go"}

var heading = regexp.MustCompile(`(?m)^#+ (.*)$`)

// section is the text of the section of README.md with that anchor, up to the next
// heading.
func section(anchor string) (string, error) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		return "", err
	}
	text := string(readme)
	bare := withoutCode(text)
	found := heading.FindAllStringSubmatchIndex(bare, -1)
	for i, match := range found {
		title := text[match[2]:match[3]]
		if slug(title) != anchor {
			continue
		}
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		return text[match[1]:end], nil
	}
	return "", fmt.Errorf("README.md has no section #%s", anchor)
}

// slug is the anchor of a heading, as GitHub makes it.
func slug(title string) string {
	name := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(title), "")
	return strings.ReplaceAll(name, " ", "-")
}

var fence = regexp.MustCompile("(?ms)^```.*?^```$")

// withoutCode is a text of the same length with spaces in the place of its blocks
// of code.
func withoutCode(text string) string {
	return fence.ReplaceAllStringFunc(text, func(code string) string {
		return regexp.MustCompile(`[^\n]`).ReplaceAllString(code, " ")
	})
}

var (
	links = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	spans = regexp.MustCompile("\\[[^\\]\n]*\\]\\([^)]*\\)|`[^`\n]+`")
)

// linked is a text of the document at path with links that hold on the site; the
// names of C functions, types and codes lead to the reference.
func (s *site) linked(path, text string, keep func(error) string) string {
	out, last := "", 0
	prose := func(text string) string {
		text = spans.ReplaceAllStringFunc(text, func(span string) string {
			name := strings.Trim(span, "`")
			for _, symbol := range []string{name, "CACHEKIT_" + name} { // codes are named without it
				if target, ok := s.symbols[symbol]; ok {
					return "[" + span + "](" + target + ")"
				}
			}
			return span
		})
		return links.ReplaceAllStringFunc(text, func(link string) string {
			target, err := s.target(path, links.FindStringSubmatch(link)[1])
			if err != nil {
				return keep(err)
			}
			return "](" + target + ")"
		})
	}
	for _, code := range fence.FindAllStringIndex(text, -1) {
		out += prose(text[last:code[0]]) + text[code[0]:code[1]]
		last = code[1]
	}
	return out + prose(text[last:])
}

// target is where a link of the document at from leads on the site.
func (s *site) target(from, link string) (string, error) {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "reference/") {
		return link, nil
	}
	file, anchor, _ := strings.Cut(link, "#")
	target := path.Join(path.Dir(from), file)
	if file == "" {
		target = from
	}
	if _, err := os.Stat(target); err != nil {
		return "", err
	}
	if anchor != "" {
		anchor = "#" + anchor
	}
	if target == "README.md" {
		if page, ok := s.sections[strings.TrimPrefix(anchor, "#")]; ok {
			return page + anchor, nil
		}
	}
	if page, ok := s.pages[target]; ok {
		return page + anchor, nil
	}
	if page, ok := s.sources[target]; ok {
		return page, nil
	}
	return repository + target + anchor, nil
}
