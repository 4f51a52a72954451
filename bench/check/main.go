// Command check compares a result file with asks.json and lists each cell that falls short, the worst first.
// It always exits 0 once it could read its files: a figure, not a gate.
//
//	go run ./check [results/results.json]
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/cachekit-go/cachekit-core/bench/internal/asks"
	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

func main() {
	table := flag.String("asks", "asks.json", "the asks")
	flag.Parse()
	path := "results/results.json"
	if flag.NArg() > 0 {
		path = flag.Arg(0)
	}
	if err := check(*table, path); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

func check(tablePath, runPath string) error {
	table, err := asks.Load(tablePath)
	if err != nil {
		return err
	}
	run, err := results.Load(runPath)
	if err != nil {
		return err
	}
	all := table.Compare(run)
	short := asks.Short(all)
	for _, f := range short {
		got, ask := f.Numbers()
		fmt.Printf("%-58s %9s, asked %9s: short by %4.1f %%\n", f.Cell, got, ask, (1-f.Reach)*100)
	}
	stretch := 0
	for _, f := range all {
		if f.Stretch > 0 && f.Got >= f.Stretch {
			stretch++
		}
	}
	fmt.Printf("%d of %d asks reached, %d of them at the stretch; %d fall short\n", len(all)-len(short), len(all), stretch, len(short))
	return nil
}
