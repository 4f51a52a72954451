// Command bench answers "is it faster than what I would use instead, on my machine?": it builds the contestants, runs the
// harness, and writes the results.
//
//	go run . -full      everything, into results/, RESULTS.md and the README's table; some ten minutes
//	go run . -quick     the same with less time for each number, into build/quick/; under two minutes
//	go run . -smoke     ours and the hand-glued contestant for a few seconds: do they agree, does everything run?
//	go run . -report    RESULTS.md, pictures and README again from results/results.json, without timing anything
//
// Run it in bench/. Progress goes to stderr.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cachekit-go/cachekit-core/bench/internal/asks"
	"github.com/cachekit-go/cachekit-core/bench/internal/build"
	"github.com/cachekit-go/cachekit-core/bench/internal/report"
	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

// A mode says how long everything may take.
type mode struct {
	seconds float64 // for one cell
	sizes   string  // empty: all
	peak    int     // payload whose memory is measured; 0: not measured
	cold    int     // fresh processes; 0: not measured
	rust    bool
	strict  bool    // every contestant must take part
	python  float64 // seconds for one cell of the Python package
}

var modes = map[string]mode{
	"full":  {seconds: 1.9, peak: 256 << 20, cold: 21, rust: true, python: 0.5},
	"quick": {seconds: 0.2, peak: 64 << 20, cold: 5, rust: true, python: 0.05},
	"smoke": {seconds: 0.01, sizes: "64,1024,65536", peak: 1 << 20, cold: 1, strict: true, python: 0.01},
}

