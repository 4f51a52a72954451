package command

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redisdb"
)

// server is the Redis that a command was pointed at.
type server struct {
	url     string
	match   string
	strip   string
	batch   int64
	timeout time.Duration
}

func (s *server) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.url, "redis", "", "`URL` of a Redis: redis://host:port/db, rediss:// with TLS, unix:///path,\nredis-cluster://host:port,host:port, redis-sentinel://host:port/master;\nthe password in REDISCLI_AUTH, as for redis-cli")
	flags.StringVar(&s.match, "match", "", "all keys that this `pattern` of SCAN matches, as in 'users:*'")
	flags.StringVar(&s.strip, "strip", "", "`prefix` of the keys in Redis that is not part of the cache key")
	flags.Int64Var(&s.batch, "batch", 200, "keys that are read at once")
	flags.DurationVar(&s.timeout, "timeout", 5*time.Second, "`time` in which the server has to answer")
}

// cacheKey is what an entry is bound to, of its key in Redis.
func (s *server) cacheKey(key string) []byte { return []byte(strings.TrimPrefix(key, s.strip)) }

// bound are the options for the entry at a key in Redis: it is bound to that, unless
// --key says otherwise.
func (s *server) bound(o entry.Options, key string) entry.Options {
	if o.CacheKey == nil {
		o.CacheKey = s.cacheKey(key)
	}
	return o
}

// connect returns the database, and a context that ends when the user interrupts.
func (s *server) connect(cmd *cobra.Command) (ctx context.Context, db *redisdb.DB, done func(), err error) {
	if s.batch < 1 {
		return nil, nil, nil, usageOf(cmd, errors.New("--batch is 1 or more"))
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
	db, err = redisdb.Open(ctx, s.url, redisdb.Options{Timeout: s.timeout})
	if err != nil {
		stop()
		return nil, nil, nil, err
	}
	return ctx, db, func() {
		stop()
		db.Close()
	}, nil
}

// interrupted is the error of a command that the user stopped.
func interrupted(ctx context.Context, err error, hint string) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stopped; %s", hint)
	}
	return err
}
