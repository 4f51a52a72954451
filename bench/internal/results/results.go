// Package results is what one run of the harness found: read from its output, kept as JSON and CSV.
package results

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
)

// A Cell is one contestant at one operation, kind of payload and size. Times are nanoseconds a call.
type Cell struct {
	Op     string  `json:"op"`
	Kind   string  `json:"kind,omitempty"`
	Size   int     `json:"size,omitempty"`
	Who    string  `json:"who"`
	NS     float64 `json:"ns"`    // median of the rounds
	Min    float64 `json:"min"`   // best round
	Ratio  float64 `json:"ratio"` // median over the rounds of this time / the first contestant's in the same round
	Out    float64 `json:"out"`   // mean length of the result
	Block  float64 `json:"block,omitempty"`
	Rounds int     `json:"rounds"`
	Calls  int     `json:"calls"` // in a round
}

// Latency of single calls, clock reading included, in nanoseconds.
type Latency struct {
	Op    string  `json:"op"`
	Size  int     `json:"size"`
	Who   string  `json:"who"`
	Calls int     `json:"calls"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

// Threads is calls a second by one thread, by two with a handle each, and by two on one handle (0: cannot be shared).
type Threads struct {
	Op     string  `json:"op"`
	Size   int     `json:"size"`
	Who    string  `json:"who"`
	One    float64 `json:"one"`
	Own    float64 `json:"own"`
	Shared float64 `json:"shared"`
}

// Peak is the memory of one call beyond input and output, in bytes.
type Peak struct {
	Op    string `json:"op"`
	Size  int    `json:"size"`
	Who   string `json:"who"`
	Extra int64  `json:"extra"`
}

// Cold is what a fresh process pays, in nanoseconds: loading, two compressions of 1 KiB, handles, one encryption.
type Cold struct {
	Who     string  `json:"who"`
	Load    float64 `json:"load"`
	First   float64 `json:"first"`
	Second  float64 `json:"second"`
	Handles float64 `json:"handles"`
	Encrypt float64 `json:"encrypt"`
}

// An Argument is what ctypes takes for one argument of a call, or for a call that has none, in nanoseconds.
type Argument struct {
	What string  `json:"what"`
	NS   float64 `json:"ns"`
}

// A Note says that a contestant was left out, of one operation or of all, or what stood in for it.
type Note struct {
	Op   string `json:"op,omitempty"`
	Who  string `json:"who"`
	Text string `json:"text"`
}

// Machine is what a reader needs to judge the numbers, and nothing that identifies the host.
type Machine struct {
	CPU       string   `json:"cpu"`
	CPUs      int      `json:"cpus"`
	Features  []string `json:"features"`
	Kernel    string   `json:"kernel"`
	Compilers []string `json:"compilers"`
	Load      string   `json:"load"` // load average over a minute when the run began
}

// Run is everything of one run.
type Run struct {
	Date     string            `json:"date"`
	Commit   string            `json:"commit"`
	Seconds  float64           `json:"seconds_per_cell"`
	Machine  Machine           `json:"machine"`
	Env      map[string]string `json:"allocator"`
	Versions map[string]string `json:"versions"`
	Notes    []Note            `json:"notes"`
	Cells    []Cell            `json:"cells"`
	Latency  []Latency         `json:"latency"`
	Threads  []Threads         `json:"threads"`
	Peak     []Peak            `json:"peak"`
	Cold     []Cold            `json:"cold"`
	Python   []Cell            `json:"python,omitempty"` // of bench/python: ours, ctypes, wheel
	Ctypes   []Argument        `json:"ctypes,omitempty"`
}

// Add reads the output of the harness or of bench/python, one JSON object a line, into r.
func (r *Run) Add(output io.Reader) error {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if err := r.addLine(lines.Bytes()); err != nil {
			return fmt.Errorf("output %q: %w", lines.Text(), err)
		}
	}
	return lines.Err()
}

func (r *Run) addLine(line []byte) error {
	var head struct{ T, Name, Value, Who, Version string }
	if err := json.Unmarshal(line, &head); err != nil {
		return err
	}
	switch head.T {
	case "env":
		if r.Env == nil {
			r.Env = map[string]string{}
		}
		r.Env[head.Name] = head.Value
		return nil
	case "lib":
		if r.Versions == nil {
			r.Versions = map[string]string{}
		}
		if head.Version != "" || r.Versions[head.Who] == "" {
			r.Versions[head.Who] = head.Version
		}
		return nil
	case "note":
		return appendTo(&r.Notes, line)
	case "cell":
		return appendTo(&r.Cells, line)
	case "latency":
		return appendTo(&r.Latency, line)
	case "threads":
		return appendTo(&r.Threads, line)
	case "peak":
		return appendTo(&r.Peak, line)
	case "cold":
		return appendTo(&r.Cold, line)
	case "python":
		return appendTo(&r.Python, line)
	case "ctypes":
		return appendTo(&r.Ctypes, line)
	}
	return fmt.Errorf("unknown type %q", head.T)
}

func appendTo[T any](list *[]T, line []byte) error {
	var item T
	err := json.Unmarshal(line, &item)
	*list = append(*list, item)
	return err
}

// Cell finds one cell.
func (r *Run) Cell(op, kind string, size int, who string) (Cell, bool) {
	i := slices.IndexFunc(r.Cells, func(c Cell) bool {
		return c.Op == op && c.Kind == kind && c.Size == size && c.Who == who
	})
	if i < 0 {
		return Cell{}, false
	}
	return r.Cells[i], true
}

// Ops lists the operations in the order of the run.
func (r *Run) Ops() []string {
	return distinct(r.Cells, func(c Cell) (string, bool) { return c.Op, true })
}

// Kinds lists the kinds of payload that an operation was timed with.
func (r *Run) Kinds(op string) []string {
	return distinct(r.Cells, func(c Cell) (string, bool) { return c.Kind, c.Op == op })
}

// Sizes lists the payload sizes that an operation was timed with.
func (r *Run) Sizes(op string) []int {
	return distinct(r.Cells, func(c Cell) (int, bool) { return c.Size, c.Op == op && c.Size > 0 })
}

// Contestants lists who took part, ours first.
func (r *Run) Contestants() []string {
	all := []string{}
	for _, who := range []string{"ours", "R", "H"} {
		if _, ok := r.Versions[who]; ok {
			all = append(all, who)
		}
	}
	return all
}

func distinct[T comparable](cells []Cell, key func(Cell) (T, bool)) []T {
	var all []T
	for _, c := range cells {
		if k, ok := key(c); ok && !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	return all
}

// Load reads a file that Save wrote.
func Load(path string) (*Run, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Run)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Save writes r as JSON.
func (r *Run) Save(path string) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// SaveCSV writes the cells, one a row.
func (r *Run) SaveCSV(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	w.Write([]string{"op", "kind", "size", "who", "ns", "min_ns", "ratio", "out_bytes", "rounds", "calls"})
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for _, c := range r.Cells {
		w.Write([]string{c.Op, c.Kind, strconv.Itoa(c.Size), c.Who, number(c.NS), number(c.Min), number(c.Ratio),
			number(c.Out), strconv.Itoa(c.Rounds), strconv.Itoa(c.Calls)})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return f.Close()
}
