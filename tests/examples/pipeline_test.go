package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// TestPipeline takes the shipped file and a few others through it.
func TestPipeline(t *testing.T) {
	program := buildC(t, "pipeline")
	random := make([]byte, 100_000)
	for i, state := 0, uint32(1); i < len(random); i++ {
		state = state*1664525 + 1013904223
		random[i] = byte(state >> 24)
	}
	dir := t.TempDir()
	writeFile(t, dir+"/one", "x")
	writeFile(t, dir+"/zeros", strings.Repeat("\x00", 3<<20))
	writeFile(t, dir+"/noise", string(random))

	for name, args := range map[string][]string{
		"shipped file": nil,
		"one byte":     {dir + "/one"},
		"zeros":        {dir + "/zeros"},
		"noise":        {"--tenant", "globex", dir + "/noise"},
		"longest name": {"--tenant", strings.Repeat("t", 1024), dir + "/one"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := command(program, args...)
			out := run(t, cmd)
			for _, want := range []string{"ratio ", "derive keys", "compress", "encrypt", "decrypt", "decompress", "bytes came back.\n"} {
				if !strings.Contains(out, want) {
					t.Errorf("its output lacks %q:\n%s", want, out)
				}
			}
		})
	}
}

// TestPipelineRefuses proves that what cannot work is told in words that help.
func TestPipelineRefuses(t *testing.T) {
	program := buildC(t, "pipeline")
	dir := t.TempDir()
	writeFile(t, dir+"/empty", "")
	large, err := os.Create(dir + "/large")
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(512<<20 + 1); err != nil { // sparse, takes no space
		t.Fatal(err)
	}
	large.Close()

	for name, c := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"missing file":    {[]string{dir + "/none"}, 1, []string{"cannot open " + dir + "/none: No such file"}},
		"empty file":      {[]string{dir + "/empty"}, 1, []string{dir + "/empty is empty"}},
		"directory":       {[]string{dir}, 1, []string{dir + " is a directory"}},
		"device":          {[]string{"/dev/null"}, 1, []string{"/dev/null is not a regular file"}},
		"too large":       {[]string{dir + "/large"}, 1, []string{"512 MiB"}},
		"empty tenant":    {[]string{"--tenant", ""}, 1, []string{"invalid input (CACHEKIT_INVALID_INPUT)", "empty"}},
		"long tenant":     {[]string{"--tenant", strings.Repeat("t", 1025)}, 1, []string{"salt too long (CACHEKIT_SALT_TOO_LONG)", "1024"}},
		"unknown option":  {[]string{"--nonsense"}, 2, []string{`"--nonsense"`, "usage: pipeline"}},
		"missing value":   {[]string{"--tenant"}, 2, []string{`"--tenant"`, "usage: pipeline"}},
		"a file too many": {[]string{"README.md", "LICENSE"}, 2, []string{`"LICENSE"`, "usage: pipeline"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, text := fail(t, command(program, c.args...))
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("it said %q, want %q in it", text, want)
				}
			}
		})
	}

	t.Run("elsewhere", func(t *testing.T) {
		cmd := exec.Command(program)
		cmd.Dir = dir
		if code, text := fail(t, cmd); code != 1 || !strings.Contains(text, "found from the repository's folder") {
			t.Errorf("exit code %d, %q", code, text)
		}
	})
}

// TestPipelineOnAFullDisk proves that a report that was not written is no success.
func TestPipelineOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		need.Missing(t, "there is no /dev/full")
	}
	defer full.Close()
	for _, args := range [][]string{nil, {"--help"}} {
		var stderr strings.Builder
		cmd := command(buildC(t, "pipeline"), args...)
		cmd.Stdout, cmd.Stderr = full, &stderr
		if cmd.Run() == nil || !strings.Contains(stderr.String(), "No space left") {
			t.Errorf("%v: exit code %d, %q", args, cmd.ProcessState.ExitCode(), stderr.String())
		}
	}
}

func TestPipelineHelp(t *testing.T) {
	program := buildC(t, "pipeline")
	for _, flag := range []string{"--help", "-h"} {
		out := run(t, exec.Command(program, flag))
		for _, want := range []string{"usage: pipeline", "examples:\n  build/pipeline", "exit code"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q", flag, want)
			}
		}
	}
}

// TestExamplesUnderSanitizers proves that the C examples free everything and
// stay inside their memory, when they succeed and when they do not.
func TestExamplesUnderSanitizers(t *testing.T) {
	compiler := needCompiler(t)
	probe := filepath.Join(t.TempDir(), "probe")
	writeFile(t, probe+".c", "int main(void) { return 0; }\n")
	sanitize := []string{"-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}
	if exec.Command(compiler, append(sanitize, probe+".c", "-o", probe)...).Run() != nil || exec.Command(probe).Run() != nil {
		need.Missing(t, "the compiler has no working address sanitizer")
	}
	run(t, exec.Command(buildC(t, "quickstart", sanitize...)))
	pipeline := buildC(t, "pipeline", sanitize...)
	run(t, command(pipeline))
	for _, args := range [][]string{{"--tenant", ""}, {"/nonexistent"}, {"--nonsense"}} {
		if code, text := fail(t, command(pipeline, args...)); strings.Contains(text, "Sanitizer") {
			t.Errorf("%q: exit code %d\n%s", args, code, text)
		}
	}
}
