package main

import (
	"regexp"
	"strings"
)

// markdown is the text of a comment in a header or in Ruby as Markdown. Indented lines
// are code, or else a list; name says what becomes of a word that may be a name.
func markdown(lines []string, name func(word string) string) string {
	var out strings.Builder
	for _, block := range blocks(lines) {
		switch kind(indent(block[0])) {
		case textBlock:
			out.WriteString(paragraph(block, name) + "\n")
		case listBlock:
			for _, item := range items(block) {
				out.WriteString("- " + paragraph(item, name) + "\n")
			}
		default:
			code := strings.Join(cut(block, 4), "\n")
			if compile := compiles.FindStringIndex(code); compile != nil {
				code = code[:compile[0]] + "\n```\n\n```sh\n" + strings.TrimSpace(code[compile[0]:])
			}
			out.WriteString("```c\n" + code + "\n```\n")
		}
		out.WriteString("\n")
	}
	return out.String()
}

// compiles is the line behind a program that says how to compile it.
var compiles = regexp.MustCompile(`\n\n(?:cc|c\+\+) .*$`)

// blocks are the parts of a comment that are set in one way: they end at a blank line,
// and where the indentation of a list or of code begins or ends.
func blocks(lines []string) (found [][]string) {
	var block []string
	end := func() {
		for len(block) > 0 && strings.TrimSpace(block[len(block)-1]) == "" {
			block = block[:len(block)-1]
		}
		if len(block) > 0 {
			found = append(found, block)
		}
		block = nil
	}
	for i, line := range lines {
		blank := strings.TrimSpace(line) == ""
		// A blank line inside code.
		if blank && len(block) > 0 && indent(block[0]) >= 4 && i+1 < len(lines) && indent(lines[i+1]) >= 4 {
			block = append(block, line)
			continue
		}
		if blank || len(block) > 0 && kind(indent(block[0])) != kind(indent(line)) &&
			(kind(indent(block[0])) != listBlock || kind(indent(line)) != codeBlock) {
			end()
		}
		if !blank {
			block = append(block, line)
		}
	}
	end()
	return found
}

const (
	textBlock = iota
	listBlock
	codeBlock
)

func kind(indent int) int {
	switch {
	case indent < 2:
		return textBlock
	case indent < 4:
		return listBlock
	}
	return codeBlock
}

// items are those of a list in a comment. A line belongs to the item above if it is
// indented further, as in a table of codes, or if that line does not end a sentence.
func items(block []string) (found [][]string) {
	depth := indent(block[0])
	for i, line := range block {
		table := startsCode.MatchString(block[0])
		above := ""
		if i > 0 {
			above = strings.TrimSpace(block[i-1])
		}
		begins := i == 0 || indent(line) == depth && (table && startsCode.MatchString(line) && !strings.HasSuffix(above, ",") ||
			!table && strings.HasSuffix(above, "."))
		if begins {
			found = append(found, nil)
		}
		found[len(found)-1] = append(found[len(found)-1], line)
	}
	return found
}

var startsCode = regexp.MustCompile(`^ +CACHEKIT_[A-Z_]+`)

// paragraph is text in one line, with what begins it set off: "Threads. Every".
func paragraph(lines []string, name func(string) string) string {
	var parts []string
	for _, line := range lines {
		// The columns of a table of codes.
		parts = append(parts, columns.ReplaceAllString(strings.TrimSpace(line), "$1: "))
	}
	whole := prose(strings.Join(parts, " "), name)
	return runIn.ReplaceAllString(whole, "**$1.** ")
}

var (
	columns = regexp.MustCompile(`^(CACHEKIT_[A-Z_]+(?:, CACHEKIT_[A-Z_]+)*)  +`)
	// The headings that stand in the first line of their paragraph.
	runIn = regexp.MustCompile(`^((?:Threads|What is not allowed|Inputs and outputs|Handles|Misses|Start|Windows|fork|Limits|ABI|Signals|Wear|Errors|Warnings|Arguments|Moves|Secrets|Strings|Forks))\. `)
	// What is set off in a text: links and code that are there already, addresses, paths,
	// and words that may be names.
	words = regexp.MustCompile("\\[`[^`]+`\\]\\([^)]*\\)|``?[^`]+``?|https?://[^\\s)]+" +
		`|\b[\w-]+(?:/[\w-]+)*/[\w-]+\.\w+|"[^"]*"|<[^>\s]+>` +
		`|\*{0,2}[A-Za-z]\w*(?:(?:->|::|\.|#)[A-Za-z_]\w*[?=]?)*[?]?|\*{1,2}[a-z]\w*|[\[\]*_<>|\\]`)
	// A word with one of these is a name, whether it is known or not.
	nameParts = regexp.MustCompile(`\w_\w|->|::|\w#\w|^\*+\w`)
)

// prose is text with its names set as code and everything else as it stands. name is
// how a name is set, and "" for one that is not known.
func prose(text string, name func(string) string) string {
	return words.ReplaceAllStringFunc(text, func(word string) string {
		switch {
		case word[0] == '`' || strings.HasPrefix(word, "[`") || word[0] == '"' && !strings.ContainsAny(word, `*_<>[]\`):
			return word
		case strings.Contains(word, "://"):
			return "<" + word + ">"
		case len(word) == 1 && !isLetter(word[0]):
			return `\` + word
		}
		if known := name(word); known != "" {
			return known
		}
		if nameParts.MatchString(word) || strings.ContainsAny(word, `/"<`) {
			return "`" + word + "`"
		}
		return word
	})
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// cut is lines without so many spaces before them.
func cut(lines []string, spaces int) []string {
	shorter := make([]string, len(lines))
	for i, line := range lines {
		shorter[i] = line[min(spaces, indent(line)):]
	}
	return shorter
}
