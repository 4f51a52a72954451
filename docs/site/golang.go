package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const module = "github.com/cachekit-go/cachekit-core/"

// goPackage is the reference of a Go package, with its examples.
func goPackage(folder string) (string, error) {
	paths, err := filepath.Glob(folder + "/*.go")
	if err != nil {
		return "", err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range paths {
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return "", err
		}
		files = append(files, file)
	}
	p, err := doc.NewFromFiles(fset, files, module+folder)
	if err != nil {
		return "", err
	}
	g := &goPage{fset: fset, p: p, printer: p.Printer()}
	g.printer.HeadingLevel = 3
	g.printer.HeadingID = func(*comment.Heading) string { return "" }
	g.printer.DocLinkURL = link
	fmt.Fprintf(&g.out, "# Go: %s\n\n```go\nimport \"%s\"\n```\n\n", p.Name, p.ImportPath)
	g.comment(p.Doc)
	g.examples(p.Examples)
	g.values("Constants", p.Consts)
	g.values("Variables", p.Vars)
	if len(p.Funcs) > 0 {
		g.out.WriteString("## Functions\n\n")
	}
	g.functions(p.Funcs)
	for _, t := range p.Types {
		fmt.Fprintf(&g.out, "## type %s { #%s }\n\n", t.Name, t.Name)
		g.declaration(t.Decl)
		g.comment(t.Doc)
		g.examples(t.Examples)
		for _, v := range slices.Concat(t.Consts, t.Vars) {
			g.value(v)
		}
		g.functions(t.Funcs)
		g.functions(t.Methods)
	}
	return g.out.String(), nil
}

type goPage struct {
	fset    *token.FileSet
	p       *doc.Package
	printer *comment.Printer
	out     strings.Builder
}

// link is where what a comment names is described.
func link(l *comment.DocLink) string {
	anchor := l.Name
	if l.Recv != "" {
		anchor = l.Recv + "." + l.Name
	}
	if anchor != "" {
		anchor = "#" + anchor
	}
	if l.ImportPath == "" {
		return anchor
	}
	if folder, ok := strings.CutPrefix(l.ImportPath, module); ok && (folder == "core" || strings.HasPrefix(folder, "core/")) {
		return path.Base(folder) + ".md" + anchor
	}
	return "https://pkg.go.dev/" + l.ImportPath + anchor
}

func (g *goPage) comment(text string) {
	text = string(g.printer.Markdown(g.p.Parser().Parse(text)))
	g.out.WriteString(indented.ReplaceAllStringFunc(text, func(code string) string {
		return "```go\n" + strings.ReplaceAll(code[1:], "\n\t", "\n") + "```\n"
	}) + "\n")
}

// indented is code in Markdown without a fence.
var indented = regexp.MustCompile(`(?m)^\t.*\n(?:\n?\t.*\n)*`)

// declaration is one of the sources, without the body of a function.
func (g *goPage) declaration(decl ast.Decl) {
	if f, ok := decl.(*ast.FuncDecl); ok {
		decl = &ast.FuncDecl{Recv: f.Recv, Name: f.Name, Type: f.Type}
	}
	g.out.WriteString("```go\n" + g.source(decl) + "\n```\n\n")
}

func (g *goPage) source(node any) string {
	var out bytes.Buffer
	config := printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 4}
	if err := config.Fprint(&out, g.fset, node); err != nil {
		panic(err) // what was parsed can be printed
	}
	return out.String()
}

func (g *goPage) values(title string, values []*doc.Value) {
	if len(values) > 0 {
		g.out.WriteString("## " + title + "\n\n")
	}
	for _, v := range values {
		g.value(v)
	}
}

func (g *goPage) value(v *doc.Value) {
	for _, name := range v.Names {
		if ast.IsExported(name) {
			g.out.WriteString("<a id=\"" + name + "\"></a>")
		}
	}
	g.out.WriteString("\n\n")
	v.Decl.Doc = nil
	g.declaration(v.Decl)
	g.comment(v.Doc)
}

func (g *goPage) functions(functions []*doc.Func) {
	for _, f := range functions {
		anchor := f.Name
		if f.Recv != "" {
			anchor = strings.TrimPrefix(f.Recv, "*") + "." + f.Name
		}
		fmt.Fprintf(&g.out, "### %s { #%s }\n\n", f.Name, anchor)
		g.declaration(f.Decl)
		g.comment(f.Doc)
		g.examples(f.Examples)
	}
}

func (g *goPage) examples(examples []*doc.Example) {
	for _, e := range examples {
		// A program, if it is one by itself, or else the body of the function.
		code := ""
		if e.Play != nil {
			code = g.source(e.Play)
		} else {
			body := g.source(&printer.CommentedNode{Node: e.Code, Comments: e.Comments})
			body, _, _ = strings.Cut(body, "// Output:")
			formatted, err := format.Source([]byte(strings.Trim(strings.TrimSpace(body), "{}")))
			if err != nil {
				panic(err) // what was parsed can be formatted
			}
			code = string(formatted)
		}
		title := "Example"
		if e.Suffix != "" {
			title += " (" + e.Suffix + ")"
		}
		fmt.Fprintf(&g.out, "??? example \"%s\"\n\n    ```go\n    %s\n    ```\n\n", title, strings.ReplaceAll(strings.TrimSpace(code), "\n", "\n    "))
		if e.Output != "" {
			fmt.Fprintf(&g.out, "    It prints\n\n    ```text\n    %s\n    ```\n\n", strings.ReplaceAll(strings.TrimSpace(e.Output), "\n", "\n    "))
		}
	}
}
