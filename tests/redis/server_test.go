package redis

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// server is a redis-server of its own, on the loopback address, that keeps
// nothing on disk.
type server struct {
	port    int
	cluster bool // one of its nodes
	conn    net.Conn
	in      *bufio.Reader
}

func startServer(t *testing.T, options ...string) *server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		need.Missing(t, "redis-server is not installed")
	}
	for range 5 { // another program may take the free port before the server does
		port := freePort(t)
		if err = launch(t, path, port, options); err == nil {
			return connect(t, port)
		}
	}
	t.Fatal(err)
	return nil
}

// startCluster starts a cluster of two nodes, each with half of the slots.
func startCluster(t *testing.T) (nodes [2]*server) {
	t.Helper()
	if said, err := output(".", "redis-server", "--version"); err != nil || regexp.MustCompile(`v=[0-6]\.`).MatchString(said) {
		need.Missing(t, "the cluster needs redis-server 7 or later: "+said)
	}
	var bus [2]string
	for i, slots := range [2][2]string{{"0", "8191"}, {"8192", "16383"}} {
		bus[i] = strconv.Itoa(freePort(t))
		nodes[i] = startServer(t, "--cluster-enabled", "yes", "--cluster-port", bus[i])
		nodes[i].cluster = true
		nodes[i].must(t, "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		nodes[i].must(t, "CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1])
	}
	nodes[0].must(t, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(nodes[1].port), bus[1])

	// The nodes tell each other in their own time and nobody else.
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(testTime / 4)
	for _, n := range nodes {
		for !strings.Contains(n.must(t, "CLUSTER", "INFO"), "cluster_state:ok") {
			select {
			case <-poll.C:
			case <-deadline:
				t.Fatal("the nodes do not become a cluster: ", n.must(t, "CLUSTER", "INFO"))
			}
		}
	}
	return nodes
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// launch returns once the server says that it accepts connections.
func launch(t *testing.T, path string, port int, options []string) error {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), testTime)
	cmd := exec.CommandContext(ctx, path, append([]string{"--bind", "127.0.0.1", "--port", strconv.Itoa(port),
		"--save", "", "--appendonly", "no", "--dir", t.TempDir()}, options...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go io.Copy(io.Discard, out)
			t.Cleanup(func() {
				cmd.Process.Signal(os.Interrupt)
				cmd.Wait()
				stop()
			})
			return nil
		}
		said.WriteString(lines.Text() + "\n")
	}
	cmd.Wait()
	stop()
	return fmt.Errorf("redis-server ended: %s", said.String())
}

func connect(t *testing.T, port int) *server {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &server{port: port, conn: conn, in: bufio.NewReader(conn)}
}

var errNil = errors.New("nil")

// do sends one command and returns its answer; errNil if that is nil.
func (s *server) do(t *testing.T, words ...string) (string, error) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := io.WriteString(s.conn, b.String()); err != nil {
		t.Fatal(err)
	}
	line, err := s.in.ReadString('\n')
	if err != nil || len(line) < 3 {
		t.Fatalf("%s: answer %q, %v", words[0], line, err)
	}
	text := line[1 : len(line)-2]
	switch line[0] {
	case '+', ':':
		return text, nil
	case '$':
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		if n < 0 {
			return "", errNil
		}
		bulk := make([]byte, n+2)
		if _, err := io.ReadFull(s.in, bulk); err != nil {
			t.Fatal(err)
		}
		return string(bulk[:n]), nil
	}
	t.Fatalf("%s: answer %q", words[0], line)
	return "", nil
}

func (s *server) must(t *testing.T, words ...string) string {
	t.Helper()
	answer, err := s.do(t, words...)
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(words, " "), err)
	}
	return answer
}
