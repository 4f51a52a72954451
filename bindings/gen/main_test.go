package main

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

func TestFilesAreCurrent(t *testing.T) {
	if _, err := exec.LookPath("awk"); err != nil {
		t.Skip("skipped: awk is not installed")
	}
	h, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		old, err := os.ReadFile(root + "/" + f.path)
		if err != nil {
			t.Fatal(err)
		}
		if f.text(h) != string(old) {
			t.Errorf("%s is not what the header says: run make generate", f.path)
		}
	}
}

// What the header has is found another way here, so that nothing is left out unseen.
func TestNothingOfTheHeaderIsLeftOut(t *testing.T) {
	text, err := os.ReadFile(root + "/include/cachekit.h")
	if err != nil {
		t.Fatal(err)
	}
	h, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		got  int
		want *regexp.Regexp
	}{
		{"functions", len(h.functions), regexp.MustCompile(`(?m)^[A-Za-z][\w *]*\bcachekit_\w+\(`)},
		{"structs", len(h.structs), regexp.MustCompile(`(?m)^typedef struct \w+ \{`)},
		// All but the version's number, which is a sum.
		{"codes", len(h.codes), regexp.MustCompile(`(?m)^    CACHEKIT_\w+ = \d+,?$`)},
		{"constants", len(h.constants), regexp.MustCompile(`(?m)^#define CACHEKIT_\w+ +\d+`)},
	} {
		want := len(c.want.FindAll(text, -1))
		if c.got != want || want == 0 {
			t.Errorf("%d %s, %d in the header", c.got, c.what, want)
		}
	}
}

func TestParseSaysWhatIsNoDeclaration(t *testing.T) {
	if _, err := parse("int cachekit_f(size_t n);"); err == nil {
		t.Error("a header without its codes is read")
	}
	h, err := parse("enum {\n    CACHEKIT_A = 1,\n};\ntypedef enum CachekitError {\n    CACHEKIT_OK = 0\n} CachekitError;\n" +
		"typedef struct CachekitS {\n    const char *s;\n    uint8_t a[8];\n} CachekitS;\n" +
		"const char *cachekit_f(\n    const uint8_t *const *in, uint8_t out[8]);\nvoid cachekit_g(void);\n")
	if err != nil {
		t.Fatal(err)
	}
	f := h.functions[0]
	switch {
	case len(h.constants) != 1 || h.constants[0] != constant{"A", "1"}:
		t.Errorf("constants %v", h.constants)
	case len(h.codes) != 1 || h.codes[0] != constant{"OK", "0"}:
		t.Errorf("codes %v", h.codes)
	case len(h.structs) != 1 || h.structs[0].fields[0] != variable{"s", "const char *", ""} || h.structs[0].fields[1] != variable{"a", "uint8_t", "8"}:
		t.Errorf("structs %v", h.structs)
	case len(h.functions) != 2 || f.result != "const char *" || len(h.functions[1].parameters) != 0:
		t.Errorf("functions %v", h.functions)
	case f.parameters[0].kind != "const uint8_t *const *" || f.parameters[1] != variable{"out", "uint8_t *", ""}:
		t.Errorf("parameters %v", f.parameters)
	}
	if _, err := parse("typedef enum CachekitError\nint cachekit_f(size_t);"); err == nil {
		t.Error("a parameter without a name is read")
	}
}
