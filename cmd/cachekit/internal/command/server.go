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

// check refuses flags that would have no effect, or no sense. needing are those of the
// command that are for a server too.
func (s *server) check(cmd *cobra.Command, needing ...string) error {
	changed := cmd.Flags().Changed
	if s.url == "" {
		for _, name := range append([]string{"match", "strip", "batch", "timeout"}, needing...) {
			if changed(name) {
				return usageOf(cmd, fmt.Errorf("--%s needs --redis", name))
			}
		}
	}
	switch {
	case s.match == "" && changed("batch"):
		return usageOf(cmd, errors.New("--batch needs --match"))
	case s.batch < 1:
		return usageOf(cmd, errors.New("--batch is 1 or more"))
	case s.timeout <= 0:
		return usageOf(cmd, errors.New("--timeout is more than 0, as 5s"))
	}
	return nil
}

// connect returns the database, and a context that ends when the user interrupts.
func (s *server) connect(cmd *cobra.Command) (ctx context.Context, db *redisdb.DB, done func(), err error) {
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

// visit is what is done with the keys that a pattern matches, batch after batch.
type visit struct {
	begin func() error // of a batch, may be nil; the cursors are behind the batches before it
	entry func(key string, value []byte) error
	skip  func(why string) // a key that has no value
	end   func()           // of a batch, may be nil
}

// gone is why a key has no value that was there before.
const gone = "gone since they were listed"

// each reads all keys that the pattern matches and hands on their values.
func (s *server) each(ctx context.Context, db *redisdb.DB, progress *progress, cursors redisdb.Cursors, v visit) error {
	if s.match == "*" {
		total, err := db.KeyCount(ctx)
		if err != nil {
			return err
		}
		progress.total = total
	}
	defer progress.hide()
	seen := int64(0)
	return db.Scan(ctx, s.match, s.batch, cursors, func(keys []string) error {
		if v.begin != nil {
			if err := v.begin(); err != nil {
				return err
			}
		}
		for value := range db.GetMany(ctx, keys) {
			switch value.State {
			case redisdb.Found:
				if err := v.entry(value.Key, value.Value); err != nil {
					return err
				}
			case redisdb.Missing:
				v.skip(gone)
			case redisdb.Failed:
				return value.Err
			default:
				v.skip(value.Err.Error())
			}
			seen++
			progress.done(seen)
		}
		if v.end != nil {
			v.end()
		}
		return nil
	})
}

// nothing is the error for a pattern without a match, which is a slip more often than not.
func (s *server) nothing() error {
	return fmt.Errorf("no value is stored under a key that %s matches", quoted(s.match))
}

// interrupted is the error of a command that the user stopped.
func interrupted(ctx context.Context, err error, hint string) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stopped; %s", hint)
	}
	return err
}
