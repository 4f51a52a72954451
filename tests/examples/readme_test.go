package examples

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// blocks returns the README's code blocks of a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	return blocksOf(t, "README.md", language)
}

// blocksOf returns a document's code blocks of a language.
func blocksOf(t *testing.T, document, language string) (found []string) {
	t.Helper()
	fence := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$")
	for _, match := range fence.FindAllStringSubmatch(readFile(t, root+"/"+document), -1) {
		found = append(found, match[1])
	}
	if len(found) == 0 {
		t.Fatalf("%s has no %s block", document, language)
	}
	return found
}

// section returns the README's text between a heading and the next one of its
// level.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, text, ok := strings.Cut(readFile(t, root+"/README.md"), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("README has no section %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// rows returns the cells of a section's table, without its heading.
func rows(t *testing.T, heading string) (table [][]string) {
	t.Helper()
	for line := range strings.Lines(section(t, heading)) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		table = append(table, cells)
	}
	if len(table) < 3 {
		t.Fatalf("README's section %q has no table", heading)
	}
	return table[2:]
}

func TestReadmeProgramIsTheQuickstart(t *testing.T) {
	if blocks(t, "c")[0] != readFile(t, root+"/examples/c/quickstart.c") {
		t.Error("README's first C block differs from examples/c/quickstart.c")
	}
}

// TestHeaderProgramIsTheQuickstart proves that the program in the header's
// introduction is the quickstart, but for comments, which do not nest, and for how
// its lines are broken.
func TestHeaderProgramIsTheQuickstart(t *testing.T) {
	_, text, _ := strings.Cut(readFile(t, root+"/include/cachekit.h"), "examples/c/quickstart.c:\n")
	text, _, ok := strings.Cut(text, " *     cc program.c")
	if !ok {
		t.Fatal("the header shows no program")
	}
	tokens := func(program string) string {
		program = regexp.MustCompile(`(?m)^ \*|/\*.*?\*/`).ReplaceAllString(program, "")
		return strings.Join(strings.Fields(program), "")
	}
	if shown, want := tokens(text), tokens(readFile(t, root+"/examples/c/quickstart.c")); shown != want {
		t.Errorf("the header shows\n%s\nand the quickstart is\n%s", shown, want)
	}
}

// TestReadmeCCompiles compiles the functions that README shows in C.
func TestReadmeCCompiles(t *testing.T) {
	compiler := needCompiler(t)
	for i, code := range blocks(t, "c")[1:] {
		source := filepath.Join(t.TempDir(), fmt.Sprintf("block%d.c", i+2))
		prototypes := regexp.MustCompile(`(?s)\n(CachekitError|size_t) (\w+\(.*?\))\n\{`).ReplaceAllString("\n"+code, "\n$1 $2;\n$1 $2\n{")
		writeFile(t, source, "#include <cachekit.h>\n#include <stdio.h>\n#include <string.h>\n"+prototypes)
		run(t, command(compiler, append(strict(), "-c", source, "-o", source+".o")...))
	}
}

