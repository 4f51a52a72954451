package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// buildCpp builds a program in C++, under the flags of the Makefile, and returns it.
func buildCpp(t *testing.T, source string) string {
	t.Helper()
	compiler, library := need.Program(t, "c++"), need.Library(t)
	program := filepath.Join(t.TempDir(), "program")
	run(t, command(compiler, "-std=c++17", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-Iinclude",
		source, "-o", program, "-L"+library, "-lcachekit_core", "-Wl,-rpath,"+library))
	return program
}

func TestQuickstartCpp(t *testing.T) {
	out := run(t, exec.Command(buildCpp(t, "examples/cpp/quickstart.cpp")))
	wantQuickstart(t, out)
	wantRefusal(t, out)
}

// TestReadmeCppRuns builds the program that README shows in C++, and runs it.
func TestReadmeCppRuns(t *testing.T) {
	code := blocks(t, "cpp")
	if len(code) != 1 {
		t.Fatalf("README has %d C++ blocks, want 1", len(code))
	}
	source := filepath.Join(t.TempDir(), "readme.cc")
	writeFile(t, source, code[0])
	cmd := exec.Command(buildCpp(t, source))
	cmd.Env = append(os.Environ(), encryption.MasterKeyVariable+"="+strings.Repeat("61", 32))
	if out, want := run(t, cmd), "{\"name\":\"Ada\"}\n"; out != want {
		t.Errorf("it printed %q, want %q", out, want)
	}

	// The header begins with the same program.
	_, shown, _ := strings.Cut(readFile(t, root+"/include/cachekit.hpp"), "links the C library alone:\n")
	shown, _, _ = strings.Cut(shown, "//     c++ -std")
	tokens := func(program string) string {
		program = strings.ReplaceAll(program, "// CACHEKIT_MASTER_KEY", "")
		return strings.Join(strings.Fields(regexp.MustCompile(`(?m)^//`).ReplaceAllString(program, "")), " ")
	}
	if tokens(shown) != tokens(code[0]) {
		t.Errorf("the header shows\n%s\nand README\n%s", shown, code[0])
	}
}

// TestReadmeCppLine runs the compiler line of README as it stands.
func TestReadmeCppLine(t *testing.T) {
	need.Program(t, "c++")
	need.Library(t)
	line := regexp.MustCompile(`(?m)^c\+\+ .*-Lbuild.*$`).FindString(readFile(t, root+"/README.md"))
	if line == "" {
		t.Fatal("README has no line with c++")
	}
	program := filepath.Join(t.TempDir(), "try")
	run(t, command("sh", "-c", strings.Replace(line, "build/try", program, 1)))
	wantQuickstart(t, run(t, exec.Command(program)))
}

// TestCppRotationThreshold proves that the wrapper's number is the library's, which the C
// header does not define.
func TestCppRotationThreshold(t *testing.T) {
	said := regexp.MustCompile(`rotation_threshold = (\d+);`).FindStringSubmatch(readFile(t, root+"/include/cachekit.hpp"))
	if said == nil || said[1] != strconv.FormatUint(encryption.RotationThreshold, 10) {
		t.Errorf("cachekit.hpp says %q, it is %d", said, uint64(encryption.RotationThreshold))
	}
}
