package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// rubyClass is a class or module of the gem.
type rubyClass struct {
	name, kind, super string
	comment           []string
	includes          []string
	constants         []rubyMember
	methods           []rubyMember
}

type rubyMember struct {
	name, signature string
	comment         []string
}

// ruby is the reference of the gem.
func ruby() (string, error) {
	paths, err := filepath.Glob("bindings/ruby/lib/cachekit_core/*.rb")
	if err != nil {
		return "", err
	}
	r := &rubyReader{classes: map[string]*rubyClass{}, hidden: map[string]bool{}}
	for _, path := range append([]string{"bindings/ruby/lib/cachekit_core.rb"}, paths...) {
		if filepath.Base(path) == "declarations.rb" {
			continue // generated types of the C library, a private constant
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		r.read(strings.Split(string(content), "\n"))
	}
	table, err := constants(func(name string) bool {
		return !strings.HasPrefix(name, "VERSION_") && !strings.HasSuffix(name, "BUFFER_SIZE") && name != "MAX_DETAIL_SIZE"
	}, func(name string) string { return rubyAnchor("CachekitCore::" + name) })
	return r.page() + "## Sizes and limits { #sizes-and-limits }\n\nConstants of `CachekitCore`, in bytes unless they say otherwise.\n\n" + table, err
}

type rubyReader struct {
	classes map[string]*rubyClass
	order   []string
	hidden  map[string]bool // private constants and methods, by full name
}

var (
	rubyOpens  = regexp.MustCompile(`^(class|module) ([A-Z][\w:]*)(?: < ([\w:]+))?(; end)?$`)
	rubyStruct = regexp.MustCompile(`^([A-Z]\w*) = Struct\.new\(`)
	rubyConst  = regexp.MustCompile(`^([A-Z][A-Z_0-9]*) = (.*)$`)
	rubyDef    = regexp.MustCompile(`^def (self\.)?([a-z_]\w*[?!=]?)`)
	rubyAttr   = regexp.MustCompile(`^attr_(?:reader|accessor) :(\w+)`)
)

// read reads one file, of which it relies on the indentation.
func (r *rubyReader) read(lines []string) {
	type scope struct {
		name    string // of the class, "" for what is not described
		indent  int
		own     bool // class << self
		private bool
	}
	var scopes []scope
	var comment []string
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		word := strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(word, "#"); ok {
			if !strings.HasPrefix(word, "# frozen") {
				comment = append(comment, strings.TrimPrefix(text, " "))
			}
			continue
		}
		top := scope{indent: -2}
		if len(scopes) > 0 {
			top = scopes[len(scopes)-1]
		}
		if word == "end" && indent(line) == top.indent {
			scopes = scopes[:len(scopes)-1]
		} else if indent(line) == top.indent+2 {
			about := comment
			secret := slices.Contains(about, "@api private") || top.private || len(scopes) > 0 && top.name == ""
			qualified := func(name string) string { return strings.TrimPrefix(top.name+"::"+name, "::") }
			if match := rubyOpens.FindStringSubmatch(word); match != nil {
				name := qualified(match[2])
				if secret {
					name = ""
				} else {
					r.class(name, match[1], match[3], about)
				}
				if match[4] == "" {
					scopes = append(scopes, scope{name: name, indent: indent(line)})
				}
			} else if match := rubyStruct.FindStringSubmatch(word); match != nil {
				r.class(qualified(match[1]), "class", "Struct", about)
				for !strings.HasSuffix(lines[i], " do") {
					i++
				}
				scopes = append(scopes, scope{name: qualified(match[1]), indent: indent(line)})
			} else if word == "class << self" {
				scopes = append(scopes, scope{name: top.name, indent: indent(line), own: true})
				if class := r.classes[top.name]; class != nil && len(about) > 0 && !secret {
					class.comment = append(append(class.comment, ""), about...)
				}
			} else if word == "private" {
				scopes[len(scopes)-1].private = true
			} else if names, ok := strings.CutPrefix(word, "private_constant "); ok {
				for _, name := range strings.Split(names, ", ") {
					r.hidden[qualified(strings.TrimPrefix(name, ":"))] = true
				}
			} else if name, ok := strings.CutPrefix(word, "private_class_method :"); ok {
				r.hidden[top.name+"."+name] = true
			} else if class := r.classes[top.name]; class != nil && !secret {
				r.member(class, word, lines, i, top.own, about)
			}
		}
		if word != "" || len(comment) == 0 || !strings.HasPrefix(comment[0], "@!") {
			comment = nil
			continue
		}
		// A method that only its comment has: @!method self.open(master, tenant:).
		if class := r.classes[top.name]; class != nil {
			signature := strings.TrimPrefix(comment[0], "@!method ")
			name, _, _ := strings.Cut(strings.TrimPrefix(signature, "self."), "(")
			if strings.HasPrefix(signature, "self.") {
				name = "." + name
			}
			class.methods = append(class.methods, rubyMember{name, "def " + signature, cut(comment[1:], 2)})
		}
		comment = nil
	}
}

