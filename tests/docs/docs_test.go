// Package docs tests the documentation that make docs builds: that its links lead
// somewhere, and that it describes every public name.
package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// root is the repository's folder, seen from this package.
const root = "../.."

// build runs make docs once.
var build = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("make", "-C", root, "--no-print-directory", "docs").CombinedOutput()
	return string(out), err
})

// site builds the documentation and returns its pages by path.
func site(t *testing.T) map[string]string {
	t.Helper()
	need.Programs(t, "make", "python3")
	if exec.Command("python3", "-c", "import venv, ensurepip").Run() != nil {
		need.Missing(t, "python3 has no venv")
	}
	out, err := build()
	if err != nil && strings.Contains(out, "cannot be had from PyPI") {
		need.Missing(t, strings.TrimSpace(out))
	}
	if err != nil {
		t.Fatalf("make docs: %v\n%s", err, out)
	}
	folder := root + "/build/site"
	pages := map[string]string{}
	err = filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && (path.Ext(file) == ".html" || path.Ext(file) == ".css") {
			name, _ := filepath.Rel(folder, file)
			pages[name] = read(t, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	ids        = regexp.MustCompile(`\sid="([^"]+)"`)
	references = regexp.MustCompile(`<[a-z]+\s[^>]*?\b(href|src)="?([^"\s>]+)`)
)

// TestLinks proves that what the pages link to on the site exists, and that they
// load nothing from elsewhere.
func TestLinks(t *testing.T) {
	pages := site(t)
	anchors := map[string]map[string]bool{}
	for name, page := range pages {
		anchors[name] = map[string]bool{"": true, "__toc": true}
		for _, match := range ids.FindAllStringSubmatch(page, -1) {
			anchors[name][html.UnescapeString(match[1])] = true
		}
	}
	checked := 0
	for name, page := range pages {
		if path.Ext(name) != ".html" {
			continue
		}
		for _, match := range references.FindAllStringSubmatch(page, -1) {
			target, err := url.Parse(html.UnescapeString(match[2]))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if target.Scheme != "" {
				if !strings.HasPrefix(match[0], "<a ") && !strings.HasPrefix(match[0], "<link ") && target.Scheme != "data" {
					t.Errorf("%s loads %s", name, match[0])
				}
				continue
			}
			to := path.Join(path.Dir(name), target.Path)
			if target.Path == "" {
				to = name
			}
			checked++
			if _, err := os.Stat(root + "/build/site/" + to); err != nil {
				t.Errorf("%s links to %s, which is not there", name, match[2])
			} else if path.Ext(to) == ".html" && !anchors[to][target.Fragment] {
				t.Errorf("%s links to %s, which has no such section", name, match[2])
			}
		}
	}
	if checked < 1000 {
		t.Errorf("%d links were checked", checked)
	}
}

// TestSearch proves that the search finds a function, also in pages that are files:
// there they take the index from a script, and need a substitute for a worker.
func TestSearch(t *testing.T) {
	pages := site(t)
	index := read(t, root+"/build/site/search/search_index.js")
	if !strings.HasPrefix(index, "var __index = {") || !strings.Contains(index, `"reference/c.html#cachekit_keyring_seal"`) {
		t.Errorf("the index has no cachekit_keyring_seal: %.80s", index)
	}
	for name, page := range pages {
		if path.Ext(name) == ".html" && !regexp.MustCompile(`<script src="(\.\./)?iframe-worker\.js"`).MatchString(page) {
			t.Errorf("%s does not load iframe-worker.js", name)
		}
	}
}

// described checks that a page has a section for each name, with text in it.
func described(t *testing.T, pages map[string]string, page string, names []string, atLeast int) {
	t.Helper()
	text, ok := pages[page]
	if !ok {
		t.Fatalf("there is no page %s", page)
	}
	if len(names) < atLeast {
		t.Fatalf("%s: %d names, want %d or more: %q", page, len(names), atLeast, names)
	}
	for _, name := range names {
		before, behind, ok := strings.Cut(text, ` id="`+html.EscapeString(name)+`"`)
		if !ok {
			t.Errorf("%s does not describe %s", page, name)
			continue
		}
		// The last cell of its row in a table, or what follows up to the next section.
		if strings.LastIndex(before, "<td") > strings.LastIndex(before, "</td>") {
			row, _, _ := strings.Cut(behind, "</tr>")
			behind = row[strings.LastIndex(row, "<td"):]
		} else {
			behind = heading.Split(behind, 2)[0]
			if _, section, ok := strings.Cut(behind, "</h"); ok {
				behind = section
			}
			_, behind, _ = strings.Cut(behind, ">")
		}
		if !regexp.MustCompile(`[A-Za-z]{3}`).MatchString(tags.ReplaceAllString(codes.ReplaceAllString(behind, ""), "")) {
			t.Errorf("%s says nothing of %s", page, name)
		}
	}
}

var (
	heading = regexp.MustCompile(`<h[1-6]`)
	codes   = regexp.MustCompile(`(?s)<pre.*?</pre>`)
	tags    = regexp.MustCompile(`<[^>]*>`)
)

func found(text, pattern string) (names []string) {
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		names = append(names, strings.Join(match[1:], ""))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestC(t *testing.T) {
	header := read(t, root+"/include/cachekit.h")
	code := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(header, "")
	names := slices.Concat(
		found(code, `\b(cachekit_\w+)\(`),
		found(code, `(?m)^typedef struct \w+ (\w+);|^\} (\w+);`),
		found(code, `(?m)^ +(CACHEKIT_\w+) = \d+`),
		// The guard has no value, and the version has one comment for all its parts.
		found(code, `(?m)^#define (CACHEKIT_(?:[A-UW-Z])\w+)[ (]`),
	)
	described(t, site(t), "reference/c.html", names, 100)
}

func TestCpp(t *testing.T) {
	header := read(t, root+"/include/cachekit.hpp")
	public := regexp.MustCompile(`(?s)namespace detail\n.*?\} // namespace detail`).ReplaceAllString(header, "")
	names := slices.Concat(
		found(public, `(?m)^(?:template <class T> )?(?:class|struct)(?: CACHEKIT_VISIBLE| \[\[nodiscard\]\])? (\w+)[^;\n]*$`),
		found(public, `(?m)^inline [^(]*\b(try_\w+)\(`),
	)
	described(t, site(t), "reference/cpp.html", names, 40)
}

// members prints the public names of the packages for Python.
const members = `
import importlib, inspect, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import cachekit_core
def show(module, names):
    for name in names:
        value = getattr(module, name)
        print(f"{module.__name__}.{name}")
        if inspect.isclass(value) and value.__module__.startswith("cachekit_core"):
            for member, what in inspect.getmembers(value):
                if not member.startswith("_") and (inspect.isroutine(what) or isinstance(what, property)):
                    if getattr(what, "__module__", "cachekit_core").startswith("cachekit_core") and not hasattr(Exception, member) and not hasattr(tuple, member):
                        print(f"{module.__name__}.{name}.{member}")
show(cachekit_core, cachekit_core.__all__)
import cachekit_core.interop
show(cachekit_core.interop, cachekit_core.interop.__all__)
`

func TestPython(t *testing.T) {
	pages := site(t)
	out, err := exec.Command("python3", "-c", members, root+"/bindings/python/src").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	described(t, pages, "reference/python.html", strings.Fields(string(out)), 80)
}

// reflection prints the public names of the gem.
const reflection = `
require "cachekit_core"
def show(scope)
  name = scope.name.delete_prefix("CachekitCore::")
  puts scope.name
  (scope.constants(false) - [:CODE, :NAME, :Declarations]).each do |constant|
    value = scope.const_get(constant)
    value.is_a?(Module) ? show(value) : puts("#{scope}::#{constant}")
  end
  struct = scope.is_a?(Class) && scope < Struct
  (scope.singleton_methods(false) - (struct ? Struct.new(:x).methods(false) : [])).each { |method| puts "#{scope}.#{method}" }
  methods = scope.public_instance_methods(false) - [:marshal_dump]
  methods -= Struct.public_instance_methods(false) + scope.members.map { |member| :"#{member}=" } if struct
  methods.each { |method| puts "#{scope}##{method}" }
end
show(CachekitCore)
`

func TestRuby(t *testing.T) {
	ruby := need.Ruby(t)
	pages := site(t)
	cmd := exec.Command(ruby, "-I", root+"/bindings/ruby/lib", "-e", reflection)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var names []string
	for _, name := range strings.Fields(string(out)) {
		name = strings.ReplaceAll(strings.TrimPrefix(name, "CachekitCore::"), "::", ".")
		names = append(names, strings.NewReplacer("#", "-", "=", "-assign").Replace(name))
	}
	described(t, pages, "reference/ruby.html", names, 80)
}

func TestGo(t *testing.T) {
	pages := site(t)
	for folder, atLeast := range map[string]int{"core": 40, "core/encryption": 40, "core/interop": 10} {
		paths, err := filepath.Glob(root + "/" + folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, file := range paths {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range parsed.Decls {
				names = append(names, exported(decl)...)
			}
		}
		described(t, pages, "reference/"+path.Base(folder)+".html", names, atLeast)
	}
}

// exported are the public names that a declaration introduces.
func exported(decl ast.Decl) (names []string) {
	add := func(receiver string, ident *ast.Ident) {
		if ident.IsExported() && (receiver == "" || ast.IsExported(receiver)) {
			names = append(names, strings.TrimPrefix(receiver+"."+ident.Name, "."))
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		receiver := ""
		if decl.Recv != nil {
			of := decl.Recv.List[0].Type
			if pointer, ok := of.(*ast.StarExpr); ok {
				of = pointer.X
			}
			receiver = of.(*ast.Ident).Name
		}
		add(receiver, decl.Name)
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				add("", spec.Name)
			case *ast.ValueSpec:
				for _, ident := range spec.Names {
					add("", ident)
				}
			}
		}
	}
	return names
}
