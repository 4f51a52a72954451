package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// cpp is the reference of cachekit.hpp.
func (s *site) cpp() (string, error) {
	content, err := os.ReadFile("include/cachekit.hpp")
	if err != nil {
		return "", err
	}
	introduction, body, ok := strings.Cut(string(content), "#ifndef CACHEKIT_HPP\n")
	_, body, found := strings.Cut(body, "\nnamespace cachekit\n{\n")
	if !ok || !found {
		return "", fmt.Errorf("include/cachekit.hpp has no guard or no namespace")
	}
	r := &cppReader{lines: strings.Split(body, "\n"), known: map[string]string{}}
	r.name = func(word string) string {
		if !isName.MatchString(word) {
			return "" // compress, Keys and others are words too
		}
		target, ok := r.known[word]
		for _, symbol := range []string{word, "CACHEKIT_" + word} {
			if page := s.symbols[symbol]; page != "" && !ok {
				target, ok = strings.TrimPrefix(page, "reference/"), true
			}
		}
		if ok {
			return "[`" + word + "`](" + target + ")"
		}
		return ""
	}
	public := regexp.MustCompile(`(?s)\nnamespace detail\n.*?\} // namespace detail`).ReplaceAllString(body, "")
	for _, match := range regexp.MustCompile(`(?m)^(?:class|struct)(?: CACHEKIT_VISIBLE| \[\[nodiscard\]\])? (\w+)[^;]*$|^inline .*?(\w+)\(|^template <class T> class \[\[nodiscard\]\] (\w+)`).FindAllStringSubmatch(public, -1) {
		if symbol := match[1] + match[2] + match[3]; symbol != "" {
			r.known[symbol] = "#" + symbol
		}
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(introduction), "\n") {
		lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(line, "//"), " "))
	}
	r.out.WriteString("# C++: cachekit.hpp\n\n" + markdown(lines, r.name))
	r.scope("", "###")
	return strings.ReplaceAll(r.out.String(), "```c\n", "```cpp\n"), nil
}

type cppReader struct {
	lines []string
	at    int
	out   strings.Builder
	known map[string]string
	name  func(string) string
}

// group is what stands together below one comment.
type group struct {
	comment      []string
	declarations []string
	names        []string
}

var (
	classBegins = regexp.MustCompile(`^(?:template <class T> )?(?:class|struct)(?: CACHEKIT_VISIBLE| \[\[nodiscard\]\])? (\w+)`)
	markers     = regexp.MustCompile(`codes:begin|codes:end|clang-format|Written by make generate`)
	isName      = regexp.MustCompile(`_|^[A-Z][a-z]+[A-Z]|^[A-Z]{4,}$`)
	introduced  = regexp.MustCompile(`(operator\S*?|~?\w+)\(|using (\w+) =|(\w+) = `)
)

// scope reads declarations up to the end of a namespace or, if it has a name, of a
// class.
func (r *cppReader) scope(class, level string) {
	public := class == ""
	var g group
	flush := func() {
		if public {
			r.group(class, level, &g)
		}
		g = group{}
	}
	for ; r.at < len(r.lines); r.at++ {
		line := r.lines[r.at]
		word := strings.TrimSpace(line)
		switch {
		case class != "" && line == "};", strings.HasPrefix(line, "} // namespace cachekit"):
			flush()
			return
		case line == "namespace detail":
			for !strings.HasPrefix(r.lines[r.at], "} // namespace detail") {
				r.at++
			}
		case word == "public:", word == "private:", word == "protected:":
			flush()
			public = word == "public:"
		case strings.HasPrefix(word, "// ----"):
			flush()
			if title := strings.TrimPrefix(r.lines[r.at+1], "// "); strings.HasPrefix(r.lines[r.at+2], "// ----") {
				r.out.WriteString("## " + title + "\n\n")
				r.at += 2
			}
		case word == "", strings.HasPrefix(word, "#"):
			flush()
		case markers.MatchString(word):
		case strings.HasPrefix(word, "//"):
			if len(g.declarations) > 0 {
				flush()
			}
			g.comment = append(g.comment, strings.TrimPrefix(strings.TrimPrefix(word, "//"), " "))
		default:
			if match := classBegins.FindStringSubmatch(line); match != nil && class == "" && !strings.HasSuffix(line, ";") {
				r.class(match[1], g.comment)
				g = group{}
				continue
			}
			declaration := r.declaration()
			if match := introduced.FindStringSubmatch(declaration); match != nil && !strings.Contains(declaration, "detail::raise") &&
				!strings.Contains(declaration, " detail::is_miss") && !strings.HasPrefix(declaration, "friend ") {
				g.declarations = append(g.declarations, declaration)
				g.names = append(g.names, match[1]+match[2]+match[3])
			}
		}
	}
}

