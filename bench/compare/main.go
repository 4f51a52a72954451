// Command compare times two states of this library against each other in one run, taking turns, so that a change's effect shows
// on a noisy machine. Each is a commit (built in a worktree of its own, gone afterwards), "." for the working tree, or a .so file.
//
//	go run ./compare [-ops compress,decompress] [-sizes 64,1024] [-seconds 0.5] OLD NEW
//
// It prints how many times as fast NEW is: above 1, the change helps.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/cachekit-go/cachekit-core/bench/internal/asks"
	"github.com/cachekit-go/cachekit-core/bench/internal/build"
	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

func main() {
	ops := flag.String("ops", "", "operations to time, comma-separated; all without it")
	sizes := flag.String("sizes", "", "payload sizes, comma-separated; all without it")
	seconds := flag.String("seconds", "0.3", "time for one cell")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: compare [flags] OLD NEW")
		flag.PrintDefaults()
		os.Exit(2)
	}
	args := []string{"--cells", "--seconds", *seconds}
	if *ops != "" {
		args = append(args, "--ops", *ops)
	}
	if *sizes != "" {
		args = append(args, "--sizes", *sizes)
	}
	if err := compare(args, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func compare(args []string, before, after string) error {
	harness, err := build.Harness(".")
	if err != nil {
		return err
	}
	for _, side := range []struct{ name, state string }{{"old", before}, {"new", after}} {
		fmt.Fprintf(os.Stderr, "building %s: %s\n", side.name, side.state)
		path, err := library(side.state, "lib"+side.name+".so")
		if err != nil {
			return fmt.Errorf("%s: %w", side.state, err)
		}
		args = append(args, "--lib", side.name+"=cachekit:"+path)
	}
	cmd := exec.Command("./"+harness, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	run := &results.Run{}
	if err := run.Add(bytes.NewReader(out)); err != nil {
		return err
	}
	for _, c := range run.Cells {
		if c.Who != "new" || c.Ratio == 0 {
			continue
		}
		was, _ := run.Cell(c.Op, c.Kind, c.Size, "old")
		size := ""
		if c.Size > 0 {
			size = asks.Size(c.Size)
		}
		fmt.Printf("%-22s %-10s %8s  %12.1f -> %12.1f ns  %.2f×\n", c.Op, c.Kind, size, was.NS, c.NS, 1/c.Ratio)
	}
	return nil
}

func library(state, name string) (string, error) {
	switch {
	case state == ".":
		return build.Ours(".", "..", name)
	case strings.HasSuffix(state, ".so"):
		return build.Copy(".", state, name)
	default:
		return build.Revision(".", state, name)
	}
}
