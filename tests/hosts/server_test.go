package hosts

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a pre-forking web server on the loopback address.
type server struct {
	cmd     *exec.Cmd
	said    *bytes.Buffer // to be read when it has ended
	ended   chan struct{}
	address string
	client  *http.Client
}

// startServer returns once the server answers.
func startServer(t *testing.T, path string, args func(address string) []string) *server {
	t.Helper()
	for range 5 { // another program may take the free port before the server does
		s := launch(t, path, args)
		for tries := time.NewTicker(20 * time.Millisecond); ; <-tries.C {
			if _, err := s.ask(); err == nil {
				return s
			}
			select {
			case <-s.ended:
			default:
				continue
			}
			break
		}
		t.Logf("the server ended: %s", s.said)
	}
	t.Fatal("the server does not start")
	return nil
}

func launch(t *testing.T, path string, args func(address string) []string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()

	s := &server{address: address, said: new(bytes.Buffer), ended: make(chan struct{})}
	// A connection for each request, lest one worker get all of them.
	s.client = &http.Client{Timeout: testTime / 4, Transport: &http.Transport{DisableKeepAlives: true}}
	s.cmd = command(t, path, args(address)...)
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.cmd.Cancel = func() error { return syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) }
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		s.cmd.Process.Signal(syscall.SIGTERM)
		<-s.ended // at the latest when the command's time is over
		if t.Failed() {
			t.Logf("the server said: %s", s.said)
		}
	})
	return s
}

// answer is what a worker tells: of itself, of its parent, and the instance of
// the keyring that it made for the request.
type answer struct {
	worker, parent, threads int
	loaded                  bool
	instance                string
}

func (s *server) ask() (a answer, err error) {
	response, err := s.client.Get("http://" + s.address)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return a, err
	}
	var loaded string
	_, err = fmt.Sscan(string(text), &a.worker, &a.parent, &loaded, &a.threads, &a.instance)
	if err != nil || response.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s: %q: %v", response.Status, text, err)
	}
	a.loaded = strings.EqualFold(loaded, "true")
	return a, nil
}

// askAll asks from several threads at once until n workers have answered, and
// returns how often each did. All instances must differ.
func (s *server) askAll(t *testing.T, n int, instances map[string]bool) map[int]int {
	t.Helper()
	workers := map[int]int{}
	var lock sync.Mutex
	var all sync.WaitGroup
	deadline := time.Now().Add(testTime / 2)
	for range 8 {
		all.Go(func() {
			for i := 0; time.Now().Before(deadline); i++ {
				a, err := s.ask()
				lock.Lock()
				enough := i >= 10 && len(workers) >= n
				if err != nil {
					t.Error(err)
				} else {
					workers[a.worker]++
					s.check(t, a)
					if instances[a.instance] {
						t.Errorf("instance %s came twice", a.instance)
					}
					instances[a.instance] = true
				}
				lock.Unlock()
				if enough || err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	if len(workers) < n {
		t.Errorf("%d of %d workers answered", len(workers), n)
	}
	return workers
}

// check holds an answer to what is to be proved: the parent has the library,
// and Go was not started there.
func (s *server) check(t *testing.T, a answer) {
	t.Helper()
	if a.parent != s.cmd.Process.Pid || !a.loaded {
		t.Errorf("worker %d of %d: its parent is %d, with the library: %v", a.worker, s.cmd.Process.Pid, a.parent, a.loaded)
	}
	if a.threads != 1 {
		t.Errorf("the parent has %d threads", a.threads)
	}
}

// wantWorkers proves that two workers use the library that their parent has
// loaded, and so does the one that follows a worker that was killed.
func (s *server) wantWorkers(t *testing.T) {
	t.Helper()
	instances := map[string]bool{}
	before := s.askAll(t, 2, instances)
	if t.Failed() {
		return
	}
	for worker := range before {
		if err := syscall.Kill(worker, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		break
	}
	// Requests that the worker had taken on are lost; the new one must answer.
	for deadline := time.Now().Add(testTime / 2); ; time.Sleep(20 * time.Millisecond) {
		a, err := s.ask()
		if err == nil {
			s.check(t, a)
			if before[a.worker] == 0 {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("no new worker answers: ", err)
		}
	}
}