// class reads a class with its members.
func (r *cppReader) class(name string, comment []string) {
	start := r.at
	for !strings.HasSuffix(r.lines[r.at], "{") {
		r.at++
	}
	head := strings.TrimSuffix(strings.Join(r.lines[start:r.at+1], " "), "{")
	head = strings.ReplaceAll(strings.TrimSpace(head), "CACHEKIT_VISIBLE ", "")
	fmt.Fprintf(&r.out, "### %s { #%s }\n\n", underscores(name), name)
	if strings.HasPrefix(head, "struct") {
		for r.lines[r.at] != "};" {
			r.at++
		}
		r.out.WriteString("```cpp\n" + strings.Join(r.lines[start:r.at+1], "\n") + "\n```\n\n" + markdown(comment, r.name))
		return
	}
	r.out.WriteString("```cpp\n" + head + ";\n```\n\n" + markdown(comment, r.name))
	r.at++
	r.scope(name, "####")
}

// declaration reads one, and skips the body of a function. r.at is its last line then.
func (r *cppReader) declaration() string {
	start, depth := r.at, 0
	for ; r.at < len(r.lines); r.at++ {
		line := r.lines[r.at]
		for i := range len(line) {
			switch c := line[i]; {
			case c == '(':
				depth++
			case c == ')':
				depth--
			case depth == 0 && (c == ';' || c == '{' || c == ':' && i > 0 && line[i-1] == ' ' && i+1 < len(line) && line[i+1] == ' '):
				head := append(append([]string{}, r.lines[start:r.at]...), line[:i])
				if c != ';' {
					r.skip(i)
				}
				return strings.TrimSpace(strings.Join(cut(head, indent(head[0])), "\n")) + ";"
			}
		}
	}
	return ""
}

// skip goes to the end of the body that begins at that column or behind it.
func (r *cppReader) skip(column int) {
	depth, begun, parens := 0, false, 0
	for ; r.at < len(r.lines); r.at++ {
		for _, c := range r.lines[r.at][column:] {
			switch c {
			case '(':
				parens++
			case ')':
				parens--
			case '{':
				if parens == 0 || begun {
					depth++
					begun = true
				}
			case '}':
				if begun {
					depth--
				}
			}
		}
		column = 0
		if begun && depth == 0 {
			return
		}
	}
}

// group writes what stands below one comment.
func (r *cppReader) group(class, level string, g *group) {
	if len(g.declarations) == 0 {
		if class == "" && len(g.comment) > 0 {
			r.out.WriteString(markdown(g.comment, r.name))
		}
		return
	}
	var names []string
	for i, name := range g.names {
		if i == 0 || name != g.names[i-1] {
			names = append(names, name)
		}
	}
	title := strings.Join(names, ", ")
	if len(g.comment) > 0 && strings.HasPrefix(g.comment[0], "The same, with exceptions") {
		title, g.comment = "With exceptions", g.comment[1:]
	} else if len(names) > 4 {
		title = strings.Join(names[:3], ", ") + " and more"
	}
	anchor := func(name string) string {
		return strings.TrimPrefix(class+"."+regexp.MustCompile(`[^\w~]`).ReplaceAllString(name, ""), ".")
	}
	fmt.Fprintf(&r.out, "%s %s { #%s }\n\n", level, regexp.MustCompile(`[*_\[\]<>~&]`).ReplaceAllString(title, `\$0`), anchor(names[0]))
	for _, name := range names[1:] {
		fmt.Fprintf(&r.out, "<a id=\"%s\"></a>", anchor(name))
	}
	if len(names) > 1 {
		r.out.WriteString("\n\n")
	}
	r.out.WriteString("```cpp\n" + strings.Join(g.declarations, "\n") + "\n```\n\n" + markdown(g.comment, r.name))
}
