package redis

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

var buildCacheAside = sync.OnceValues(func() (string, error) {
	return output(root, "make", "-s", "build/cache_aside")
})

func cacheAside(t *testing.T) (path string) {
	t.Helper()
	if _, err := output(root, "pkg-config", "--exists", "hiredis"); err != nil {
		need.Missing(t, "hiredis is not installed, or pkg-config does not know it")
	}
	if said, err := buildCacheAside(); err != nil {
		t.Fatalf("make build/cache_aside: %v: %s", err, said)
	}
	path, err := filepath.Abs(root + "/build/cache_aside")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// aside is a running cache_aside.
type aside struct {
	socket, log string
	process     *os.Process
	wait        func() error // until it has ended
}

// folder is a folder whose name is short enough for a socket.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "aside")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// startAside starts cache_aside for a Redis at port and waits until it listens.
func startAside(t *testing.T, port int, k keys, more ...string) *aside {
	t.Helper()
	dir := folder(t)
	a := &aside{socket: dir + "/socket", log: dir + "/log"}
	ctx, stop := context.WithTimeout(context.Background(), testTime)
	cmd := exec.CommandContext(ctx, cacheAside(t), "--port", strconv.Itoa(port), "--log", a.log, a.socket)
	cmd.Env = environment(k, more...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.process, a.wait = cmd.Process, cmd.Wait
	t.Cleanup(func() {
		a.end(t)
		stop()
	})
	until(t, "it listens", func() bool {
		// The file alone is not enough: it is there before the server listens.
		conn, err := net.Dial("unix", a.socket)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return a
}

// until polls, for what no event tells.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(testTime / 4)
	for !holds() {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// end ends the process, which must say that all is well and leave no socket.
func (a *aside) end(t *testing.T) {
	t.Helper()
	if a.wait == nil {
		return
	}
	if err := a.process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := a.wait(); err != nil {
		t.Errorf("cache_aside: %v: %s", err, a.said(t))
	}
	a.wait = nil
	if _, err := os.Stat(a.socket); err == nil {
		t.Error("the socket is left")
	}
	for _, key := range []string{k1, k2} {
		if strings.Contains(a.said(t), key) {
			t.Error("the log shows a master key")
		}
	}
}

func (a *aside) said(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(a.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ask sends one line and returns as many as it has ids. It asks for nobody behind them:
// when that is answered, the entries of the others are in Redis.
func (a *aside) ask(t testing.TB, line string) []string {
	conn, err := net.Dial("unix", a.socket)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, line+"\n0\n"); err != nil {
		t.Error(err)
		return nil
	}
	var answers []string
	lines := bufio.NewScanner(conn)
	for range len(strings.Fields(line)) + 1 {
		if !lines.Scan() {
			t.Errorf("%.40q: %d answers, then %v", line, len(answers), lines.Err())
			return answers
		}
		answers = append(answers, lines.Text())
	}
	if last := answers[len(answers)-1]; last != "null" {
		t.Errorf("nobody is %q", last)
	}
	return answers[:len(answers)-1]
}

func user(id int) string {
	if id < 1 || id > 1_000_000 {
		return "null"
	}
	return fmt.Sprintf(`{"id":%d,"name":"user-%d","role":"%s"}`, id, id, []string{"reader", "writer", "admin"}[id%3])
}

// wantUsers asks for users and checks that they are right.
func (a *aside) wantUsers(t testing.TB, ids ...int) {
	t.Helper()
	line := strings.Trim(fmt.Sprint(ids), "[]")
	for i, got := range a.ask(t, line) {
		if got != user(ids[i]) {
			t.Errorf("user %d is %s", ids[i], got)
		}
	}
}

// metrics has it print metrics and returns them by their names, with labels as they are.
func (a *aside) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	const last = "\ncache_aside_rotations_total "
	before := strings.Count(a.said(t), last)
	if err := a.process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	var text string
	until(t, "metrics are printed", func() bool {
		text = a.said(t)
		return strings.Count(text, last) > before && strings.HasSuffix(text, "\n")
	})
	if i := strings.LastIndex(text, "# HELP cachekit_operations_total"); i >= 0 {
		text = text[i:]
	}
	found := map[string]float64{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z_]+(?:\{.*\})?) (\S+)$`).FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		found[m[1]] = value
	}
	if len(found) != 30+5 {
		t.Errorf("%d metrics in\n%s", len(found), text)
	}
	return found
}

// counts are the program's own metrics.
type counts struct{ hits, misses, damaged, resealed, rotations int }

func (a *aside) counts(t *testing.T) counts {
	t.Helper()
	m := a.metrics(t)
	n := func(name string) int { return int(m["cache_aside_"+name+"_total"]) }
	return counts{n("hits"), n("misses"), n("damaged"), n("resealed"), n("rotations")}
}

func wantCounts(t *testing.T, got, want counts) {
	t.Helper()
	if got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

func upTo(n int) (ids []int) {
	for i := range n {
		ids = append(ids, i+1)
	}
	return ids
}

func TestCacheAside(t *testing.T) {
	s := startServer(t)
	a := startAside(t, s.port, keys{current: k1})
	a.wantUsers(t, upTo(100)...)
	a.wantUsers(t, 50, 1, 1, 1_000_000, 1_000_001, 0, 100)
	// Nobody, who is asked for behind each line, is a miss too.
	wantCounts(t, a.counts(t), counts{hits: 4, misses: 100 + 1 + 3 + 1})
	if n := s.must(t, "DBSIZE"); n != "101" {
		t.Errorf("%s entries in Redis", n)
	}
	if ttl, err := strconv.Atoi(s.must(t, "TTL", "users:1")); err != nil || ttl < 200 || ttl > 300 {
		t.Errorf("an entry lives for %d s, %v", ttl, err)
	}
	if entry := s.must(t, "GET", "users:1"); strings.Contains(entry, "user-1") {
		t.Errorf("an entry shows the user: %q", entry)
	}
	m := a.metrics(t)
	for name, want := range map[string]float64{
		`cachekit_operations_total{name="default",operation="store"}`:    101,
		`cachekit_operations_total{name="default",operation="retrieve"}`: 4,
		`cachekit_errors_total{name="default",operation="decrypt"}`:      0,
	} {
		if got, ok := m[name]; !ok || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}

	for _, line := range []string{"x", "1 x", "-1", "1,2", "0x1", "99999999999999999999999", strings.Repeat("1 ", 129), "1 2\x00 3 4"} {
		conn, err := net.Dial("unix", a.socket)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(conn, line)
		if answer, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(answer, "error: ") {
			t.Errorf("%.20q: %q, %v", line, answer, err)
		}
		conn.Close()
	}
	conn, err := net.Dial("unix", a.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go io.WriteString(conn, strings.Repeat("1", 1<<16)) // it hangs up
	if answer, err := io.ReadAll(conn); !strings.HasPrefix(string(answer), "error: ") {
		t.Errorf("a line too long: %q, %v", answer, err)
	}
	a.wantUsers(t, upTo(128)...)
}

// TestDamagedEntriesAreMisses proves that nothing that is put into the cache becomes an
// answer or ends the server, and that it is replaced.
func TestDamagedEntriesAreMisses(t *testing.T) {
	s := startServer(t)
	a := startAside(t, s.port, keys{current: k1})
	ids := upTo(100)
	a.wantUsers(t, ids...)
	entry := func(id int) string { return s.must(t, "GET", fmt.Sprintf("users:%d", id)) }
	set := func(id int, value string) { s.must(t, "SET", fmt.Sprintf("users:%d", id), value) }

	master, err := hex.DecodeString(k1)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := encryption.NewTenantKeyring(master, nil, []byte(encryption.DefaultTenant))
	if err != nil {
		t.Fatal(err)
	}
	strangers, err := encryption.NewTenantKeyring(master, nil, []byte("another"))
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(k *encryption.TenantKeyring, id int, value []byte, format string) string {
		out, err := k.Seal(fmt.Appendf(nil, "users:%d", id), value, format)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	flipped := []byte(entry(1))
	flipped[len(flipped)/2] ^= 1
	damage := []string{
		string(flipped),
		entry(20),                     // of another user
		entry(3)[:len(entry(3))-1],    // truncated
		entry(4) + "\x00",             // longer
		"",                            // empty
		user(6),                       // not sealed
		entry(7)[:28],                 // a nonce and a tag
		strings.Repeat("\x00", 1<<20), // large
		sealed(strangers, 9, []byte("x"), "json"),
		sealed(ours, 10, []byte("x"), "msgpack"),
		sealed(ours, 11, make([]byte, 100_000), "json"), // authentic, and more than a user can have
		sealed(ours, 12, make([]byte, 257), "json"),
	}
	for i, value := range damage {
		set(i+1, value)
	}
	s.must(t, "DEL", "users:13", "users:14")
	s.must(t, "LPUSH", "users:13", user(13)) // of another type: MGET has none
	a.wantUsers(t, ids...)
	first := counts{hits: 100 - len(damage) - 2, misses: 100 + len(damage) + 2 + 2, damaged: len(damage)}
	wantCounts(t, a.counts(t), first)

	// All are as they were.
	a.wantUsers(t, ids...)
	first.hits, first.misses = first.hits+100, first.misses+1
	wantCounts(t, a.counts(t), first)

	// A bit of one entry after the other.
	whole := entry(1)
	for bit := range 8 * len(whole) {
		damaged := []byte(whole)
		damaged[bit/8] ^= 1 << (bit % 8)
		set(1, string(damaged))
		a.wantUsers(t, 1, 2)
	}
	first.hits, first.misses, first.damaged = first.hits+8*len(whole), first.misses+2*8*len(whole), first.damaged+8*len(whole)
	wantCounts(t, a.counts(t), first)
	if said := a.said(t); strings.Contains(said, "cache_aside: ") {
		t.Errorf("it complained: %s", said)
	}
}

// TestMasterKeyIsReplaced tells how: k1, then k2 with k1 to decrypt only, which seals
// again what it reads, then k2 alone.
func TestMasterKeyIsReplaced(t *testing.T) {
	s := startServer(t)
	ids := upTo(60)
	before := startAside(t, s.port, keys{current: k1})
	before.wantUsers(t, ids...)
	before.end(t)

	during := startAside(t, s.port, keys{current: k2, previous: k1})
	during.wantUsers(t, ids...)
	wantCounts(t, during.counts(t), counts{hits: 60, misses: 1, resealed: 60})
	during.wantUsers(t, ids...)
	wantCounts(t, during.counts(t), counts{hits: 120, misses: 2, resealed: 60})
	during.end(t)

	after := startAside(t, s.port, keys{current: k2})
	after.wantUsers(t, ids...)
	wantCounts(t, after.counts(t), counts{hits: 60, misses: 1})
	after.end(t)

	lost := startAside(t, s.port, keys{current: k1})
	lost.wantUsers(t, ids...)
	wantCounts(t, lost.counts(t), counts{misses: 61, damaged: 60})
}

// preload is a library that warns of rotation whatever is encrypted.
func preload(t *testing.T) string {
	t.Helper()
	compiler := need.Program(t, "cc")
	path := folder(t) + "/warns.so"
	if said, err := output(".", compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"+root+"/include",
		"-shared", "-fPIC", "../warns.c", "-o", path, "-ldl"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return path
}

// TestKeyringIsReplaced proves that a warning makes a new keyring, once, which goes on
// with the same keys under an instance id of its own.
func TestKeyringIsReplaced(t *testing.T) {
	s := startServer(t)
	a := startAside(t, s.port, keys{current: k1}, "LD_PRELOAD="+preload(t))
	instances := map[string]bool{}
	for i := range 10 {
		a.wantUsers(t, 1000+i)
		instances[s.must(t, "GET", fmt.Sprintf("users:%d", 1000+i))[:8]] = true
	}
	a.wantUsers(t, 1000, 1003, 1006, 1009)
	wantCounts(t, a.counts(t), counts{hits: 4, misses: 10 + 11, rotations: 10})
	if len(instances) != 10 {
		t.Errorf("%d instances in 10 entries", len(instances))
	}
}

// TestManyClients asks from many sides, while entries are damaged and keyrings are
// replaced all the time.
func TestManyClients(t *testing.T) {
	s := startServer(t)
	a := startAside(t, s.port, keys{current: k1}, "LD_PRELOAD="+preload(t))
	const clients, rounds, users = 8, 60, 300
	done := make(chan bool)
	go func() {
		defer close(done)
		rng := rand.New(rand.NewPCG(1, 2))
		for range 2000 {
			s.must(t, "SETRANGE", fmt.Sprintf("users:%d", 1+rng.IntN(users)), strconv.Itoa(rng.IntN(60)), "x")
		}
	}()
	var wait sync.WaitGroup
	for c := range clients {
		wait.Go(func() {
			rng := rand.New(rand.NewPCG(3, uint64(c)))
			for range rounds {
				ids := make([]int, 1+rng.IntN(40))
				for i := range ids {
					ids[i] = 1 + rng.IntN(users)
				}
				a.wantUsers(t, ids...)
			}
		})
	}
	wait.Wait()
	<-done
	if c := a.counts(t); c.hits == 0 || c.damaged == 0 || c.rotations < 10 {
		t.Errorf("counted %+v: that was no test", c)
	}
}

// TestWithoutRedis proves that the cache is a help and no need.
func TestWithoutRedis(t *testing.T) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		need.Missing(t, "redis-server is not installed")
	}
	port := freePort(t)
	a := startAside(t, port, keys{current: k1})
	a.wantUsers(t, 1, 2, 3)
	a.wantUsers(t, 1, 2, 3)
	wantCounts(t, a.counts(t), counts{misses: 8})
	if n := strings.Count(a.said(t), "cache_aside: Redis: "); n < 1 || n > 4 {
		t.Errorf("it complained %d times, and has 4 threads:\n%s", n, a.said(t))
	}
	if err := launch(t, path, port, nil); err != nil {
		t.Fatal(err)
	}
	a.wantUsers(t, 1, 2, 3)
	a.wantUsers(t, 1, 2, 3)
	wantCounts(t, a.counts(t), counts{hits: 3, misses: 8 + 3 + 2})

	// Gone amid a connection, and one that gives no strings.
	s := connect(t, port)
	s.must(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	a.wantUsers(t, 1, 2, 3)
	s.must(t, "CONFIG", "SET", "maxmemory", "1")
	a.wantUsers(t, 4, 5, 6)
	s.must(t, "CONFIG", "SET", "maxmemory", "0")
	s.must(t, "CONFIG", "SET", "requirepass", "secret")
	a.wantUsers(t, 4, 5, 6)
}

// TestCacheAsideAsADaemon proves that it forks before it calls the library, tells its
// parent how that went, and keeps nothing of the terminal.
func TestCacheAsideAsADaemon(t *testing.T) {
	s := startServer(t)
	dir := folder(t)
	a := &aside{socket: dir + "/socket", log: dir + "/log"}
	start := func(k keys, options ...string) (out string, said string, err error) {
		var stdout, stderr bytes.Buffer
		ctx, stop := context.WithTimeout(t.Context(), testTime)
		defer stop()
		cmd := exec.CommandContext(ctx, cacheAside(t), append([]string{"-d", "--port", strconv.Itoa(s.port)}, options...)...)
		cmd.Env = environment(k)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr // Run waits until the daemon has closed them
		err = cmd.Run()
		return stdout.String(), stderr.String(), err
	}
	out, said, err := start(keys{current: k1}, "--log", a.log, a.socket)
	pid, notANumber := strconv.Atoi(strings.TrimSuffix(out, "\n"))
	if err != nil || notANumber != nil || said != "" {
		t.Fatalf("%v: %q, %q", err, out, said)
	}
	if a.process, err = os.FindProcess(pid); err != nil {
		t.Fatal(err)
	}
	a.wait = func() error { // it is no child of ours
		until(t, "the daemon has ended", func() bool { return !alive(pid) })
		return nil
	}
	t.Cleanup(func() { a.end(t) })
	a.wantUsers(t, upTo(20)...)
	a.wantUsers(t, upTo(20)...)
	wantCounts(t, a.counts(t), counts{hits: 20, misses: 22})
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	if fields := strings.Fields(string(stat)); fields[3] == strconv.Itoa(os.Getpid()) || fields[5] != strconv.Itoa(pid) || fields[6] != "0" {
		t.Errorf("parent %s, session %s, terminal %s", fields[3], fields[5], fields[6])
	}
	for fd, want := range []string{"/dev/null", "/dev/null", a.log} {
		if got, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); err != nil || got != want {
			t.Errorf("descriptor %d is %s, %v", fd, got, err)
		}
	}
	if got, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || got != "/" {
		t.Errorf("it is in %s, %v", got, err)
	}

	other := dir + "/other"
	for name, c := range map[string]struct {
		k       keys
		options []string
		why     string
	}{
		"no key":             {keys{}, []string{other}, "the keys in the environment: invalid input: CACHEKIT_MASTER_KEY is not set"},
		"a key too short":    {keys{current: k1[:62]}, []string{other}, "the keys in the environment: invalid key length: CACHEKIT_MASTER_KEY: 62 digits"},
		"a socket in use":    {keys{current: k1}, []string{a.socket}, "is there"},
		"no such folder":     {keys{current: k1}, []string{dir + "/none/socket"}, "No such file"},
		"a relative path":    {keys{current: k1}, []string{"socket"}, "absolute"},
		"a path too long":    {keys{current: k1}, []string{"/" + strings.Repeat("x", 200)}, "too long"},
		"a log in no folder": {keys{current: k1}, []string{"--log", dir + "/none/log", other}, "No such file"},
	} {
		out, said, err := start(c.k, c.options...)
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 || out != "" || !strings.Contains(said, c.why) {
			t.Errorf("%s: %v, %q, %q", name, err, out, said)
		}
	}
	a.wantUsers(t, upTo(20)...) // as before
}

// alive is false of a zombie too, which nobody may be there to bury.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}
