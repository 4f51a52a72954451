package redis

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// webExamples start the web programs of examples for a Redis at port, each under a
// server that loads it and then forks workers.
var webExamples = map[string]func(t *testing.T, port int, k keys) *app{
	"Python": startPython,
	"Ruby":   startRuby,
}

const webWorkers = 4

func startPython(t *testing.T, port int, k keys) *app {
	t.Helper()
	return startApp(t, port, k, func(socket string) []string {
		return []string{need.Python(t, "requirements.txt"), "-m", "gunicorn", "--chdir", absolute(t, "examples/python"), "--preload",
			"--workers", strconv.Itoa(webWorkers), "--threads", "4", "--bind", "unix:" + socket, "cache_aside:app"}
	}, "PYTHONPATH="+absolute(t, "bindings/python/src"), "PYTHONDONTWRITEBYTECODE=1")
}

func startRuby(t *testing.T, port int, k keys) *app {
	t.Helper()
	if exec.Command(need.Ruby(t), "-e", `require "redis"; require "msgpack"`).Run() != nil {
		need.Missing(t, "Ruby lacks the gems redis and msgpack")
	}
	return startApp(t, port, k, func(socket string) []string {
		example := absolute(t, "examples/ruby")
		return []string{need.Program(t, "puma"), "--config", example + "/puma.rb", "--bind", "unix://" + socket, example + "/config.ru"}
	})
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(root + "/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// app is a web program that runs.
type app struct {
	client *http.Client
	end    func()
}

// startApp starts the server whose command line is for a socket, and waits until it
// answers.
func startApp(t *testing.T, port int, k keys, server func(socket string) []string, more ...string) *app {
	t.Helper()
	socket := folder(t) + "/socket"
	args := server(socket)
	ctx, stop := context.WithTimeout(context.Background(), testTime)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = environment(k, append(more, "CACHEKIT_LIBRARY="+need.Library(t)+"/libcachekit_core.so",
		fmt.Sprintf("REDIS_URL=redis://127.0.0.1:%d", port))...)
	said := new(bytes.Buffer) // to be read when it has ended
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	a := &app{
		client: &http.Client{Timeout: testTime / 4, Transport: &http.Transport{
			// A connection for each request, lest one worker get all of them.
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			},
		}},
		end: sync.OnceFunc(func() {
			cmd.Process.Signal(syscall.SIGTERM)
			<-ended // at the latest when the time is over
			stop()
			if t.Failed() {
				t.Logf("the server said: %s", said)
			}
			for _, key := range []string{k1, k2} {
				if strings.Contains(said.String(), key) {
					t.Error("the log shows a master key")
				}
			}
		}),
	}
	t.Cleanup(a.end)
	until(t, "the server answers", func() bool {
		select {
		case <-ended:
			t.Fatalf("the server ended: %s", said)
		default:
		}
		response, err := a.client.Get("http://app/metrics")
		if err == nil {
			response.Body.Close()
		}
		return err == nil
	})
	return a
}

func (a *app) get(t testing.TB, path string) (status int, text string) {
	t.Helper()
	response, err := a.client.Get("http://app" + path)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(body)
}

// users asks for users and returns the answer, which is one line of JSON.
func (a *app) users(t testing.TB, ids ...int) string {
	t.Helper()
	status, text := a.get(t, "/users?id="+strings.Join(strings.Fields(strings.Trim(fmt.Sprint(ids), "[]")), "&id="))
	if status != http.StatusOK {
		t.Errorf("status %d: %s", status, text)
	}
	return strings.TrimSuffix(text, "\n")
}

func (a *app) wantUsers(t testing.TB, ids ...int) {
	t.Helper()
	var want []string
	for _, id := range ids {
		want = append(want, user(id))
	}
	if got := a.users(t, ids...); got != "["+strings.Join(want, ",")+"]" {
		t.Errorf("the users %v are %s", ids, got)
	}
}

var workerCount = regexp.MustCompile(`(?m)^cachekit_cache_([a-z]+)_total\{name="worker-(\d+)"\} (\d+)$`)

// counts asks for metrics until all workers have told theirs, and adds them up.
func (a *app) counts(t *testing.T) counts {
	t.Helper()
	workers := map[string]map[string]int{}
	until(t, "all workers have told their metrics", func() bool {
		_, text := a.get(t, "/metrics")
		found := workerCount.FindAllStringSubmatch(text, -1)
		if len(found) != 5 || !strings.Contains(text, `cachekit_operations_total{name="worker-`) {
			t.Fatalf("metrics are %s", text)
		}
		for _, m := range found {
			n, err := strconv.Atoi(m[3])
			if err != nil {
				t.Fatal(err)
			}
			if workers[m[2]] == nil {
				workers[m[2]] = map[string]int{}
			}
			workers[m[2]][m[1]] = n
		}
		return len(workers) == webWorkers
	})
	var sum counts
	for _, w := range workers {
		sum.hits += w["hits"]
		sum.misses += w["misses"]
		sum.damaged += w["damaged"]
		sum.resealed += w["resealed"]
	}
	return sum
}

func userKey(t *testing.T, id int) string {
	t.Helper()
	key, err := interop.Key("users", "get_user", id)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// opened opens an entry with the Go package and one master key.
func opened(t *testing.T, master, key, entry string) (document []byte, err error) {
	t.Helper()
	raw, err := hex.DecodeString(master)
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := encryption.NewTenantKeyring(raw, nil, []byte(encryption.DefaultTenant))
	if err != nil {
		t.Fatal(err)
	}
	document, _, err = keyring.OpenInterop(key, []byte(entry))
	return document, err
}

func TestWebExamples(t *testing.T) {
	for language, start := range webExamples {
		t.Run(language, func(t *testing.T) {
			s := startServer(t)
			a := start(t, s.port, keys{current: k1})
			a.wantUsers(t, upTo(100)...)
			a.wantUsers(t, 50, 1, 1, 1_000_000, 1_000_001, 0, 100)
			wantCounts(t, a.counts(t), counts{hits: 3, misses: 100 + 3})
			if n := s.must(t, "DBSIZE"); n != "101" {
				t.Errorf("%s entries in Redis", n)
			}
			if ttl, err := strconv.Atoi(s.must(t, "TTL", userKey(t, 1))); err != nil || ttl < 200 || ttl > 300 {
				t.Errorf("an entry lives for %d s, %v", ttl, err)
			}
			if entry := s.must(t, "GET", userKey(t, 1)); strings.Contains(entry, "user-1") {
				t.Errorf("an entry shows the user: %q", entry)
			}
			for _, query := range []string{"", "?id=", "?id=x", "?id=-1", "?id=1&id=x", "?id=1.0", "?id=1%0A", "?id=%D9%A1", "?id=%",
				"?id=" + strings.Repeat("9", 20), "?" + strings.Repeat("id=1&", 129)} {
				if status, text := a.get(t, "/users"+query); status != http.StatusBadRequest || !strings.Contains(text, "error") {
					t.Errorf("%.20q: %d, %s", query, status, text)
				}
			}
			if status, _ := a.get(t, "/elsewhere"); status != http.StatusNotFound {
				t.Errorf("status %d for a path that there is not", status)
			}

			// Many clients, while entries are damaged.
			var clients sync.WaitGroup
			for range 8 {
				clients.Go(func() {
					for range 10 {
						a.wantUsers(t, upTo(100)...)
					}
				})
			}
			for i := range 200 {
				s.must(t, "SETRANGE", userKey(t, 1+i%100), "20", strconv.Itoa(i))
			}
			clients.Wait()
			a.wantUsers(t, upTo(100)...)

			before := a.counts(t)
			flipped := []byte(s.must(t, "GET", userKey(t, 1)))
			flipped[20] ^= 1
			s.must(t, "SET", userKey(t, 1), string(flipped))
			s.must(t, "SET", userKey(t, 2), s.must(t, "GET", userKey(t, 3)))
			s.must(t, "SET", userKey(t, 4), user(4))
			a.wantUsers(t, 1, 2, 3, 4)
			if n := a.counts(t).damaged - before.damaged; before.damaged == 0 || n != 3 {
				t.Errorf("%d and %d entries were damaged, want some and 3", before.damaged, n)
			}
			for _, id := range []int{1, 2, 3, 4} {
				document, err := opened(t, k1, userKey(t, id), s.must(t, "GET", userKey(t, id)))
				if err != nil || !bytes.Contains(document, fmt.Appendf(nil, "user-%d", id)) {
					t.Errorf("user %d is %q, %v", id, document, err)
				}
			}
		})
	}
}

// TestWebExamplesGetANewMasterKey tells how: k1, then k2 with k1 to decrypt only,
// which seals again what it reads, then k2 alone.
func TestWebExamplesGetANewMasterKey(t *testing.T) {
	for language, start := range webExamples {
		t.Run(language, func(t *testing.T) {
			s := startServer(t)
			ids := upTo(60)
			before := start(t, s.port, keys{current: k1})
			before.wantUsers(t, ids...)
			before.end()

			during := start(t, s.port, keys{current: k2, previous: k1})
			during.wantUsers(t, ids...)
			wantCounts(t, during.counts(t), counts{hits: 60, resealed: 60})
			during.wantUsers(t, ids...)
			wantCounts(t, during.counts(t), counts{hits: 120, resealed: 60})
			during.end()
			for _, id := range ids {
				if _, err := opened(t, k2, userKey(t, id), s.must(t, "GET", userKey(t, id))); err != nil {
					t.Errorf("user %d: %v", id, err)
				}
			}

			after := start(t, s.port, keys{current: k2})
			after.wantUsers(t, ids...)
			wantCounts(t, after.counts(t), counts{hits: 60})
			after.end()

			lost := start(t, s.port, keys{current: k1})
			lost.wantUsers(t, ids...)
			wantCounts(t, lost.counts(t), counts{misses: 60, damaged: 60})
		})
	}
}

// TestWebExamplesShareEntries proves that the examples and @cache.secure of the Python
// package cachekit answer from each other's entries.
func TestWebExamplesShareEntries(t *testing.T) {
	for language, start := range webExamples {
		t.Run(language, func(t *testing.T) {
			s := startServer(t)
			k := keys{current: k1}
			a := start(t, s.port, k)
			peer := startPeer(t, s, k, "PEER_NAMESPACE=users")

			if ran, _ := peer.call(t, "get_user(7)", `{"role": "guest", "name": "of the package", "id": 7}`); !ran {
				t.Fatal("the package found an entry in an empty Redis")
			}
			guest := `{"id":7,"name":"of the package","role":"guest"}`
			if got, want := a.users(t, 7, 8), "["+guest+","+user(8)+"]"; got != want {
				t.Errorf("the example returns %s, want %s", got, want)
			}
			ran, got := peer.call(t, "get_user(8)", "'the function was run'")
			want, err := interop.Value(map[string]any{"id": 8, "name": "user-8", "role": "admin"})
			if err != nil {
				t.Fatal(err)
			}
			if ran || got != hex.EncodeToString(want) {
				t.Errorf("the package returns %s from the example's entry (function run: %v), want %x", got, ran, want)
			}
			if n := s.must(t, "DBSIZE"); n != "2" {
				t.Errorf("%s entries in Redis", n)
			}
		})
	}
	t.Run("each other", func(t *testing.T) {
		s := startServer(t)
		k := keys{current: k1}
		python, ruby := startPython(t, s.port, k), startRuby(t, s.port, k)
		python.wantUsers(t, 1)
		ruby.wantUsers(t, 1, 2)
		python.wantUsers(t, 2)
		for _, a := range []*app{python, ruby} {
			wantCounts(t, a.counts(t), counts{hits: 1, misses: 1})
		}
	})
}

// TestWebExamplesWithoutRedis proves that the cache is a help and no need.
func TestWebExamplesWithoutRedis(t *testing.T) {
	for language, start := range webExamples {
		t.Run(language, func(t *testing.T) {
			path := need.Program(t, "redis-server")
			port := freePort(t)
			a := start(t, port, keys{current: k1})
			a.wantUsers(t, 1, 2, 3)
			if err := launch(t, path, port, nil); err != nil {
				t.Fatal(err)
			}
			a.wantUsers(t, 1, 2, 3)
			a.wantUsers(t, 1, 2, 3)
			wantCounts(t, a.counts(t), counts{hits: 3, misses: 6})
		})
	}
}
