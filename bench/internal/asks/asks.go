// Package asks compares a run with what the design asks for (asks.json): a figure, not a gate.
package asks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

// A Table is asks.json.
type Table struct {
	Cells []struct {
		Op    string            `json:"op"`
		Kinds []string          `json:"kinds"`
		Peer  string            `json:"peer"`
		Asks  map[int][]float64 `json:"asks"` // size: ask, stretch; as peer time / our time
	} `json:"cells"`
	SizeOverH struct {
		Kinds []string `json:"kinds"`
		Below float64  `json:"below_1024"`
		From  float64  `json:"from_1024"`
	} `json:"size_over_H"`
	Level9OverH float64  `json:"level_9_size_over_H"` // for the same kinds, of any size
	ExtraMemory int64    `json:"extra_memory_bytes"`
	TwoThreads  float64  `json:"two_threads"`
	Tail        []string `json:"p999_no_worse_than_R"`
	Wheel       float64  `json:"python_wheel"`       // its time / ours, of one call
	WheelBatch  float64  `json:"python_wheel_batch"` // the time of its loop / ours, for a hundred opens of 1 KiB
}

// A Finding is one ask and what the run shows for it.
type Finding struct {
	Cell    string  // "compress json 64 B vs R"
	Got     float64 // in the ask's unit
	Ask     float64
	Stretch float64 // 0: none
	Reach   float64 // how much of the ask is reached: 1 is all of it, 0.8 falls short by 20 %
	Format  string  // how Got and Ask are printed
}

// Met tells whether the ask is reached.
func (f Finding) Met() bool { return f.Reach >= 1 }

// Got and Ask as a reader wants them.
func (f Finding) Numbers() (got, ask string) {
	return fmt.Sprintf(f.Format, f.Got), fmt.Sprintf(f.Format, f.Ask)
}

// Load reads asks.json.
func Load(path string) (*Table, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t := new(Table)
	if err := json.Unmarshal(data, t); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// Compare gives a finding for each ask that the run has the numbers for, the worst first.
func (t *Table) Compare(r *results.Run) []Finding {
	found := slices.Concat(t.times(r), t.sizes(r), t.memory(r), t.threads(r), t.tails(r), t.python(r))
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Reach, b.Reach) })
	return found
}

// Short keeps the findings whose ask is not reached.
func Short(all []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(all), Finding.Met)
}

func (t *Table) times(r *results.Run) []Finding {
	var found []Finding
	for _, row := range t.Cells {
		for _, kind := range row.Kinds {
			for _, size := range r.Sizes(row.Op) {
				ask := row.Asks[size]
				peer, ok := r.Cell(row.Op, kind, size, row.Peer)
				if !ok || len(ask) == 0 {
					continue
				}
				f := Finding{Cell: fmt.Sprintf("%s %s %s vs %s", row.Op, kind, Size(size), row.Peer), Got: peer.Ratio,
					Ask: ask[0], Reach: peer.Ratio / ask[0], Format: "%.2f×"}
				if len(ask) > 1 {
					f.Stretch = ask[1]
				}
				found = append(found, f)
			}
		}
	}
	return found
}

// sizes compares LZ4 blocks, without the envelope that H does not have.
func (t *Table) sizes(r *results.Run) []Finding {
	var found []Finding
	add := func(op, name string, limit func(size int) float64) {
		for _, kind := range t.SizeOverH.Kinds {
			for _, size := range r.Sizes(op) {
				ours, ok1 := r.Cell(op, kind, size, "ours")
				hand, ok2 := r.Cell(op, kind, size, "H")
				if !ok1 || !ok2 {
					continue
				}
				limit, over := limit(size), ours.Block/hand.Block-1
				found = append(found, Finding{Cell: fmt.Sprintf("%s %s %s vs H", name, kind, Size(size)), Got: over * 100,
					Ask: limit * 100, Reach: (1 + limit) / (1 + over), Format: "%+.2f %%"})
			}
		}
	}
	add("compress", "compressed size", func(size int) float64 {
		if size < 1024 {
			return t.SizeOverH.Below
		}
		return t.SizeOverH.From
	})
	add("compress_level_9", "compressed size at level 9", func(int) float64 { return t.Level9OverH })
	return found
}

func (t *Table) memory(r *results.Run) []Finding {
	var found []Finding
	for _, p := range r.Peak {
		if p.Who == "ours" {
			found = append(found, Finding{Cell: fmt.Sprintf("memory beyond input and output, %s %s", p.Op, Size(p.Size)),
				Got: float64(p.Extra) / (1 << 20), Ask: float64(t.ExtraMemory) / (1 << 20),
				Reach: float64(t.ExtraMemory) / max(float64(p.Extra), 1), Format: "%.1f MiB"})
		}
	}
	return found
}

func (t *Table) threads(r *results.Run) []Finding {
	var found []Finding
	for _, th := range r.Threads {
		if th.Who != "ours" {
			continue
		}
		for handles, rate := range map[string]float64{"a handle each": th.Own, "one handle": th.Shared} {
			scale := rate / th.One
			found = append(found, Finding{Cell: fmt.Sprintf("two threads, %s, %s %s", handles, th.Op, Size(th.Size)), Got: scale,
				Ask: t.TwoThreads, Reach: scale / t.TwoThreads, Format: "%.2f×"})
		}
	}
	slices.SortFunc(found, func(a, b Finding) int { return cmp.Compare(a.Cell, b.Cell) })
	return found
}

func (t *Table) tails(r *results.Run) []Finding {
	tail := map[string]map[string]float64{}
	for _, l := range r.Latency {
		key := fmt.Sprintf("%s %d", l.Op, l.Size)
		if tail[key] == nil {
			tail[key] = map[string]float64{}
		}
		tail[key][l.Who] = l.P999
	}
	var found []Finding
	for _, key := range t.Tail {
		ours, peer := tail[key]["ours"], tail[key]["R"]
		if ours > 0 && peer > 0 {
			found = append(found, Finding{Cell: "p99.9 of " + key + " B vs R", Got: peer / ours, Ask: 1, Reach: peer / ours,
				Format: "%.2f×"})
		}
	}
	return found
}

// python compares with the PyPI package.
func (t *Table) python(r *results.Run) []Finding {
	var found []Finding
	for _, c := range r.Python {
		ask := t.Wheel
		if c.Op == "open_many" && c.Size == 1024 {
			ask = t.WheelBatch
		} else if strings.HasSuffix(c.Op, "_many") {
			continue
		}
		if c.Who == "wheel" {
			found = append(found, Finding{Cell: fmt.Sprintf("Python %s %s %s vs wheel", c.Op, c.Kind, Size(c.Size)), Got: c.Ratio,
				Ask: ask, Reach: c.Ratio / ask, Format: "%.2f×"})
		}
	}
	return found
}

// Size is a byte count as people write it.
func Size(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