// member reads a constant, a method or an attribute.
func (r *rubyReader) member(class *rubyClass, word string, lines []string, i int, own bool, about []string) {
	if name, ok := strings.CutPrefix(word, "include "); ok {
		class.includes = append(class.includes, name)
	} else if match := rubyConst.FindStringSubmatch(word); match != nil {
		class.constants = append(class.constants, rubyMember{match[1], word, about})
	} else if match := rubyAttr.FindStringSubmatch(word); match != nil {
		class.methods = append(class.methods, rubyMember{"#" + match[1], word, about})
	} else if match := rubyDef.FindStringSubmatch(word); match != nil {
		signature := word
		for strings.Count(signature, "(") > strings.Count(signature, ")") {
			i++
			signature += " " + strings.TrimSpace(lines[i])
		}
		separator := "#"
		if own || match[1] != "" {
			separator = "."
		}
		class.methods = append(class.methods, rubyMember{separator + match[2], endless.ReplaceAllString(signature, "$1"), about})
	}
}

// endless is a method whose body stands behind it.
var endless = regexp.MustCompile(`^(def [\w.]+[?!]?(?:\(.*?\))?) = .*$`)

func (r *rubyReader) class(name, kind, super string, comment []string) {
	class := r.classes[name]
	if class == nil {
		class = &rubyClass{name: name, kind: kind, super: super}
		r.classes[name] = class
		r.order = append(r.order, name)
	}
	if len(class.comment) == 0 {
		class.comment = comment
	}
}

func (r *rubyReader) page() string {
	var out strings.Builder
	out.WriteString("# Ruby: cachekit_core\n\n")
	for _, name := range r.order {
		class := r.classes[name]
		if r.hiddenClass(name) {
			continue
		}
		fmt.Fprintf(&out, "## %s { #%s }\n\n```ruby\n%s %s", name, rubyAnchor(name), class.kind, name)
		if class.super != "" {
			out.WriteString(" < " + class.super)
		}
		for _, included := range class.includes {
			out.WriteString("\n  include " + included)
		}
		out.WriteString("\n```\n\n" + r.yard(class, class.comment))
		for _, constant := range class.constants {
			if r.hidden[name+"::"+constant.name] || constant.name == "CODE" || constant.name == "NAME" {
				continue
			}
			signature := constant.signature
			if !strings.ContainsAny(signature, "0123456789") {
				signature = constant.name // a value of several lines says nothing here
			}
			fmt.Fprintf(&out, "### %s { #%s }\n\n```ruby\n%s\n```\n\n%s", strings.ReplaceAll(constant.name, "_", `\_`), rubyAnchor(name+"::"+constant.name), signature, r.yard(class, constant.comment))
		}
		for _, method := range class.methods {
			if r.hidden[name+method.name] {
				continue
			}
			title := strings.TrimPrefix(strings.TrimPrefix(method.name, "#"), ".")
			if title == "initialize" {
				title = "new"
			}
			fmt.Fprintf(&out, "### %s { #%s }\n\n```ruby\n%s\n```\n\n%s", strings.ReplaceAll(title, "_", `\_`), rubyAnchor(name+method.name), method.signature, r.yard(class, method.comment))
		}
	}
	return out.String()
}

// hiddenClass tells whether a class, or one around it, is a private constant.
func (r *rubyReader) hiddenClass(name string) bool {
	for end := len(name); end > 0; end = strings.LastIndex(name[:end], "::") {
		if r.hidden[name[:end]] {
			return true
		}
	}
	return false
}

// rubyAnchor is the anchor of what has that full name, such as CachekitCore::Keyring#seal.
func rubyAnchor(name string) string {
	name = strings.ReplaceAll(strings.TrimPrefix(name, "CachekitCore::"), "::", ".")
	return strings.NewReplacer("#", "-", "=", "-assign").Replace(name)
}

