package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redistest"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// The commands of the repository's README run as printed, on a Redis of the test's.
func TestReadmeRuns(t *testing.T) {
	readme, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "<!-- command:begin -->\n```sh\n")
	script, rest, ended := strings.Cut(rest, "```\n<!-- command:end -->")
	_, rest, printed := strings.Cut(rest, "```text\n")
	screen, _, closed := strings.Cut(rest, "```")
	if !found || !ended || !printed || !closed {
		t.Fatal("README has no commands, or does not say what they print")
	}
	need.Programs(t, "redis-cli", "bash")
	program := binary(t)
	folder(t)
	server := redistest.Server(t)
	script = strings.ReplaceAll(script, "localhost:6379", "localhost:"+strconv.Itoa(server.Port))
	script = strings.ReplaceAll(script, "redis-cli ", "redis-cli -p "+strconv.Itoa(server.Port)+" ")
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, line := range strings.Split(strings.TrimSpace(screen), "\n") {
		if strings.HasPrefix(line, "  fingerprint") {
			line = "  fingerprint " // another key each time
		}
		if !strings.Contains(string(out), line) {
			t.Errorf("README says %q, which is not printed:\n%s", line, out)
		}
	}
	for _, want := range []string{`"name": "Ada"`, "1 entry of", "hit ratio"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if _, err := os.Stat("sizes.svg"); err != nil {
		t.Error(err)
	}
}
