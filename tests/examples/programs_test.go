package examples

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// wantQuickstart checks what the quickstart prints, in any language: sizes,
// and the value that came back.
func wantQuickstart(t *testing.T, out string) {
	t.Helper()
	match := regexp.MustCompile(`^(\d+) bytes: (\d+) in an envelope, (\d+) encrypted, (\d+) back\n(\[.*\])\n`).FindStringSubmatch(out)
	if match == nil {
		t.Fatalf("it printed %q", out)
	}
	size := func(i int) int { n, _ := strconv.Atoi(match[i]); return n }
	if size(1) != len(match[5]) || size(4) != size(1) || size(3) != size(2)+28 || size(2) >= size(1) {
		t.Errorf("sizes that do not fit together: %q", out)
	}
}

func TestQuickstartC(t *testing.T) {
	wantQuickstart(t, run(t, exec.Command(buildC(t, "quickstart"))))
}

func TestQuickstartPython(t *testing.T) {
	python := need.Program(t, "python3")
	need.Library(t)
	out := run(t, command(python, "examples/python/quickstart.py"))
	wantQuickstart(t, out)
	wantRefusal(t, out)
}

func TestQuickstartRuby(t *testing.T) {
	ruby := need.Ruby(t)
	need.Library(t)
	out := run(t, command(ruby, "-w", "examples/ruby/quickstart.rb"))
	wantQuickstart(t, out)
	wantRefusal(t, out)
}

// wantRefusal checks that the example showed the exception for an entry under
// another cache key.
func wantRefusal(t *testing.T, out string) {
	t.Helper()
	if !strings.HasSuffix(out, "\nunder another cache key: DecryptionFailed: decryption failed\n") {
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

// TestMissingLibrary proves that the bindings say what to do where the library
// is not found, and that they look for it at first use only.
func TestMissingLibrary(t *testing.T) {
	for _, language := range []struct {
		name       string
		find       func(*testing.T) string
		file, load string
	}{
		{"python", func(t *testing.T) string { return need.Program(t, "python3") }, "examples/python/quickstart.py",
			`import sys; sys.path.insert(0, "examples/python"); sys.dont_write_bytecode = True; import quickstart; print("loaded")`},
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

			flag := map[string]string{"python": "-c", "ruby": "-e"}[language.name]
			cmd = command(interpreter, flag, language.load)
			cmd.Env = environment
			if out := run(t, cmd); out != "loaded\n" {
				t.Errorf("it printed %q", out)
			}
		})
	}
}

// TestPythonFork proves README's advice: a child whose parent has loaded the
// library and not used it can; one whose parent has used it gets FORKED.
func TestPythonFork(t *testing.T) {
	python := need.Program(t, "python3")
	need.Library(t)
	out := run(t, command(python, "-c", `
import os, sys
sys.path.insert(0, "examples/python")
sys.dont_write_bytecode = True
import quickstart

def child():
    pid = os.fork()
    if pid == 0:
        try:
            quickstart.Encryptor()
            print("works", flush=True)
        except quickstart.CachekitError as error:
            print(type(error).__name__, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)

quickstart.library()
child()
quickstart.Encryptor()
child()
`))
	if out != "works\nForked\n" {
		t.Errorf("it printed %q", out)
	}
}

// TestExceptionsAreTheCodes proves that the table of each binding holds every
// code, under its name.
func TestExceptionsAreTheCodes(t *testing.T) {
	for file, entry := range map[string]string{
		"examples/python/quickstart.py": `(?m)^ +(\d+): "(\w+)",$|^class (\w+)\(UserWarning\):\n(?:.*\n)*?    code = (\d+)$`,
		"examples/ruby/quickstart.rb":   `(?m)^ +(\d+) => :(\w+),?$`,
	} {
		found := map[string]string{}
		for _, match := range regexp.MustCompile(entry).FindAllStringSubmatch(readFile(t, root+"/"+file), -1) {
			found[match[1]] = match[2]
			if match[1] == "" {
				found[match[4]] = match[3]
			}
		}
		for _, code := range codes.All() {
			number, name := strconv.Itoa(int(code)), camelCase(code.Name())
			if code != codes.OK && found[number] != name {
				t.Errorf("%s: code %s is %q, want %q", file, number, found[number], name)
			}
		}
		if len(found)-1 > len(codes.All()) {
			t.Errorf("%s has %d codes, core %d", file, len(found), len(codes.All())-1)
		}
	}
}

// camelCase turns CACHEKIT_NULL_POINTER into NullPointer.
func camelCase(name string) (out string) {
	for word := range strings.SplitSeq(strings.TrimPrefix(name, "CACHEKIT_"), "_") {
		out += word[:1] + strings.ToLower(word[1:])
	}
	return out
}