func main() {
	full := flag.Bool("full", false, "everything, into results/, RESULTS.md and the README")
	quick := flag.Bool("quick", false, "less time for each number, into build/quick/")
	smoke := flag.Bool("smoke", false, "a few seconds against the hand-glued contestant; nothing is written")
	rerender := flag.Bool("report", false, "write the reports again from results/results.json")
	ours := flag.String("ours", "", "a library to time instead of building this source tree's")
	flag.Parse()

	var err error
	switch {
	case *full:
		err = bench("full", *ours, ".")
	case *quick:
		err = bench("quick", *ours, filepath.Join(build.Dir, "quick"))
	case *smoke:
		err = bench("smoke", *ours, "")
	case *rerender:
		var run *results.Run
		if run, err = results.Load(filepath.Join("results", "results.json")); err == nil {
			err = write(run, ".")
		}
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// bench runs one mode and writes its results under dir; an empty dir writes nothing.
func bench(name, ours, dir string) error {
	m, start := modes[name], time.Now()
	run := &results.Run{Date: start.UTC().Format(time.DateOnly), Commit: build.Commit("."), Seconds: m.seconds, Machine: build.Machine()}
	harness, libs, err := contestants(run, m, ours)
	if err != nil {
		return err
	}
	args := []string{"--seconds", strconv.FormatFloat(m.seconds, 'f', -1, 64)}
	if m.sizes != "" {
		args = append(args, "--sizes", m.sizes)
	}
	for _, lib := range libs {
		args = append(args, "--lib", lib)
	}
	if err := harnessRun(run, harness, args...); err != nil {
		return err
	}
	if err := processes(run, m, harness, libs); err != nil {
		return err
	}
	if err := python(run, m, libs[0]); err != nil {
		return err
	}
	say("took %s", time.Since(start).Round(time.Second))
	if dir == "" {
		return nil
	}
	return write(run, dir)
}

// contestants builds the harness and every library that can be built; ours must.
func contestants(run *results.Run, m mode, ours string) (harness string, libs []string, err error) {
	say("building the harness and the contestants")
	if harness, err = build.Harness("."); err != nil {
		return "", nil, err
	}
	if ours == "" {
		if ours, err = build.Ours(".", "..", "libours.so"); err != nil {
			return "", nil, err
		}
	}
	libs = []string{"ours=cachekit:" + ours}
	peers := []struct {
		name, api string
		wanted    bool
		build     func(string) (string, error)
	}{
		{"R", "cachekit", m.rust, build.Rust},
		{"H", "hand", true, build.Hand},
	}
	for _, p := range peers {
		if !p.wanted {
			continue
		}
		path, err := p.build(".")
		if err != nil && m.strict {
			return "", nil, fmt.Errorf("%s cannot be built (its packages: see README.md): %w", p.name, err)
		}
		if err != nil {
			say("%s left out, it cannot be built: %v", p.name, err)
			run.Notes = append(run.Notes, results.Note{Who: p.name, Text: "left out, it could not be built here"})
			continue
		}
		libs = append(libs, p.name+"="+p.api+":"+path)
	}
	run.Versions = map[string]string{"R": "0.7.4 from crates.io, its own release profile, features encryption and ffi"}
	if len(libs) < 2 || libs[1][0] != 'R' {
		delete(run.Versions, "R")
	}
	return harness, libs, nil
}

// processes measures what needs a process of its own, with the allocator's defaults.
func processes(run *results.Run, m mode, harness string, libs []string) error {
	say("peak memory and cold start, a process each")
	for _, op := range []string{"compress", "decompress", "encrypt", "decrypt", "keyring_encrypt", "seal", "open", "store", "retrieve"} {
		for _, lib := range libs {
			if err := harnessRun(run, harness, "--peak", op, "--size", strconv.Itoa(m.peak), "--lib", lib); err != nil {
				say("%v", err)
			}
		}
	}
	for range m.cold {
		for _, lib := range libs {
			if err := harnessRun(run, harness, "--cold", "--lib", lib); err != nil {
				return err
			}
		}
	}
	return nil
}

// python times the Python package over our library, the first of the contestants. Where it cannot be built it is left out.
func python(run *results.Run, m mode, ours string) error {
	say("the Python package")
	interpreter, err := build.Python(".", "..")
	if err != nil && m.strict && os.Getenv("CACHEKIT_NO_SKIPS") != "" {
		return err
	}
	if err != nil {
		say("Python left out: %v", err)
		return nil
	}
	_, path, _ := strings.Cut(ours, ":")
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	args := []string{filepath.Join("python", "run.py"), "--json", "--seconds", strconv.FormatFloat(m.python, 'f', -1, 64)}
	if m.sizes != "" {
		args = append(args, "--sizes", m.sizes)
	}
	cmd := exec.Command(interpreter, args...)
	cmd.Env = append(os.Environ(), "CACHEKIT_LIBRARY="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%v: %w", args, err)
	}
	return run.Add(bytes.NewReader(out))
}

func harnessRun(run *results.Run, harness string, args ...string) error {
	cmd := exec.Command("./"+harness, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("harness %v: %w", args, err)
	}
	return run.Add(bytes.NewReader(out))
}

// write puts raw data, pictures and tables under dir, and, beside the committed results, the README's table.
func write(run *results.Run, dir string) error {
	raw := filepath.Join(dir, "results")
	if err := os.MkdirAll(raw, 0o755); err != nil {
		return err
	}
	table, err := asks.Load("asks.json")
	if err != nil {
		return err
	}
	reasons, err := os.ReadFile("reasons.md")
	if err != nil {
		return err
	}
	page, tables := report.Page(run, table.Compare(run), string(reasons)), report.Tables(run)
	err = errors.Join(run.Save(filepath.Join(raw, "results.json")), run.SaveCSV(filepath.Join(raw, "results.csv")),
		report.Plots(run, raw), os.WriteFile(filepath.Join(raw, "tables.md"), []byte(tables), 0o644),
		os.WriteFile(filepath.Join(dir, "RESULTS.md"), []byte(page), 0o644))
	if err != nil {
		return err
	}
	fmt.Print(report.ReadmeTable(run))
	say("%s has everything", filepath.Join(dir, "RESULTS.md"))
	if dir != "." {
		return nil
	}
	done, err := report.UpdateReadme(filepath.Join("..", "README.md"), run)
	if err == nil && !done {
		say("README.md has no place for the table (its marks are missing)")
	}
	return err
}
