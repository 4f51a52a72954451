package report

import (
	"os"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/bench/internal/asks"
	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

func TestDurationHasThreeDigits(t *testing.T) {
	for _, c := range []struct {
		ns   float64
		want string
	}{
		{4.56, "4.6 ns"}, {156.4, "156 ns"}, {9999.4, "9999 ns"}, {12345, "12.3 µs"}, {123456, "123 µs"}, {1234567, "1.23 ms"},
		{52.5e6, "52.5 ms"},
	} {
		if got := duration(c.ns); got != c.want {
			t.Errorf("duration(%v) = %q, want %q", c.ns, got, c.want)
		}
	}
}

func TestSpliceReplacesOnlyWhatStandsBetweenTheMarks(t *testing.T) {
	text := "before\n" + beginMark + "\nold\n" + endMark + "\nafter\n"
	got, ok := Splice(text, "new\n")
	if want := "before\n" + beginMark + "\nnew\n" + endMark + "\nafter\n"; !ok || got != want {
		t.Errorf("got %q, %v", got, ok)
	}
	for _, text := range []string{"", "no marks", beginMark + " but no end", endMark + beginMark} {
		if got, ok := Splice(text, "new"); ok || got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestReasonsAreFoundByCell(t *testing.T) {
	list := parseReasons("# Title\nintroduction\n\n## compress json 64 B vs R\none\nline\n\n## encrypt * vs R\nthe other\n")
	for cell, want := range map[string]string{
		"compress json 64 B vs R":    "one line",
		"encrypt json 1 KiB vs R":    "the other",
		"compress json 64 B vs H":    "",
		"keyring_encrypt json vs R2": "",
	} {
		if _, got := list.find(cell); got != want {
			t.Errorf("%s: %q, want %q", cell, got, want)
		}
	}
}

// Nobody edits RESULTS.md or the README's table by hand: both are what the committed results say.
func TestCommittedReportsAreWhatTheResultsSay(t *testing.T) {
	run, err := results.Load("../../results/results.json")
	if err != nil {
		t.Fatal(err)
	}
	table, err := asks.Load("../../asks.json")
	if err != nil {
		t.Fatal(err)
	}
	reasons, err := os.ReadFile("../../reasons.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"RESULTS.md":        Page(run, table.Compare(run), string(reasons)),
		"results/tables.md": Tables(run),
	} {
		got, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s differs from what `go run . -report` writes", name)
		}
	}
	readme, err := os.ReadFile("../../../README.md")
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if spliced, ok := Splice(string(readme), ReadmeTable(run)); ok && spliced != string(readme) {
		t.Error("README.md's table differs from what `go run . -report` writes")
	} else if !ok && strings.Contains(string(readme), "## Performance") {
		t.Error("README.md has a Performance section without the marks of its table")
	}
}

// A run with one contestant missing and one operation missing still gives a page and pictures.
func TestReportOfAPartialRun(t *testing.T) {
	run := &results.Run{
		Versions: map[string]string{"ours": "0.1.0", "H": ""},
		Notes:    []results.Note{{Who: "R", Text: "left out, it could not be built here"}},
	}
	for _, c := range []results.Cell{
		{Op: "compress", Kind: "json", Size: 64, Who: "ours", NS: 100, Ratio: 1, Out: 80, Block: 60},
		{Op: "compress", Kind: "json", Size: 64, Who: "H", NS: 150, Ratio: 1.5, Out: 60, Block: 60},
		{Op: "compress", Kind: "json", Size: 1024, Who: "ours", NS: 700, Ratio: 1, Out: 600, Block: 570},
		{Op: "compress", Kind: "json", Size: 1024, Who: "H", NS: 900, Ratio: 1.25, Out: 570, Block: 570},
		{Op: "inspect", Kind: "json", Size: 64, Who: "ours", NS: 60, Ratio: 1},
		{Op: "inspect", Kind: "json", Size: 1024, Who: "ours", NS: 61, Ratio: 1},
		{Op: "derive_key", Who: "ours", NS: 400, Ratio: 1},
		{Op: "derive_key", Who: "H", NS: 2000, Ratio: 5},
	} {
		run.Cells = append(run.Cells, c)
	}
	text := Page(run, nil, "") + Tables(run)
	for _, want := range []string{"**R**: left out", "100 ns, H 1.50×", "| H | 1.50× | 1.25× |", "2000 ns (5.00×)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the reports lack %q:\n%s", want, text)
		}
	}
	dir := t.TempDir()
	if err := Plots(run, dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"compress.svg", "inspect.svg", "keys.svg"} {
		if info, err := os.Stat(dir + "/" + name); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}
