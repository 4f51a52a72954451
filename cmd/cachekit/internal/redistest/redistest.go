// Package redistest starts Redis servers for tests. What it starts ends with the test.
package redistest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// patience is how long a server may take to be ready, on a machine with other work.
const patience = 30 * time.Second

// An Instance is one running process.
type Instance struct {
	URL    string // redis://127.0.0.1:port
	Addr   string // 127.0.0.1:port
	Port   int
	Socket string // the path of its unix socket
	Stop   func() // ends the process, before the test ends
}

// Server starts redis-server, or what CACHEKIT_REDIS_SERVER names, as valkey-server, with
// nothing on the disk. args are further options, such as "--requirepass", "secret". The test
// is left out where there is no such program.
func Server(t *testing.T, args ...string) *Instance {
	t.Helper()
	return start(t, nil, args)
}

// start tries again when something else took the port between its choice and its use.
// Arguments in front stand before all options: a configuration file must.
func start(t *testing.T, front, args []string) *Instance {
	t.Helper()
	program := need.Program(t, cmp.Or(os.Getenv("CACHEKIT_REDIS_SERVER"), "redis-server"))
	var output string
	for range 5 {
		// The path of a socket must be short, and that of t.TempDir has the test's name.
		dir, err := os.MkdirTemp("", "redis")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		port := freePort(t)
		s := &Instance{
			Addr: "127.0.0.1:" + strconv.Itoa(port), Port: port, Socket: filepath.Join(dir, "s"),
		}
		s.URL = "redis://" + s.Addr
		all := append([]string{}, front...)
		all = append(all, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--unixsocket", s.Socket,
			"--dir", dir, "--save", "", "--appendonly", "no", "--loglevel", "warning")
		var ok bool
		if output, ok = s.run(program, append(all, args...)); ok {
			t.Cleanup(s.Stop)
			return s
		}
	}
	t.Fatalf("redis-server does not start:\n%s", output)
	return nil
}

// run starts the process and waits until it answers. It returns what a process that did
// not start had to say.
func (s *Instance) run(program string, args []string) (string, bool) {
	var output bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return err.Error(), false
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	s.Stop = func() {
		cmd.Process.Kill()
		<-ended
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-ended:
			return output.String(), false
		case <-time.After(20 * time.Millisecond):
		}
		// The socket is made after the port is taken, and its path is this server's alone.
		if conn, err := net.Dial("unix", s.Socket); err == nil {
			conn.Close()
			return "", true
		}
	}
	s.Stop()
	return output.String(), false
}

// freePort leaves room for the port of the cluster bus, which is 10,000 higher.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port, ok := tryPort(0)
		if !ok || port+10000 > 65535 {
			continue
		}
		if _, ok := tryPort(port + 10000); ok {
			return port
		}
	}
	t.Fatal("there is no free port")
	return 0
}

func tryPort(port int) (int, bool) {
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return 0, false
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, true
}

// Client is a connection to this server alone. It closes with the test.
func (s *Instance) Client(t *testing.T) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: s.Socket, Protocol: 2})
	t.Cleanup(func() { c.Close() })
	return c
}

// Cluster starts n masters without replicas, and gives each a share of the slots.
func Cluster(t *testing.T, n int, args ...string) []*Instance {
	t.Helper()
	ctx := t.Context()
	servers := make([]*Instance, n)
	clients := make([]*redis.Client, n)
	for i := range servers {
		servers[i] = Server(t, append([]string{"--cluster-enabled", "yes", "--cluster-node-timeout", "5000"}, args...)...)
		clients[i] = servers[i].Client(t)
		first, last := i*16384/n, (i+1)*16384/n-1
		if err := clients[i].ClusterAddSlotsRange(ctx, first, last).Err(); err != nil {
			t.Fatal(err)
		}
		// Servers with the same epoch quarrel at first.
		if err := clients[i].Do(ctx, "cluster", "set-config-epoch", i+1).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range servers[1:] {
		if err := clients[0].ClusterMeet(ctx, "127.0.0.1", strconv.Itoa(s.Port)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range clients {
		await(t, "the cluster", func() bool {
			info, err := c.ClusterInfo(ctx).Result()
			if err != nil || !bytes.Contains([]byte(info), []byte("cluster_state:ok")) {
				return false
			}
			slots, err := c.Do(ctx, "CLUSTER", "SLOTS").Slice()
			return err == nil && len(slots) == n
		})
	}
	return servers
}

// Sentinels is a master with a replica, and one Sentinel that watches them.
type Sentinels struct {
	URL      string // redis-sentinel://127.0.0.1:port/name
	Name     string // of the master
	Sentinel *Instance
	Master   *Instance
	Replica  *Instance
}

// Sentinel starts the three. args are further options of the master and the replica.
func Sentinel(t *testing.T, args ...string) *Sentinels {
	t.Helper()
	s := &Sentinels{Name: "entries"}
	s.Master = Server(t, args...)
	s.Replica = Server(t, append([]string{"--replicaof", fmt.Sprintf("127.0.0.1 %d", s.Master.Port)}, args...)...)
	// The Sentinel writes to its file.
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	conf := fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 1\nsentinel down-after-milliseconds %[1]s 1000\n", s.Name, s.Master.Port)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Sentinel = start(t, []string{file, "--sentinel"}, nil)
	s.URL = "redis-sentinel://" + s.Sentinel.Addr + "/" + s.Name
	c := redis.NewSentinelClient(&redis.Options{Addr: s.Sentinel.Addr, Protocol: 2})
	defer c.Close()
	await(t, "the Sentinel", func() bool {
		replicas, err := c.Replicas(t.Context(), s.Name).Result()
		return err == nil && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
	})
	return s
}

// Failover makes the replica the master, and returns when both servers and the Sentinel
// say so.
func (s *Sentinels) Failover(t *testing.T) {
	t.Helper()
	c := redis.NewSentinelClient(&redis.Options{Addr: s.Sentinel.Addr, Protocol: 2})
	defer c.Close()
	var last error
	await(t, "the start of the failover", func() bool {
		last = c.Failover(t.Context(), s.Name).Err()
		return last == nil
	})
	master, replica := s.Master.Client(t), s.Replica.Client(t)
	role := func(c *redis.Client) string {
		reply, _ := c.Do(t.Context(), "role").Slice()
		if len(reply) == 0 {
			return ""
		}
		name, _ := reply[0].(string)
		return name
	}
	await(t, "the failover", func() bool {
		addr, err := c.GetMasterAddrByName(context.Background(), s.Name).Result()
		return err == nil && addr[1] == strconv.Itoa(s.Replica.Port) && role(replica) == "master" && role(master) == "slave"
	})
	s.Master, s.Replica = s.Replica, s.Master
}

func await(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ready(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is not ready after %v", what, patience)
		}
	}
}
