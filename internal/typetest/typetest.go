// Package typetest holds the lists of types in tests to the source: what a test
// says of all exported types of its package, it must say of a new one too.
package typetest

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// All fails unless types are the exported types of the package in the current
// folder, each once.
func All(t *testing.T, types ...reflect.Type) {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var declared, listed []string
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.TYPE {
				continue
			}
			for _, spec := range group.Specs {
				if name := spec.(*ast.TypeSpec).Name; name.IsExported() {
					declared = append(declared, name.Name)
				}
			}
		}
	}
	for _, typ := range types {
		listed = append(listed, typ.Name())
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if len(declared) == 0 || !slices.Equal(declared, listed) {
		t.Errorf("the package has the exported types %v, this test looks at %v", declared, listed)
	}
}

// VetFlagsCopies fails unless go vet complains, in the package testdata/copies,
// of a copy of each of these types.
func VetFlagsCopies(t *testing.T, types ...reflect.Type) {
	t.Helper()
	path, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not in the path")
	}
	out, err := exec.Command(path, "vet", "-copylocks", "./testdata/copies").CombinedOutput()
	if err == nil {
		t.Errorf("go vet has nothing to say of the copies: %s", out)
	}
	for _, typ := range types {
		if want := "copies lock value to c: " + typ.PkgPath() + "." + typ.Name() + " contains"; !strings.Contains(string(out), want) {
			t.Errorf("go vet does not say %q:\n%s", want, out)
		}
	}
}

// Copy returns a pointer to a copy of what v, a pointer, points to. It is for types of
// which go vet complains where a copy is plain to see.
func Copy[T any](v T) T {
	c := reflect.New(reflect.TypeOf(v).Elem())
	c.Elem().Set(reflect.ValueOf(v).Elem())
	return c.Interface().(T)
}

// Unusable fails unless every method of v, a pointer, that can answer an error
// answers want, gives out nothing and leaves its arguments as they are, whatever
// these are; the others must only return. Of usable, made by the constructor of the
// same type, no method may answer want, or this has shown nothing.
func Unusable(t *testing.T, name string, v, usable any, want error) {
	t.Helper()
	answers := 0
	for i := range reflect.TypeOf(v).NumMethod() {
		method := reflect.TypeOf(v).Method(i).Name
		if slices.Contains(printing, method) {
			continue
		}
		for _, argument := range [][]byte{nil, bytes.Repeat([]byte{0xa5}, 200)} {
			args, results := call(t, name, v, method, argument)
			for _, r := range results {
				if r.Type() != reflect.TypeFor[error]() {
					continue
				}
				answers++
				if err, _ := reflect.TypeAssert[error](r); !errors.Is(err, want) {
					t.Errorf("%s: %s answers %v, want %v", name, method, err, want)
				}
				for _, value := range append(args, results...) {
					b, ok := reflect.TypeAssert[[]byte](value)
					if ok && len(b) > 0 && !bytes.Equal(b, argument) {
						t.Errorf("%s: %s: bytes came out, or an argument changed", name, method)
					}
				}
			}
			_, results = call(t, name+", usable", usable, method, argument)
			for _, r := range results {
				if err, _ := reflect.TypeAssert[error](r); errors.Is(err, want) {
					t.Errorf("%s: what is usable answers %s with %v", name, method, err)
				}
			}
		}
	}
	if answers == 0 {
		t.Errorf("%s: no method answers an error", name)
	}
}

// printing are methods that are there for packages fmt and encoding.
var printing = []string{"Format", "LogValue", "MarshalBinary", "MarshalText"}

// call calls a method with copies of argument for all byte slices.
func call(t *testing.T, name string, v any, method string, argument []byte) (args, results []reflect.Value) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: %s panics: %v", name, method, p)
		}
	}()
	m := reflect.ValueOf(v).MethodByName(method)
	for i := range m.Type().NumIn() {
		switch in := m.Type().In(i); {
		case in == reflect.TypeFor[[]byte]():
			args = append(args, reflect.ValueOf(bytes.Clone(argument)))
		case in.Kind() == reflect.Pointer:
			args = append(args, reflect.New(in.Elem()))
		default:
			args = append(args, reflect.Zero(in))
		}
	}
	return args, m.Call(args)
}
