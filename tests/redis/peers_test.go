package redis

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

const (
	testTime    = 2 * time.Minute // for every test and whatever it runs
	installTime = 5 * time.Minute // for what is made once, in build
	root        = "../.."         // of the repository, seen from this package
)

// output runs a command in dir and returns its last line of output with the error.
func output(dir, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), installTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	return text[strings.LastIndexByte(text, '\n')+1:], err
}

// keys is what the environment says of master keys; none is for plain entries.
type keys struct{ current, previous string }

func (k keys) encrypted() bool { return k.current != "" }

func environment(k keys, more ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CACHEKIT_") && !strings.HasPrefix(v, "REDIS_") {
			env = append(env, v)
		}
	}
	if k.encrypted() {
		env = append(env, "CACHEKIT_MASTER_KEY="+k.current)
	}
	if k.previous != "" {
		env = append(env, "CACHEKIT_PREVIOUS_MASTER_KEYS="+k.previous)
	}
	return append(env, more...)
}

// ---- our programs ----

// program is one of the examples.
type program struct {
	name, path string
	addr       func(port int) []string
	seconds    string // the unit of --ttl
}

func programC(t *testing.T) program {
	t.Helper()
	if _, err := output(root, "pkg-config", "--exists", "hiredis"); err != nil {
		need.Missing(t, "hiredis is not installed, or pkg-config does not know it")
	}
	if said, err := buildC(); err != nil {
		t.Fatalf("make build/redis_share: %v: %s", err, said)
	}
	return program{"redis_share", root + "/build/redis_share",
		func(port int) []string { return []string{"--port", fmt.Sprint(port)} }, ""}
}

func programGo(t *testing.T) program {
	t.Helper()
	const dir = root + "/examples/go-redis"
	if said, err := output(dir, "go", "mod", "download"); err != nil {
		need.Missing(t, "the Go client of Redis cannot be downloaded: "+said)
	}
	if said, err := buildGo(); err != nil {
		t.Fatalf("go build: %v: %s", err, said)
	}
	return program{"go-redis", root + "/build/go-redis",
		func(port int) []string { return []string{"--addr", fmt.Sprintf("127.0.0.1:%d", port)} }, "s"}
}

var (
	buildC = sync.OnceValues(func() (string, error) {
		return output(root, "make", "-s", "build/redis_share")
	})
	buildGo = sync.OnceValues(func() (string, error) {
		return output(root+"/examples/go-redis", "go", "build", "-buildvcs=false", "-o", "../../build/go-redis", ".")
	})
)

// eachProgram runs f for the C and for the Go program.
func eachProgram(t *testing.T, f func(*testing.T, program)) {
	t.Run("C", func(t *testing.T) { f(t, programC(t)) })
	t.Run("Go", func(t *testing.T) { f(t, programGo(t)) })
}

// ran is what a run of a program came to.
type ran struct {
	out, err string
	status   int
}

// run runs the program for one operation of the namespace "tests".
func (p program) run(t *testing.T, s *server, k keys, operation string, words ...string) ran {
	t.Helper()
	args := append(p.addr(s.port), "--namespace", "tests", "--operation", operation)
	if k.encrypted() {
		args = append(args, "--encrypted")
	}
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.path, append(args, words...)...)
	cmd.Env = environment(k)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for _, key := range []string{k1, k2} {
		if strings.Contains(out.String()+errs.String(), key) {
			t.Errorf("%s shows a master key", p.name)
		}
	}
	return ran{strings.TrimSuffix(out.String(), "\n"), errs.String(), cmd.ProcessState.ExitCode()}
}

// must is run where nothing may go wrong; it returns what the program printed.
func (p program) must(t *testing.T, s *server, k keys, operation string, words ...string) string {
	t.Helper()
	r := p.run(t, s, k, operation, words...)
	if r.status != 0 {
		t.Fatalf("%s %q: status %d: %s", p.name, words, r.status, r.err)
	}
	return r.out
}

// ---- Python ----

// peer is a Python process with decorated functions, for one state of keys.
type peer struct {
	in  io.Writer
	out *bufio.Scanner
	err *bytes.Buffer
}

func startPeer(t *testing.T, s *server, k keys, more ...string) *peer {
	t.Helper()
	args := []string{"peer.py"}
	if k.encrypted() {
		args = append(args, "encrypted")
	}
	if s.cluster {
		args = append(args, "cluster")
	}
	ctx, stop := context.WithTimeout(context.Background(), testTime)
	cmd := exec.CommandContext(ctx, need.Python(t, "requirements.txt"), args...)
	cmd.Env = environment(k, append(more, fmt.Sprintf("CACHEKIT_REDIS_URL=redis://127.0.0.1:%d", s.port))...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{in: in, out: bufio.NewScanner(out), err: new(bytes.Buffer)}
	p.out.Buffer(nil, 1<<24)
	cmd.Stderr = p.err
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
		stop()
	})
	return p
}

// call makes a call in Python, whose function returns result if it is run. It
// returns whether that was so, and the MessagePack, in hexadecimal digits, of
// what the caller got.
func (p *peer) call(t *testing.T, call, result string) (ran bool, value string) {
	t.Helper()
	command, err := json.Marshal(map[string]string{"call": call, "result": result})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.in.Write(append(command, '\n')); err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Ran   bool
		Value string
	}
	if !p.out.Scan() {
		t.Fatalf("Python ended at %s: %v: %s", call, p.out.Err(), p.err)
	}
	if err := json.Unmarshal(p.out.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Ran, answer.Value
}
