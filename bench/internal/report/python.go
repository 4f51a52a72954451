package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cachekit-go/cachekit-core/bench/internal/asks"
	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

// python is one line per operation of the Python package at four sizes of JSON-like data.
func python(w *strings.Builder, r *results.Run) {
	if len(r.Python) == 0 {
		return
	}
	w.WriteString("## Python\n\nThe Python package over this library, JSON-like data: our time, and how many times as long " +
		"**ctypes** takes, which is the package without its C extension, and the **wheel**, the byte API of the PyPI package " +
		"cachekit 0.24.1. A batch has 100 items, and the wheel a loop of two calls; its times are of one item. " +
		"[Every number](results/tables.md#python).\n\n")
	pythonTable(w, r, []string{"json"}, []int{64, 1 << 10, 64 << 10, 1 << 20})
	if len(r.Ctypes) == 0 {
		return
	}
	var costs []string
	for _, a := range r.Ctypes {
		costs = append(costs, fmt.Sprintf("%s %s", a.What, duration(a.NS)))
	}
	fmt.Fprintf(w, "What ctypes takes, for each argument of a call: %s.\n\n", strings.Join(costs, ", "))
}

// pythonTables is every number of the Python package.
func pythonTables(w *strings.Builder, r *results.Run) {
	if len(r.Python) == 0 {
		return
	}
	w.WriteString("## Python\n\nOur time, then how many times as long ctypes and the wheel take.\n\n")
	var kinds []string
	var sizes []int
	for _, c := range r.Python {
		if !slices.Contains(kinds, c.Kind) {
			kinds = append(kinds, c.Kind)
		}
		if !slices.Contains(sizes, c.Size) {
			sizes = append(sizes, c.Size)
		}
	}
	slices.Sort(sizes)
	pythonTable(w, r, kinds, sizes)
}

func pythonTable(w *strings.Builder, r *results.Run, kinds []string, sizes []int) {
	head := []string{""}
	for _, size := range sizes {
		head = append(head, asks.Size(size))
	}
	var rows [][]string
	var seen []string
	for _, c := range r.Python {
		name := strings.ReplaceAll(c.Op, "_", " ")
		if len(kinds) > 1 {
			name += ", " + c.Kind
		}
		if slices.Contains(seen, name) || !slices.Contains(kinds, c.Kind) {
			continue
		}
		seen = append(seen, name)
		row := []string{name}
		for _, size := range sizes {
			row = append(row, pythonCell(r, c.Op, c.Kind, size))
		}
		rows = append(rows, row)
	}
	table(w, head, rows)
}

// pythonCell is "301 ns, ctypes 9.20×, wheel 1.50×".
func pythonCell(r *results.Run, op, kind string, size int) string {
	var ours string
	var others []string
	for _, c := range r.Python {
		switch {
		case c.Op != op || c.Kind != kind || c.Size != size:
		case c.Who == "ours":
			ours = duration(c.NS)
		default:
			others = append(others, c.Who+" "+ratio(c.Ratio))
		}
	}
	if ours == "" {
		return ""
	}
	return strings.Join(append([]string{ours}, others...), ", ")
}
