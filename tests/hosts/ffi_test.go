package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// declarations is the file that make writes for hosts which read C but have no
// preprocessor.
func declarations(t *testing.T) string {
	t.Helper()
	return filepath.Join(need.Library(t), "cachekit_ffi.h")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDeclarationsAreThoseOfTheHeader proves that no function, no struct and no number
// of the header is left out, and that nothing is left which needs a preprocessor.
func TestDeclarationsAreThoseOfTheHeader(t *testing.T) {
	header, made := read(t, "../../include/cachekit.h"), read(t, declarations(t))
	header = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(header, "")
	_, made, _ = strings.Cut(made, "*/\n") // what it was written by
	for what, c := range map[string]struct {
		expression string
		least      int
	}{
		"functions": {`\bcachekit_\w+\(`, 50},
		"structs":   {`\btypedef struct \w+`, 7},
		"numbers":   {`\bCACHEKIT_\w+ = \d+`, 40},
	} {
		find := regexp.MustCompile(c.expression)
		want, got := find.FindAllString(header, -1), find.FindAllString(made, -1)
		if what == "numbers" {
			for _, define := range regexp.MustCompile(`(?m)^#define (\w+) (\d+) *$`).FindAllStringSubmatch(header, -1) {
				want = append(want, define[1]+" = "+define[2])
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if len(want) < c.least || !slices.Equal(want, got) {
			t.Errorf("%s: %q, in the header %q", what, got, want)
		}
	}
	for _, not := range []string{"#", "*/", "//", "NODISCARD", "[CACHEKIT", "\"", "\\", "__"} {
		if strings.Contains(made, not) {
			t.Errorf("there is a %s in\n%s", not, made)
		}
	}
}

const roundTrip = `at least 50 functions: True
140 bytes came back with key 0: True
CACHEKIT_DECRYPTION_FAILED
stored 1 with 140 bytes, retrieved 1 and 1 refused
cachekit_operations_total{name="acme",operation="store"} 1
True
`

func TestCffi(t *testing.T) {
	wantOutput(t, roundTrip, need.Python(t, "requirements.txt"), "ffi.py", declarations(t))
}

func TestPHP(t *testing.T) {
	php := need.Program(t, "php")
	if exec.Command(php, "-r", `exit(class_exists("FFI") ? 0 : 1);`).Run() != nil {
		need.Missing(t, "PHP has no FFI")
	}
	wantOutput(t, roundTrip, php, "-d", "ffi.enable=1", "ffi.php", declarations(t))
}

// TestMetricsAsPrometheusReadsThem proves that a reader of the format finds each
// number, and each name whatever is in it.
func TestMetricsAsPrometheusReadsThem(t *testing.T) {
	wantOutput(t, "15 names\n", need.Python(t, "requirements.txt"), "metrics.py", declarations(t))
}
