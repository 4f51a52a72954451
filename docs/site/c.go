package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// c is the reference of cachekit.h. What it describes stands in s.symbols then.
func (s *site) c() (string, error) {
	content, err := os.ReadFile("include/cachekit.h")
	if err != nil {
		return "", err
	}
	introduction, body, ok := strings.Cut(string(content), "#ifndef CACHEKIT_H\n")
	body, _, _ = strings.Cut(body, "\n#ifdef __cplusplus\n}")
	_, body, found := strings.Cut(body, `extern "C" {`)
	if !ok || !found {
		return "", fmt.Errorf("include/cachekit.h has no guard")
	}
	for _, match := range regexp.MustCompile(`(?m)^#define (CACHEKIT_\w+)|\b(cachekit_\w+)\(|^typedef struct \w+ (\w+);|^} (\w+);|^ +(CACHEKIT_\w+) = \d+`).FindAllStringSubmatch(declarations(body), -1) {
		symbol := match[1] + match[2] + match[3] + match[4] + match[5]
		s.symbols[symbol] = "reference/c.md#" + symbol
	}
	name := func(word string) string {
		if target, ok := s.symbols[word]; ok {
			_, anchor, _ := strings.Cut(target, "#")
			return "[`" + word + "`](#" + anchor + ")"
		}
		if page, ok := s.pages[word]; ok {
			return "[`" + word + "`](../" + page + ")"
		}
		return ""
	}

	var out strings.Builder
	out.WriteString("# C: cachekit.h\n\n")
	intro := uncomment(introduction)
	for i, line := range intro {
		if strings.HasPrefix(line, "RULES THAT HOLD FOR EVERY FUNCTION") {
			out.WriteString(markdown(intro[1:i], name) + "## Rules that hold for every function\n\n" + markdown(intro[i+1:], name))
		}
	}
	for _, part := range regexp.MustCompile(`/\* -{70,} \*/\n`).Split(body, -1)[1:] {
		if title, ok := strings.CutPrefix(part, "/* "); ok && strings.Count(part, "\n") == 1 {
			out.WriteString("## " + strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(title), "*/")) + "\n\n")
			continue
		}
		out.WriteString(members(part, name))
	}
	return out.String(), nil
}

// members is what one section of the header declares.
func members(part string, name func(string) string) string {
	var out, table strings.Builder
	flush := func() {
		if table.Len() > 0 {
			out.WriteString("| Constant | Value | |\n|---|--:|---|\n" + table.String() + "\n")
			table.Reset()
		}
	}
	for _, paragraph := range paragraphs(part) {
		comment, declaration := "", paragraph
		if strings.HasPrefix(paragraph, "/*") {
			end := strings.Index(paragraph, "*/") + 2
			comment, declaration = paragraph[:end], strings.TrimSpace(paragraph[end:])
		}
		if strings.HasPrefix(declaration, "#define") && strings.Count(declaration, "\n#define") > 1 {
			flush()
			out.WriteString(markdown(uncomment(comment), name))
			comment = ""
		}
		if comment == "" && strings.HasPrefix(declaration, "#define") || strings.HasPrefix(declaration, "typedef struct") && !strings.Contains(declaration, "{") {
			for _, row := range rows(declaration) {
				table.WriteString("| " + anchored(row[0]) + " | " + row[1] + " | " + prose(row[2], name) + " |\n")
			}
			continue
		}
		flush()
		if declaration == "" {
			out.WriteString(markdown(uncomment(comment), name))
			continue
		}
		symbol := symbolOf(declaration)
		out.WriteString("### " + underscores(symbol) + " { #" + symbol + " }\n\n")
		if symbol == "CachekitError" {
			out.WriteString(markdown(uncomment(comment), name) + codes(declaration, name))
			continue
		}
		out.WriteString("```c\n" + strings.ReplaceAll(declaration, "CACHEKIT_NODISCARD ", "") + "\n```\n\n" + markdown(uncomment(comment), name))
	}
	flush()
	return out.String()
}

