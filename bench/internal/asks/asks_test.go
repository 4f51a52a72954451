package asks

import (
	"math"
	"testing"

	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

func TestAsksCoverTheDesignsTable(t *testing.T) {
	table, err := Load("../../asks.json")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, row := range table.Cells {
		for size, ask := range row.Asks {
			count += len(row.Kinds)
			if len(ask) < 1 || len(ask) > 2 || ask[0] <= 0 || (len(ask) == 2 && ask[1] < ask[0]) {
				t.Errorf("%s vs %s at %d: %v is no ask and stretch", row.Op, row.Peer, size, ask)
			}
		}
	}
	// Two kinds of payload: compress vs R and H, decompress vs R (7 sizes), vs H (5), three levels (5). One: encrypt, decrypt, keyring (7); batches vs R and H (6 rows of 3); random (8 each).
	if want := 2*(7+7+7+5+3*5) + 3*7 + 6*3 + 2*8; count != want {
		t.Errorf("%d asks, want %d", count, want)
	}
}

func TestCompareSaysWhatFallsShort(t *testing.T) {
	table, err := Load("../../asks.json")
	if err != nil {
		t.Fatal(err)
	}
	cell := func(op, kind, who string, size int, ratio, block float64) results.Cell {
		return results.Cell{Op: op, Kind: kind, Who: who, Size: size, Ratio: ratio, Block: block}
	}
	run := &results.Run{
		Cells: []results.Cell{
			cell("compress", "json", "ours", 1024, 1, 501), cell("compress", "json", "R", 1024, 1.2, 0), cell("compress", "json", "H", 1024, 0.5, 500),
			cell("compress_level_9", "json", "ours", 4096, 1, 1010), cell("compress_level_9", "json", "H", 4096, 1.1, 1000),
			cell("encrypt", "json", "ours", 64, 1, 0), cell("encrypt", "json", "R", 64, 1.17, 0),
		},
		Python: []results.Cell{cell("store", "json", "ours", 64, 1, 0), cell("store", "json", "wheel", 64, 1.3, 0),
			cell("store", "json", "ctypes", 64, 9, 0), cell("open_many", "json", "wheel", 1024, 1.4, 0), cell("open_many", "json", "wheel", 64, 3, 0)},
		Threads: []results.Threads{{Op: "encrypt", Size: 1024, Who: "ours", One: 100, Own: 190, Shared: 90}},
		Peak:    []results.Peak{{Op: "store", Size: 1 << 28, Who: "ours", Extra: 32 << 20}, {Op: "store", Size: 1 << 28, Who: "R", Extra: 1 << 30}},
		Latency: []results.Latency{{Op: "encrypt", Size: 1024, Who: "ours", P999: 400}, {Op: "encrypt", Size: 1024, Who: "R", P999: 500}},
	}
	want := []struct {
		cell  string
		reach float64
	}{
		{"compress json 1 KiB vs H", 0.5},
		{"memory beyond input and output, store 256 MiB", 0.5},
		{"two threads, one handle, encrypt 1 KiB", 0.5},
		{"Python open_many json 1 KiB vs wheel", 0.7},
		{"encrypt json 64 B vs R", 0.9},
		{"compressed size at level 9 json 4 KiB vs H", 1.005 / 1.01},
		{"compressed size json 1 KiB vs H", 1},
		{"two threads, a handle each, encrypt 1 KiB", 1.9 / 1.8},
		{"compress_level_9 json 4 KiB vs H", 1.1},
		{"compress json 1 KiB vs R", 1.2},
		{"p99.9 of encrypt 1024 B vs R", 1.25},
		{"Python store json 64 B vs wheel", 1.3},
	}
	found := table.Compare(run)
	if len(found) != len(want) {
		t.Fatalf("%d findings, want %d: %+v", len(found), len(want), found)
	}
	for i, f := range found {
		if f.Cell != want[i].cell || math.Abs(f.Reach-want[i].reach) > 1e-9 {
			t.Errorf("finding %d: %q reaches %.3f, want %q and %.3f", i, f.Cell, f.Reach, want[i].cell, want[i].reach)
		}
	}
	if short := Short(found); len(short) != 6 {
		t.Errorf("%d fall short, want 6: %+v", len(short), short)
	}
}
