// Package examples tests what a newcomer meets first: the README, the example
// programs in every language, and the installation.
package examples

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// root is the repository's folder, seen from this package.
const root = "../.."

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// command is a command in the repository's folder, where README says to be.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = root
	return cmd
}

// run runs a command that must succeed, and returns its output.
func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", cmd.Args, err, out, stderr.String())
	}
	if stderr.Len() > 0 {
		t.Errorf("%v wrote to stderr: %s", cmd.Args, stderr.String())
	}
	return string(out)
}

// fail runs a command that must fail, and returns its exit code and what it
// wrote to stderr.
func fail(t *testing.T, cmd *exec.Cmd) (code int, stderr string) {
	t.Helper()
	var text strings.Builder
	cmd.Stderr = &text
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("%v: want a failure, got %v and %q", cmd.Args, err, out)
	}
	return exit.ExitCode(), text.String()
}

func needCompiler(t *testing.T) string { t.Helper(); return need.Program(t, "cc") }

// strict are the flags under which the examples must be clean.
func strict() []string {
	return []string{"-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-Iinclude"}
}

// buildC builds an example and returns the program.
func buildC(t *testing.T, name string, flags ...string) string {
	t.Helper()
	compiler, library := needCompiler(t), need.Library(t)
	program := filepath.Join(t.TempDir(), name)
	args := append(strict(), flags...)
	run(t, command(compiler, append(args, "examples/c/"+name+".c", "-o", program,
		"-L"+library, "-lcachekit_core", "-Wl,-rpath,"+library)...))
	return program
}
