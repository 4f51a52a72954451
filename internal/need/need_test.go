package need

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each wish is one of a test in a process of its own.
var wishes = map[string]func(t *testing.T){
	"Missing": func(t *testing.T) { Missing(t, "no such thing") },
	"Without": func(t *testing.T) { Without(t, "no such thing") },
	"Vectors": func(t *testing.T) { Vectors(t, "none/none.json") },
	"Program": func(t *testing.T) { Program(t, "no-such-program") },
}

func TestWhatIsMissingIsAFailureWhereNothingMayBe(t *testing.T) {
	const child = "CACHEKIT_NEED_TEST"
	if name := os.Getenv(child); name != "" {
		wishes[name](t)
		return
	}
	for name := range wishes {
		for _, noSkips := range []string{"", "1"} {
			out, err := Process(t, child+"="+name, "CACHEKIT_NO_SKIPS="+noSkips)
			want := "--- SKIP"
			switch {
			case noSkips != "":
				want = "--- FAIL"
			case name == "Without":
				want = "--- PASS"
			}
			if (err != nil) != (noSkips != "") || !strings.Contains(string(out), want) {
				t.Errorf("%s with CACHEKIT_NO_SKIPS=%s: %v, no %q in:\n%s", name, noSkips, err, want, out)
			}
			if name == "Vectors" && !strings.Contains(string(out), "make vectors") {
				t.Errorf("nobody says where vectors come from:\n%s", out)
			}
		}
	}
}

func TestVectorsAreFoundInOrder(t *testing.T) {
	top := t.TempDir()
	made, inside, beside := filepath.Join(top, "made"), filepath.Join(top, "clone/build/vectors"), filepath.Join(top, "shared/vectors")
	tested := filepath.Join(top, "clone/cmd/nested/deep")
	for _, dir := range []string{made, inside, beside, tested} {
		if err := os.MkdirAll(filepath.Join(dir, "set"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, module := range []string{"clone/go.mod", "clone/cmd/nested/go.mod"} {
		if err := os.WriteFile(filepath.Join(top, module), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(tested)
	t.Setenv("CACHEKIT_VECTORS", made)
	for _, want := range []string{made, inside, beside} {
		got, ok := FindVectors("set")
		if !ok || got != filepath.Join(want, "set") {
			t.Errorf("found %q, %t; want the set in %s", got, ok, want)
		}
		if err := os.Remove(filepath.Join(want, "set")); err != nil {
			t.Fatal(err)
		}
	}
	if got, ok := FindVectors("set"); ok {
		t.Errorf("found %q where there is none", got)
	}
}