// yard is a comment of Ruby, with the tags of YARD.
func (r *rubyReader) yard(class *rubyClass, comment []string) string {
	// Comments name what is described as {Keyring}.
	name := func(string) string { return "" }
	line := func(text string) string { return prose(r.references(class, text), name) }
	var out strings.Builder
	start := len(comment)
	for i, text := range comment {
		if strings.HasPrefix(text, "@") {
			start = i
			break
		}
	}
	description := slices.Clone(comment[:start])
	for i, text := range description {
		description[i] = r.references(class, text)
	}
	out.WriteString(rubyText(description, name))
	for i := start; i < len(comment); {
		end := i + 1
		for end < len(comment) && (comment[end] == "" || strings.HasPrefix(comment[end], "  ")) {
			end++
		}
		tag, rest, _ := strings.Cut(comment[i], " ")
		body := cut(comment[i+1:end], 2)
		whole := strings.TrimSpace(rest + " " + strings.Join(body, " "))
		var match []string
		switch tag {
		case "@param", "@yieldparam":
			match = regexp.MustCompile(`^(\w+) \[([^\]]*)\](?: (.*))?$`).FindStringSubmatch(whole)
			fmt.Fprintf(&out, "- `%s` (%s)%s\n", match[1], r.types(class, match[2]), before(": ", line(match[3])))
		case "@return", "@yieldreturn":
			match = regexp.MustCompile(`^\[([^\]]*)\](?: (.*))?$`).FindStringSubmatch(whole)
			word := map[string]string{"@return": "Returns", "@yieldreturn": "The block returns"}[tag]
			fmt.Fprintf(&out, "- **%s** %s%s\n", word, r.types(class, match[1]), before(": ", line(match[2])))
		case "@raise":
			match = regexp.MustCompile(`^\[([^\]]*)\](?: (.*))?$`).FindStringSubmatch(whole)
			fmt.Fprintf(&out, "- **Raises** %s%s\n", r.types(class, match[1]), before(": ", line(match[2])))
		case "@!attribute":
			_, attribute, _ := strings.Cut(rest, "] ")
			match = regexp.MustCompile(`^@return \[([^\]]*)\](?: (.*))?$`).FindStringSubmatch(strings.Join(body, " "))
			fmt.Fprintf(&out, "- `%s`{ #%s } (%s)%s\n", attribute, rubyAnchor(class.name+"#"+attribute), r.types(class, match[1]), before(": ", line(match[2])))
		case "@example":
			out.WriteString("\n```ruby\n" + strings.TrimSpace(strings.Join(body, "\n")) + "\n```\n\n")
		}
		i = end
		// Text behind an example.
		behind := i
		for behind < len(comment) && !strings.HasPrefix(comment[behind], "@") {
			behind++
		}
		if behind > i {
			text := slices.Clone(comment[i:behind])
			for j := range text {
				text[j] = r.references(class, text[j])
			}
			out.WriteString(rubyText(text, name))
			i = behind
		}
	}
	return out.String() + "\n"
}

// rubyText is text of a comment; what looks like a table is one.
func rubyText(lines []string, name func(string) string) string {
	var out strings.Builder
	for len(lines) > 0 {
		n := 0
		table := strings.HasPrefix(lines[0], "|")
		for n < len(lines) && strings.HasPrefix(lines[n], "|") == table {
			n++
		}
		if table {
			out.WriteString(strings.Join(lines[:n], "\n") + "\n\n")
		} else {
			out.WriteString(markdown(lines[:n], name))
		}
		lines = lines[n:]
	}
	return out.String()
}

func before(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + text
}

var (
	rubyReference = regexp.MustCompile(`\{([\w:#.?]+)\}`)
	rubyCode      = regexp.MustCompile(`\+([^+\s]+)\+|\+([^+\n]+?\))\+|<tt>(.*?)</tt>`)
)

// references is text with {Keyring#seal} as a link, and with +code+ as code.
func (r *rubyReader) references(class *rubyClass, text string) string {
	text = rubyCode.ReplaceAllString(text, "`$1$2$3`")
	return rubyReference.ReplaceAllStringFunc(text, func(reference string) string {
		return r.linked(class, strings.Trim(reference, "{}"))
	})
}

// linked is what a comment in a class names, as a link if it is described here.
func (r *rubyReader) linked(class *rubyClass, target string) string {
	scopes := []string{class.name, "CachekitCore"}
	for _, scope := range scopes {
		for _, full := range []string{target, scope + "::" + target, scope + target, scope + "." + target, scope + "#" + target} {
			if r.described(full) {
				return "[`" + target + "`](#" + rubyAnchor(full) + ")"
			}
		}
	}
	return "`" + target + "`"
}

// described tells whether the page has a section of what has that full name.
func (r *rubyReader) described(full string) bool {
	if class := r.classes[full]; class != nil {
		return !r.hiddenClass(full)
	}
	for _, class := range r.classes {
		for _, method := range class.methods {
			if class.name+method.name == full && !r.hidden[full] {
				return true
			}
		}
		for _, constant := range class.constants {
			if class.name+"::"+constant.name == full && !r.hidden[full] {
				return true
			}
		}
	}
	return false
}

// types are those of a tag, such as Array<String, nil>.
func (r *rubyReader) types(class *rubyClass, types string) string {
	if strings.ContainsAny(types, "<(") {
		return "`" + types + "`"
	}
	var parts []string
	for _, name := range strings.Split(types, ", ") {
		parts = append(parts, r.linked(class, name))
	}
	return strings.Join(parts, ", ")
}
