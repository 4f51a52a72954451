// Package redisdb asks a Redis: one server, a Cluster, or a master that Sentinels know.
// Valkey is asked in the same way. Only Replace writes.
package redisdb

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

// Options of Open.
type Options struct {
	// Timeout is how long a server may take to connect, and then be silent. 0: 5 seconds.
	Timeout time.Duration
	// MaxValue is the size of the largest value that is read. 0: that of the largest entry.
	MaxValue int64
	// TLS is for rediss:// and the like. nil: the system's certificate authorities.
	TLS *tls.Config
}

// A DB is a Redis. Its methods may be called by several goroutines at once.
type DB struct {
	t      *target
	o      Options
	client redis.UniversalClient // a *redis.Client or a *redis.ClusterClient

	noType atomic.Bool // SCAN has no TYPE: Redis before 6.0
}

// silence keeps the client library from writing to the standard error, in its own words.
var silence = sync.OnceFunc(logging.Disable)

// Open connects to the Redis at url:
//
//	redis://[user:password@]host[:port][/database]
//	redis-cluster://[user:password@]host[:port],host[:port]
//	redis-sentinel://[user:password@]host[:port],host[:port]/master-name[/database]
//	unix://[user:password@]/path/of/the/socket[?db=database]
//
// rediss, rediss-cluster and rediss-sentinel are these over TLS. A server at redis:// that is
// one of a cluster leads to the others; ?cluster=true says so where the server does not.
//
// The password may come from the environment variable REDISCLI_AUTH instead. No error text
// has it.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	silence()
	t, err := parse(url)
	if err != nil {
		return nil, err
	}
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.MaxValue = cmp.Or(o.MaxValue, core.MaxPayloadSize+encryption.Overhead)
	db := &DB{t: t, o: o}
	ctx, cancel := context.WithTimeout(ctx, db.patience())
	defer cancel()
	if err := db.connect(ctx); err != nil {
		db.Close()
		return nil, db.plain("Redis cannot be used", err)
	}
	return db, nil
}

// Close ends the connections.
func (db *DB) Close() error {
	if db.client == nil {
		return nil
	}
	return db.client.Close()
}

// Number is that of the database that the URL names.
func (db *DB) Number() int { return db.t.db }

func (db *DB) connect(ctx context.Context) error {
	if db.t.kind == cluster {
		return db.connectCluster(ctx)
	}
	options := db.options(db.t.network, db.t.addrs[0])
	if db.t.kind == sentinel {
		options.Addr, options.Dialer, options.DialTimeout = db.t.master, db.dialMaster, db.patience()
	}
	client := redis.NewClient(options)
	db.client = client
	if err := client.Ping(ctx).Err(); err != nil && !isRefusal(err) {
		if isReply(err) && strings.Contains(err.Error(), "SELECT is not allowed in cluster mode") {
			return errDBs
		}
		return err
	}
	mode, err := serverMode(ctx, client)
	switch {
	case err != nil:
		return err
	case mode == "sentinel":
		return errIsSentinel
	case mode == "cluster" && db.t.kind == single && db.t.network == "tcp":
		if db.t.db != 0 {
			return errDBs
		}
		client.Close()
		db.t.kind = cluster
		return db.connectCluster(ctx)
	}
	return nil
}

var errIsSentinel = errors.New("this is a Sentinel: redis-sentinel://host:port/master-name asks it for the server")

func (db *DB) connectCluster(ctx context.Context) error {
	client := redis.NewClusterClient(db.clusterOptions())
	db.client = client
	return client.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		if err := master.Ping(ctx).Err(); err != nil && !isRefusal(err) {
			return err
		}
		return nil
	})
}

// isRefusal reports whether the server did not do a command for this user, or does not know
// it. There is more that it may do.
func isRefusal(err error) bool {
	return redis.HasErrorPrefix(err, "NOPERM") ||
		redis.HasErrorPrefix(err, "ERR") && strings.Contains(strings.ToLower(err.Error()), "unknown")
}

// serverMode is standalone, cluster or sentinel, or nothing where the server does not say.
func serverMode(ctx context.Context, client *redis.Client) (string, error) {
	// Every user may say HELLO, but servers before 6.0 and proxies do not know it.
	reply, err := client.Do(ctx, "hello").Slice()
	if err == nil {
		for i := 0; i+1 < len(reply); i += 2 {
			if mode, ok := reply[i+1].(string); ok && reply[i] == "mode" {
				return mode, nil
			}
		}
	} else if !isReply(err) {
		return "", err
	}
	text, err := client.Info(ctx, "server").Result()
	if err != nil && !isReply(err) {
		return "", err
	}
	return parseInfo(text)["redis_mode"], nil
}

// A node is one of the servers that hold keys.
type node struct {
	name   string // the address, or the name that the Sentinels know
	client *redis.Client
}

// masters are all servers that hold keys, in the order of their names.
func (db *DB) masters(ctx context.Context) ([]node, error) {
	if client, ok := db.client.(*redis.Client); ok {
		return []node{{client.Options().Addr, client}}, nil
	}
	var mu sync.Mutex
	var nodes []node
	err := db.client.(*redis.ClusterClient).ForEachMaster(ctx, func(_ context.Context, client *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, node{client.Options().Addr, client})
		return nil
	})
	slices.SortFunc(nodes, func(a, b node) int { return strings.Compare(a.name, b.name) })
	return nodes, err
}

// KeyCount is how many keys there are, of all types.
func (db *DB) KeyCount(ctx context.Context) (int64, error) {
	nodes, err := db.masters(ctx)
	var sum int64
	for _, n := range nodes {
		if err != nil {
			break
		}
		var size int64
		size, err = n.client.DBSize(ctx).Result()
		sum += size
	}
	if err != nil {
		return 0, db.plain("the keys cannot be counted", err)
	}
	return sum, nil
}
