package codes

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// An error with a reason is its code in every respect but its text.
func TestReasons(t *testing.T) {
	reason := InvalidInput.Because("%d bytes, at least %d needed", 31, 32)
	for want, err := range map[string]error{
		"31 bytes, at least 32 needed":                        reason,
		"31 bytes, at least 32 needed, at byte 7":             At(reason, "at byte %d", 7),
		"31 bytes, at least 32 needed, at byte 7, in field 2": At(At(reason, "at byte %d", 7), "in field %d", 2),
		"item 3: 31 bytes, at least 32 needed":                In(reason, "item %d", 3),
		"item 3: 31 bytes, at least 32 needed, at byte -7":    In(At(reason, "at byte %d", -7), "item %d", 3),
		"at byte 7":     At(InvalidInput, "at byte %d", 7),
		"item 3":        In(InvalidInput, "item %d", 3),
		"1 of 2 3 4":    InvalidInput.Because("%d of %d %d %d", 1, 2, 3, 4),
		"nothing of it": InvalidInput.Because("nothing of it"),
		"50 % of 9":     InvalidInput.Because("50 % of %d", 9),
		"":              InvalidInput,
	} {
		text := "cachekit: invalid input"
		if want != "" {
			text += ": " + want
		}
		for name, err := range map[string]error{"": err, " of an entry": Entry(err)} {
			if err.Error() != text || Detail(err) != want {
				t.Errorf("%q%s is %q, in detail %q", want, name, err, Detail(err))
			}
		}
		for name, err := range map[string]error{
			"plain": err, "of an entry": Entry(err), "wrapped": fmt.Errorf("get: %w", err), "one of two": errors.Join(io.EOF, err),
		} {
			if Of(err) != InvalidInput || !errors.Is(err, InvalidInput) || errors.Is(err, ChecksumMismatch) {
				t.Errorf("%q, %s, is %v", want, name, Of(err))
			}
			if IsMiss(err) != (name == "of an entry") {
				t.Errorf("%q, %s, is a miss: %t", want, name, IsMiss(err))
			}
			if Detail(err) != want {
				t.Errorf("%q, %s, says %q", want, name, Detail(err))
			}
		}
		if place := At(err, "here"); !errors.Is(place, err) {
			t.Errorf("%q is not %q", place, err)
		}
	}
	if !IsMiss(ChecksumMismatch.Because("of %d bytes", 1)) || !IsMiss(At(Entry(InvalidInput), "at byte %d", 1)) {
		t.Error("a miss with a reason is none")
	}
	for _, err := range []error{nil, io.EOF, OK, Internal} {
		if Detail(err) != "" {
			t.Errorf("%v says %q", err, Detail(err))
		}
	}
}

// A reason costs those who fail little, and makes no text that nobody asks for.
func TestReasonsAllocateLittle(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { sink = InvalidInput.Because("%d bytes, at least %d needed", 31, 32) }); n > 1 {
		t.Errorf("a reason makes %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { _ = Of(sink) }); n > 0 {
		t.Errorf("its code makes %v allocations", n)
	}
}

var sink error

// All reasons in the sources of the module: each is a constant with a number for each
// %d and nothing else to be filled in, and no text can be longer than MaxDetail.
func TestReasonsOfTheModule(t *testing.T) {
	const longestNumber = len("-9223372036854775808")
	longest := map[string]int{}
	found := 0
	for _, dir := range []string{"../../core", "../../internal", "../../capi"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				name, args := reasonCall(n)
				if name == "" {
					return true
				}
				found++
				where := files.Position(n.Pos()).String()
				text, ok := constantText(args[0])
				if !ok || text == "" {
					t.Errorf("%s: the text is no constant that stands there", where)
				}
				numbers := strings.Count(text, "%d")
				if numbers != len(args)-1 || numbers > maxNumbers || strings.Count(text, "%") != numbers {
					t.Errorf("%s: %q has %d numbers", where, text, len(args)-1)
				}
				longest[name] = max(longest[name], len(text)+numbers*(longestNumber-len("%d")))
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// In front of a reason there is one place, and behind it there are two at most.
	if n := longest["In"] + len(": ") + longest["Because"] + 2*(len(", ")+longest["At"]); n > MaxDetail {
		t.Errorf("a text can have %d bytes, MaxDetail is %d: %v", n, MaxDetail, longest)
	}
	if found < 60 || longest["Because"] == 0 || longest["At"] == 0 {
		t.Errorf("found %d reasons, %v", found, longest)
	}
}

// reasonCall returns the name and the arguments, from the text on, of a call that makes
// a reason or a place.
func reasonCall(n ast.Node) (name string, args []ast.Expr) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", nil
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", nil
	}
	pkg, _ := selector.X.(*ast.Ident)
	switch {
	case selector.Sel.Name == "Because":
		return "Because", call.Args
	case pkg != nil && pkg.Name == "codes" && (selector.Sel.Name == "At" || selector.Sel.Name == "In"):
		return selector.Sel.Name, call.Args[1:]
	}
	return "", nil
}

// constantText is the text of literals that are joined by plus signs.
func constantText(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		a, ok1 := constantText(e.X)
		b, ok2 := constantText(e.Y)
		return a + b, ok1 && ok2
	}
	return "", false
}
