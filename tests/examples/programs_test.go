package examples

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// wantQuickstart checks what the quickstart prints, in any language: sizes,
// and the value that came back. The entry is the smaller one: the point of it.
func wantQuickstart(t *testing.T, out string) {
	t.Helper()
	match := regexp.MustCompile(`^(\d+) bytes, (\d+) sealed, (\d+) opened\n(\[.*\])\n`).FindStringSubmatch(out)
	if match == nil {
		t.Fatalf("it printed %q", out)
	}
	size := func(i int) int { n, _ := strconv.Atoi(match[i]); return n }
	if size(1) != len(match[4]) || size(3) != size(1) || size(2) >= size(1) {
		t.Errorf("sizes that do not fit together: %q", out)
	}
}

func TestQuickstartC(t *testing.T) {
	wantQuickstart(t, run(t, exec.Command(buildC(t, "quickstart"))))
}

func TestQuickstartRuby(t *testing.T) {
	ruby := need.Ruby(t)
	need.Library(t)
	out := run(t, command(ruby, "-w", "examples/ruby/quickstart.rb"))
	wantQuickstart(t, out)
	wantRefusal(t, out)
}

// TestReadmeRubyRuns runs the program of README, as one with the gem installed would.
func TestReadmeRubyRuns(t *testing.T) {
	ruby := need.Ruby(t)
	library := need.Library(t)
	programs := blocks(t, "ruby")
	if len(programs) != 1 {
		t.Fatalf("%d programs in Ruby", len(programs))
	}
	cmd := command(ruby, "-w", "-Ibindings/ruby/lib", "-e", programs[0])
	cmd.Env = append(os.Environ(), "CACHEKIT_LIBRARY="+library+"/libcachekit_core.so", "CACHEKIT_MASTER_KEY="+strings.Repeat("61", 32))
	if out := run(t, cmd); out != "{\"name\":\"Ada\"}\n" {
		t.Errorf("it printed %q", out)
	}
}

var refusal = regexp.MustCompile(`\nunder another cache key: CACHEKIT_DECRYPTION_FAILED: decryption failed: ` +
	`keys tried: 1, ciphertext: \d+ bytes, AAD: \d+ bytes\n$`)

// wantRefusal checks that the example showed the exception for an entry under
// another cache key.
func wantRefusal(t *testing.T, out string) {
	t.Helper()
	if !refusal.MatchString(out) {
		t.Errorf("it printed %q", out)
	}
}

// TestRubyWithoutFFI proves that the example says so where the gem is missing.
func TestRubyWithoutFFI(t *testing.T) {
	out := run(t, command(need.Program(t, "ruby"), "--disable-gems", "-e",
		`$LOAD_PATH.clear; load "examples/ruby/quickstart.rb"`))
	if !strings.HasPrefix(out, "skipped: the ffi gem is missing") {
		t.Errorf("it printed %q", out)
	}
}

func TestExampleGo(t *testing.T) {
	out := run(t, command("go", "run", "./examples/go"))
	if !regexp.MustCompile(`^(\d+) bytes: \d+ in an envelope, \d+ back\n\d+ bytes: \d+ encrypted, \d+ back\n\[.*\]\n$`).MatchString(out) {
		t.Errorf("it printed %q", out)
	}
}

// TestMissingLibrary proves that the example in Ruby says what to do where the library
// is not found, and that it looks for it at first use only.
func TestMissingLibrary(t *testing.T) {
	for _, language := range []struct {
		name       string
		find       func(*testing.T) string
		file, load string
	}{
		{"ruby", need.Ruby, "examples/ruby/quickstart.rb", `load "examples/ruby/quickstart.rb"; puts "loaded"`},
	} {
		t.Run(language.name, func(t *testing.T) {
			interpreter := language.find(t)
			environment := append(os.Environ(), "CACHEKIT_LIBRARY=/nonexistent/library.so")

			cmd := command(interpreter, language.file)
			cmd.Env = environment
			code, text := fail(t, cmd)
			if code != 1 || !strings.Contains(text, "cannot load the library") || !strings.Contains(text, "/nonexistent/library.so") ||
				!strings.Contains(text, "run make, or name it in CACHEKIT_LIBRARY") {
				t.Errorf("exit code %d, %q", code, text)
			}

			cmd = command(interpreter, "-e", language.load)
			cmd.Env = environment
			if out := run(t, cmd); out != "loaded\n" {
				t.Errorf("it printed %q", out)
			}
		})
	}
}