// TestReadmeGoRuns builds the program that README shows in Go, and runs it.
func TestReadmeGoRuns(t *testing.T) {
	code := blocks(t, "go")
	if len(code) != 1 {
		t.Fatalf("README has %d Go blocks, want 1", len(code))
	}
	// It imports this module, so it must stand inside; build is not tracked.
	if err := os.MkdirAll(root+"/build", 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(root+"/build", "readme-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	writeFile(t, dir+"/main.go", code[0])

	cmd := command("go", "run", "./build/"+filepath.Base(dir))
	cmd.Env = append(os.Environ(), encryption.MasterKeyVariable+"="+strings.Repeat("61", 32))
	if out, want := run(t, cmd), "{\"name\":\"Ada\"}\n"; out != want {
		t.Errorf("it printed %q, want %q", out, want)
	}
}

// TestMakeCommands proves that each make command which README, CONTRIBUTING or a
// workflow names exists.
func TestMakeCommands(t *testing.T) {
	targets := map[string]bool{}
	makefile := strings.ReplaceAll(readFile(t, root+"/Makefile")+readAll(t, "/packaging/*.mk")+readAll(t, "/tests/*.mk")+readAll(t, "/docs/site/*.mk"), "$(BUILD)", "build")
	for _, match := range regexp.MustCompile(`(?m)^([a-z][a-z0-9/_ -]*):`).FindAllStringSubmatch(makefile, -1) {
		for _, target := range strings.Fields(match[1]) {
			targets[target] = true
		}
	}
	named := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)(?:^|`|sudo )make ([a-z][a-z0-9/_-]*)").FindAllStringSubmatch(readFile(t, root+"/README.md")+readFile(t, root+"/CONTRIBUTING.md"), -1) {
		named[match[1]] = true
	}
	// There a command names several.
	for _, match := range regexp.MustCompile(`(?m)^ *(?:- run: )?make (.*)$`).FindAllStringSubmatch(readAll(t, "/.github/workflows/*.yml"), -1) {
		for _, word := range strings.Fields(match[1]) {
			if strings.Contains(word, "=") {
				break // a variable, which may have spaces in it
			}
			named[word] = true
		}
	}
	for target := range named {
		if !targets[target] {
			t.Errorf("make %s is named, which the Makefile does not have", target)
		}
	}
	for _, must := range []string{"example", "test", "windows-programs"} {
		if !named[must] {
			t.Errorf("nothing says make %s", must)
		}
	}
}

// readAll returns what the files of a pattern hold.
func readAll(t *testing.T, pattern string) (text string) {
	t.Helper()
	paths, err := filepath.Glob(root + pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %v", pattern, paths, err)
	}
	for _, path := range paths {
		text += readFile(t, path)
	}
	return text
}

// TestReleaseNotes proves that a release takes its text from the change log, if its tag fits.
func TestReleaseNotes(t *testing.T) {
	dir := t.TempDir()
	run(t, command("sh", "-c", `mkdir "$1/packaging" "$1/include" && cp packaging/release.sh "$1/packaging/" && cp include/cachekit.h "$1/include/"`, "sh", dir))
	version := regexp.MustCompile(`CACHEKIT_VERSION_STRING "(.+)"`).FindStringSubmatch(readFile(t, root+"/include/cachekit.h"))[1]
	notes := func(tag, changes string) string {
		writeFile(t, dir+"/CHANGELOG.md", "# Changelog\n\n"+changes)
		out, err := exec.Command(dir+"/packaging/release.sh", tag).CombinedOutput()
		if err != nil {
			return "refused: " + string(out)
		}
		return string(out)
	}
	older := "## [0.0.1] - 2020-01-01\n\n- Older\n"
	dated := "## [" + version + "] - 2027-01-31\n\n### Added\n\n- A thing\n\n" + older
	if got := notes("v"+version, dated); got != "\n### Added\n\n- A thing\n\n" {
		t.Errorf("the notes are %q", got)
	}
	for tag, changes := range map[string]string{version: dated, "v0.0.1": dated, "v" + version: "## [Unreleased]\n\n- A thing\n\n" + older} {
		if got := notes(tag, changes); !strings.HasPrefix(got, "refused: release: ") {
			t.Errorf("%s is released: %q", tag, got)
		}
	}
}

func TestReadmeLimits(t *testing.T) {
	values := map[string]int64{
		"core.MaxPayloadSize":           core.MaxPayloadSize,
		"core.MaxEnvelopeSize":          core.MaxEnvelopeSize,
		"core.MaxFormatSize":            core.MaxFormatSize,
		"encryption.MaxCacheKeySize":    encryption.MaxCacheKeySize,
		"core.MaxCompressionRatio":      core.MaxCompressionRatio,
		"core.MaxNesting":               core.MaxNesting,
		"encryption.MinMasterKeySize":   encryption.MinMasterKeySize,
		"encryption.KeySize":            encryption.KeySize,
		"encryption.Overhead":           encryption.Overhead,
		"encryption.MaxDomainSize":      encryption.MaxDomainSize,
		"encryption.MaxTenantSize":      encryption.MaxTenantSize,
		"encryption.MaxDecryptOnlyKeys": encryption.MaxDecryptOnlyKeys,
		"encryption.RotationThreshold":  encryption.RotationThreshold,
		"encryption.MaxEncryptions":     encryption.MaxEncryptions,
		"core.MaxMetricsNameSize":       core.MaxMetricsNameSize,
	}
	header := readFile(t, root+"/include/cachekit.h")
	table := rows(t, "Limits")
	if len(table) != len(values) {
		t.Errorf("README's table has %d limits, want %d", len(table), len(values))
	}
	for _, row := range table {
		if len(row) != 4 {
			t.Fatalf("a row of %d cells: %q", len(row), row)
		}
		number, _, _ := strings.Cut(row[1], " ")
		said, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
		}
		want, ok := values[row[3]]
		if !ok || said != want {
			t.Errorf("%s: README says %d, %s is %d (known: %t)", row[0], said, row[3], want, ok)
		}
		if row[2] != "" && !regexp.MustCompile(`(?m)^#define `+row[2]+` +`+number+`\b`).MatchString(header) {
			t.Errorf("%s: the header does not define %s as %s", row[0], row[2], number)
		}
	}
}

func TestReadmeInteropKey(t *testing.T) {
	key, err := interop.Key("users", "get_user", 42)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(section(t, "Sharing entries with other languages"), "`"+key+"`") {
		t.Errorf("README does not show the key of get_user(42), %s", key)
	}
}

// TestReadmeEnvironment proves that README names the variables as the code
// does.
func TestReadmeEnvironment(t *testing.T) {
	text := section(t, "Environment variables")
	for _, name := range []string{encryption.MasterKeyVariable, encryption.PreviousMasterKeysVariable} {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("README does not name %s", name)
		}
	}
}

// TestReadmeLinkingLine runs the compiler line of README as it stands.
func TestReadmeLinkingLine(t *testing.T) {
	needCompiler(t)
	need.Library(t)
	line := regexp.MustCompile(`(?m)^cc .*-Lbuild.*$`).FindString(readFile(t, root+"/README.md"))
	if line == "" {
		t.Fatal("README has no line with cc and -Lbuild")
	}
	defer os.Remove(root + "/build/try")
	run(t, command("sh", "-c", line))
	wantQuickstart(t, run(t, exec.Command(root+"/build/try")))
}
