package redis

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// startRuby starts the Ruby example for a Redis at port, as a cluster of puma whose parent
// preloads it, and waits until it answers. It is asked as the Python one is.
func startRuby(t *testing.T, port int, k keys) *app {
	t.Helper()
	ruby, puma := need.Ruby(t), need.Program(t, "puma")
	if exec.Command(ruby, "-e", `require "redis"; require "msgpack"`).Run() != nil {
		need.Missing(t, "Ruby lacks the gems redis and msgpack")
	}
	library := need.Library(t)
	example, err := filepath.Abs(root + "/examples/ruby")
	if err != nil {
		t.Fatal(err)
	}
	socket := folder(t) + "/socket"
	ctx, stop := context.WithTimeout(context.Background(), testTime)
	a := &app{said: new(bytes.Buffer)}
	a.cmd = exec.CommandContext(ctx, puma, "--config", example+"/puma.rb", "--bind", "unix://"+socket, example+"/config.ru")
	a.cmd.Env = environment(k, "CACHEKIT_LIBRARY="+library+"/libcachekit_core.so", fmt.Sprintf("REDIS_URL=redis://127.0.0.1:%d", port))
	a.cmd.Stdout, a.cmd.Stderr = a.said, a.said
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	a.cmd.Cancel = func() error { return syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL) }
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		a.cmd.Wait()
		close(ended)
	}()
	a.end = sync.OnceFunc(func() {
		a.cmd.Process.Signal(syscall.SIGTERM)
		<-ended // at the latest when the time is over
		stop()
		said := a.said.String()
		if t.Failed() {
			t.Logf("puma said: %s", said)
		}
		for _, key := range []string{k1, k2} {
			if strings.Contains(said, key) {
				t.Error("the log shows a master key")
			}
		}
	})
	t.Cleanup(a.end)
	a.client = &http.Client{Timeout: testTime / 4, Transport: &http.Transport{
		// A connection for each request, lest one worker get all of them.
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	until(t, "puma answers", func() bool {
		select {
		case <-ended:
			t.Fatalf("puma ended: %s", a.said)
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

func TestRubyExample(t *testing.T) {
	s := startServer(t)
	a := startRuby(t, s.port, keys{current: k1})
	a.wantUsers(t, upTo(100)...)
	a.wantUsers(t, 50, 1, 1, 1_000_000, 1_000_001, 0, 100)
	wantCounts(t, a.counts(t), counts{hits: 3, misses: 100 + 3})
	if entry := s.must(t, "GET", userKey(t, 1)); strings.Contains(entry, "user-1") {
		t.Errorf("an entry shows the user: %q", entry)
	}
	for _, query := range []string{"", "?id=", "?id=x", "?id=-1", "?id=1&id=x", "?id=1.0", "?id=1%0A", "?id=%D9%A1", "?id=%", "?id=" + strings.Repeat("9", 20), "?" + strings.Repeat("id=1&", 129)} {
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
		s.must(t, "SETRANGE", userKey(t, 1+i%100), "20", "damage")
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
}

// TestRubyExampleGetsANewMasterKey tells how, as the same test of Python does.
func TestRubyExampleGetsANewMasterKey(t *testing.T) {
	s := startServer(t)
	ids := upTo(60)
	before := startRuby(t, s.port, keys{current: k1})
	before.wantUsers(t, ids...)
	before.end()

	during := startRuby(t, s.port, keys{current: k2, previous: k1})
	during.wantUsers(t, ids...)
	wantCounts(t, during.counts(t), counts{hits: 60, resealed: 60})
	during.end()
	for _, id := range ids {
		if _, err := opened(t, k2, userKey(t, id), s.must(t, "GET", userKey(t, id))); err != nil {
			t.Errorf("user %d: %v", id, err)
		}
	}

	lost := startRuby(t, s.port, keys{current: k1})
	lost.wantUsers(t, ids...)
	wantCounts(t, lost.counts(t), counts{misses: 60, damaged: 60})
}

// TestRubyExampleSharesEntries proves that the example, @cache.secure of the Python package
// cachekit and the Python example answer from each other's entries.
func TestRubyExampleSharesEntries(t *testing.T) {
	s := startServer(t)
	k := keys{current: k1}
	a := startRuby(t, s.port, k)
	peer := startPeer(t, s, k, "PEER_NAMESPACE=users")

	if ran, _ := peer.call(t, "get_user(7)", `{"role": "guest", "name": "of the package", "id": 7}`); !ran {
		t.Fatal("the package found an entry in an empty Redis")
	}
	guest := `{"id":7,"name":"of the package","role":"guest"}`
	if got, want := a.users(t, 7, 8), `[`+guest+`,`+user(8)+`]`; got != want {
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

	python := startApp(t, s.port, k)
	if got, want := python.users(t, 7, 8, 9), `[`+guest+`,`+user(8)+`,`+user(9)+`]`; got != want {
		t.Errorf("the Python example returns %s, want %s", got, want)
	}
	a.wantUsers(t, 9)
	wantCounts(t, python.counts(t), counts{hits: 2, misses: 1})
	wantCounts(t, a.counts(t), counts{hits: 2, misses: 1})
}

// TestRubyExampleWithoutRedis proves that the cache is a help and no need.
func TestRubyExampleWithoutRedis(t *testing.T) {
	path := need.Program(t, "redis-server")
	port := freePort(t)
	a := startRuby(t, port, keys{current: k1})
	a.wantUsers(t, 1, 2, 3)
	if err := launch(t, path, port, nil); err != nil {
		t.Fatal(err)
	}
	a.wantUsers(t, 1, 2, 3)
	a.wantUsers(t, 1, 2, 3)
	if n := a.counts(t); n.hits != 3 {
		t.Errorf("counted %+v", n)
	}
}
