package redisdb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// writePiece is how much is written under one deadline.
const writePiece = 64 << 10

// A patientConn gives up when nothing comes or goes for a while, however long the whole
// takes: a value of 100 MiB over a slow line is no fault.
type patientConn struct {
	net.Conn
	timeout     time.Duration
	read, write atomic.Pointer[time.Time] // the deadlines that others set
}

func (c *patientConn) Read(p []byte) (int, error) {
	c.Conn.SetReadDeadline(c.deadline(&c.read))
	return c.Conn.Read(p)
}

func (c *patientConn) Write(p []byte) (n int, err error) {
	for piece := range slices.Chunk(p, writePiece) {
		c.Conn.SetWriteDeadline(c.deadline(&c.write))
		done, err := c.Conn.Write(piece)
		n += done
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (c *patientConn) deadline(set *atomic.Pointer[time.Time]) time.Time {
	deadline := time.Now().Add(c.timeout)
	if t := set.Load(); t != nil && !t.IsZero() && t.Before(deadline) {
		return *t
	}
	return deadline
}

func (c *patientConn) SetReadDeadline(t time.Time) error {
	c.read.Store(&t)
	return c.Conn.SetReadDeadline(t)
}

func (c *patientConn) SetWriteDeadline(t time.Time) error {
	c.write.Store(&t)
	return c.Conn.SetWriteDeadline(t)
}

func (c *patientConn) SetDeadline(t time.Time) error {
	c.read.Store(&t)
	c.write.Store(&t)
	return c.Conn.SetDeadline(t)
}

// dial connects to a server, by TLS if the URL wants that.
func (db *DB) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, db.o.Timeout)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	conn := &patientConn{Conn: raw, timeout: db.o.Timeout}
	if !db.t.tls {
		return conn, nil
	}
	secured := tls.Client(conn, db.tlsFor(addr))
	if err := secured.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, fmt.Errorf("TLS with %s: %w", addr, err)
	}
	return secured, nil
}

// tlsFor wants a certificate for the host that is dialed. The servers of a cluster name each
// other by addresses that certificates rarely hold: there it is that of the first seed.
func (db *DB) tlsFor(addr string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if db.o.TLS != nil {
		config = db.o.TLS.Clone()
	}
	if db.t.kind != sentinel && !slices.Contains(db.t.addrs, addr) {
		addr = db.t.addrs[0]
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	return config
}

// patience is for all servers that may have to be asked, one after the other.
func (db *DB) patience() time.Duration {
	asked := len(db.t.addrs)
	if db.t.kind == sentinel {
		asked++ // the master
	}
	return time.Duration(asked) * db.o.Timeout
}

// dialMaster asks the Sentinels for the master each time, so that a failover is followed.
func (db *DB) dialMaster(ctx context.Context, _, _ string) (net.Conn, error) {
	var failed error
	for _, addr := range db.t.addrs {
		master, err := db.askSentinel(ctx, addr)
		if err == nil {
			return db.dial(ctx, "tcp", master)
		}
		failed = fmt.Errorf("the Sentinel at %s: %w", addr, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

var errNoMaster = errors.New("it knows no master of this name")

// askSentinel tries without a password first. A Sentinel that wants one is given that of
// the servers.
func (db *DB) askSentinel(ctx context.Context, addr string) (string, error) {
	options := db.options("tcp", addr)
	options.DB = 0
	options.OnConnect = nil
	for _, user := range []bool{false, true} {
		options.Username, options.Password = "", ""
		if user {
			options.Username, options.Password = db.t.user, db.t.password
		}
		client := redis.NewSentinelClient(options)
		reply, err := client.GetMasterAddrByName(ctx, db.t.master).Result()
		client.Close()
		switch {
		case err == nil && len(reply) == 2:
			return net.JoinHostPort(reply[0], reply[1]), nil
		case err == nil || errors.Is(err, redis.Nil):
			return "", errNoMaster
		case user || db.t.password == "" || !redis.HasErrorPrefix(err, "NOAUTH"):
			return "", err
		}
	}
	return "", errNoMaster
}

// options are those of a connection to one server.
func (db *DB) options(network, addr string) *redis.Options {
	return &redis.Options{
		Network: network, Addr: addr, Dialer: db.dial, OnConnect: quiet,
		Username: db.t.user, Password: db.t.password, DB: db.t.db,
		Protocol: 2, DisableIdentity: true,
		// One more try, for a connection that the server closed meanwhile.
		MaxRetries: 1, DialerRetries: 1, DialTimeout: db.o.Timeout,
		// The connection has the timeouts itself.
		ReadTimeout: -1, WriteTimeout: -1, PoolTimeout: db.o.Timeout, ContextTimeoutEnabled: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func (db *DB) clusterOptions() *redis.ClusterOptions {
	o := db.options("tcp", "")
	return &redis.ClusterOptions{
		Addrs: db.t.addrs, Dialer: o.Dialer, OnConnect: o.OnConnect, Username: o.Username, Password: o.Password,
		Protocol: o.Protocol, DisableIdentity: true, DialerRetries: o.DialerRetries, DialTimeout: o.DialTimeout,
		PoolTimeout: o.PoolTimeout, ContextTimeoutEnabled: true,
		MaintNotificationsConfig: o.MaintNotificationsConfig,
		// On the way to the servers a -1 would become a 0, and that the library's default.
		NewClient: func(node *redis.Options) *redis.Client {
			node.ReadTimeout, node.WriteTimeout = -1, -1
			return redis.NewClient(node)
		},
	}
}

// quiet asks the server not to count reads as uses of a key: else a look at all keys would
// decide which of them are evicted. Servers before Redis 7.2 do not know that.
func quiet(ctx context.Context, conn *redis.Conn) error {
	if err := conn.Do(ctx, "client", "no-touch", "on").Err(); err != nil && !isReply(err) {
		return err
	}
	return nil
}
