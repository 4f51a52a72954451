package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// The commands of docs/operations.md run as printed, after a rotation of the key. The
// first reseal counts an entry that needs the old one, which its exit code says.
func TestOperationsRun(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	need.Programs(t, "redis-cli", "bash")
	program := binary(t)
	folder(t)
	port := strconv.Itoa(redistest.Server(t).Port)
	script := `OLD=$(cachekit key generate) NEW=$(cachekit key generate)
echo '{"id":1}' | CACHEKIT_MASTER_KEY=$OLD cachekit seal --key users:1 --tenant acme --format json -o - - | redis-cli -x SET users:1
`
	lines := 0
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
			script += line + "; echo \"exit code $?\"\n"
			lines++
		}
	}
	if lines < 7 {
		t.Fatalf("docs/operations.md has %d commands", lines)
	}
	script = strings.ReplaceAll(script, "localhost:6379", "localhost:"+port)
	script = strings.ReplaceAll(script, "redis-cli ", "redis-cli -p "+port+" ")
	cmd := exec.Command("bash", "-o", "pipefail", "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var codes []string
	for _, match := range regexp.MustCompile(`exit code (\d+)`).FindAllStringSubmatch(string(out), -1) {
		codes = append(codes, match[1])
	}
	if got := strings.Join(codes, " "); got != "0 0 6 0 0 0 0" {
		t.Errorf("exit codes %s:\n%s\n%s", got, script, out)
	}
}
