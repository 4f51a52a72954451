package examples

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// publicPackages are those that Go programs import.
var publicPackages = []string{"core", "core/encryption", "core/interop"}

// exportedNames returns what go doc -all lists of a package: functions, methods,
// types, fields, constants and variables.
func exportedNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(root + "/" + dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	add := func(identifiers ...*ast.Ident) {
		for _, identifier := range identifiers {
			if identifier.IsExported() {
				names = append(names, identifier.Name)
			}
		}
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				add(d.Name)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.ValueSpec:
						add(s.Names...)
					case *ast.TypeSpec:
						add(s.Name)
						if structure, ok := s.Type.(*ast.StructType); ok && s.Name.IsExported() {
							for _, field := range structure.Fields.List {
								add(field.Names...)
							}
						}
					}
				}
			}
		}
	}
	return names
}

// calledByOthers are methods that packages fmt, log/slog and encoding look for.
var calledByOthers = map[string]bool{"Format": true, "LogValue": true, "MarshalText": true, "MarshalBinary": true}

// TestEveryExportedNameIsUsed proves that the Go packages give out no name that no
// example, test or document uses: it would be there for nobody.
func TestEveryExportedNameIsUsed(t *testing.T) {
	used := map[string]bool{}
	word := regexp.MustCompile(`\b[A-Z]\w*`)
	for _, dir := range []string{"core", "capi", "examples", "tests", "docs"} {
		err := filepath.WalkDir(root+"/"+dir, func(path string, entry fs.DirEntry, err error) error {
			document := strings.HasSuffix(path, ".md") || dir == "examples" && strings.HasSuffix(path, ".go")
			if err == nil && !entry.IsDir() && (document || strings.HasSuffix(path, "_test.go")) {
				for _, name := range word.FindAllString(readFile(t, path), -1) {
					used[name] = true
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range word.FindAllString(readFile(t, root+"/README.md"), -1) {
		used[name] = true
	}
	for _, dir := range publicPackages {
		names := exportedNames(t, dir)
		if len(names) < 10 {
			t.Errorf("%s gives out only %v", dir, names)
		}
		for _, name := range names {
			if !used[name] && !calledByOthers[name] {
				t.Errorf("%s gives out %s, which no example, test or document uses", dir, name)
			}
		}
	}
}
