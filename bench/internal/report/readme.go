package report

import (
	"fmt"
	"os"
	"strings"

	"github.com/cachekit-go/cachekit-core/bench/internal/asks"
	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

const (
	beginMark = "<!-- bench:begin -->"
	endMark   = "<!-- bench:end -->"
)

// ReadmeTable is what stands between the marks in the README.
func ReadmeTable(r *results.Run) string {
	w := new(strings.Builder)
	w.WriteString(generated + "\n")
	head := []string{"one call, JSON-like data"}
	for _, who := range r.Contestants() {
		head = append(head, names[who])
	}
	var rows [][]string
	for _, size := range []int{1 << 10, 64 << 10} {
		for _, op := range []struct{ id, name string }{
			{"compress", "LZ4 compress"}, {"decompress", "LZ4 decompress"}, {"checksum", "XXH3-64"},
			{"encrypt", "AES-256-GCM encrypt"}, {"decrypt", "AES-256-GCM decrypt"},
		} {
			row := []string{op.name + ", " + asks.Size(size)}
			for _, who := range r.Contestants() {
				text := "–"
				if cell, ok := r.Cell(op.id, "json", size, who); ok {
					text = duration(cell.NS)
					if cell.Ratio > 0 && who != "ours" {
						text += " (" + ratio(cell.Ratio) + ")"
					}
				}
				row = append(row, text)
			}
			rows = append(rows, row)
		}
	}
	table(w, head, rows)
	fmt.Fprintf(w, "%s, %s. In brackets: how many times as long as this library. "+
		"All operations, sizes, memory, threads and latency: [bench/RESULTS.md](bench/RESULTS.md).\n", r.Machine.CPU, r.Date)
	return w.String()
}

// Splice puts the table between the marks; ok is false where the text has none.
func Splice(text, block string) (spliced string, ok bool) {
	before, rest, ok1 := strings.Cut(text, beginMark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok1 || !ok2 {
		return text, false
	}
	return before + beginMark + "\n" + block + endMark + after, true
}

// UpdateReadme rewrites the block in the file; done is false where there is no such file or no marks in it.
func UpdateReadme(path string, r *results.Run) (done bool, err error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	spliced, ok := Splice(string(text), ReadmeTable(r))
	if !ok {
		return false, nil
	}
	return true, os.WriteFile(path, []byte(spliced), 0o644)
}