// paragraphs are what blank lines outside of braces divide.
func paragraphs(part string) (found []string) {
	open := ""
	for _, paragraph := range strings.Split(strings.TrimSpace(part), "\n\n") {
		open += paragraph
		if code := declarations(open); strings.Count(code, "{") > strings.Count(code, "}") {
			open += "\n\n"
			continue
		}
		found = append(found, open)
		open = ""
	}
	return found
}

func anchored(symbol string) string {
	return "[`" + symbol + "`](#" + symbol + "){ #" + symbol + " }"
}

// underscores is a name in a heading.
func underscores(name string) string { return strings.ReplaceAll(name, "_", `\_`) }

// codes is the table of CachekitError.
func codes(declaration string, name func(string) string) string {
	var out strings.Builder
	out.WriteString("| | Code | What it means |\n|--:|---|---|\n")
	var comment []string
	for _, line := range strings.Split(declaration, "\n") {
		line = strings.TrimSpace(line)
		if match := regexp.MustCompile(`^(CACHEKIT_\w+) = (\d+)`).FindStringSubmatch(line); match != nil {
			text := strings.TrimSpace(strings.Join(uncomment(strings.Join(comment, "\n")), " "))
			if match[1] == "CACHEKIT_OK" {
				text = "The call did its work."
			}
			out.WriteString("| " + match[2] + " | " + anchored(match[1]) + " | " + prose(text, name) + " |\n")
			comment = nil
		} else if strings.HasPrefix(line, "/*") || strings.HasPrefix(line, "*") || comment != nil && line != "" {
			comment = append(comment, line)
		}
	}
	return out.String() + "\n"
}

// rows are constants and handles in one line each: name, value and comment.
func rows(declaration string) (found [][3]string) {
	joined := regexp.MustCompile(`\s*\\\n\s*`).ReplaceAllString(declaration, " ")
	pattern := regexp.MustCompile(`^(?:#define (\w+) +(.*?)|typedef struct \w+ (\w+);)\s*(?:/\* (.*?) \*/)?$`)
	for _, line := range strings.Split(joined, "\n") {
		if match := pattern.FindStringSubmatch(line); match != nil {
			value := match[2]
			if match[3] != "" {
				value = "struct"
			}
			found = append(found, [3]string{match[1] + match[3], "`" + value + "`", match[4]})
		}
	}
	return found
}

// symbolOf is the name that a declaration introduces.
func symbolOf(declaration string) string {
	match := regexp.MustCompile(`\b(cachekit_\w+)\(|^typedef \w+ (\w+) \{|#define (CACHEKIT_\w+)`).FindStringSubmatch(declaration)
	if match == nil {
		return declaration
	}
	return match[1] + match[2] + match[3]
}

// declarations is the text of a header without its comments.
func declarations(text string) string {
	return regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(text, "")
}

// uncomment is the text of a comment of C, in lines.
func uncomment(comment string) []string {
	comment = strings.TrimSuffix(strings.TrimSpace(comment), "*/")
	comment = strings.TrimPrefix(comment, "/*")
	lines := strings.Split(comment, "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(strings.TrimLeft(line, " "), "*"); ok {
			line = rest
		}
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, " "), " ")
	}
	return lines
}

// constants is a table of those of the header that wanted names, for a language in which
// they have no CACHEKIT_ before them. anchor makes the names of their sections.
func constants(wanted func(name string) bool, anchor func(name string) string) (string, error) {
	header, err := os.ReadFile("include/cachekit.h")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString("| Constant | Value | |\n|---|--:|---|\n")
	for _, row := range rows(string(header)) {
		name := strings.TrimPrefix(row[0], "CACHEKIT_")
		if regexp.MustCompile("^`[0-9]+`$").MatchString(row[1]) && wanted(name) {
			fmt.Fprintf(&out, "| `%s`{ #%s } | %s | %s |\n", name, anchor(name), row[1], row[2])
		}
	}
	return out.String(), nil
}
