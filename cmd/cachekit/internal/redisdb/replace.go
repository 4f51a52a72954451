package redisdb

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// replaceScript also says yes when the new value is there already: the reply to an earlier try
// may have been lost.
var replaceScript = redis.NewScript(`
local value = redis.pcall('GET', KEYS[1])
if value == false then return -1 end
if type(value) == 'table' then
  if string.find(value.err, 'WRONGTYPE', 1, true) then return 0 end
  return value
end
if value == ARGV[1] then return redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') and 1 end
if value == ARGV[2] then return 1 end
return 0
`)

var errKeepTTL = errors.New("the value cannot be replaced: that needs Redis 6.0 or later")

// An Outcome is what became of a Replace.
type Outcome int

const (
	Replaced Outcome = iota // the key held the new value at that moment
	Changed                 // it holds another value, which others wrote, and keeps it
	Gone                    // there is no such key, any more
)

// Replace writes: it sets the key to the value new, and keeps its time to live, but only if it
// still holds the value old. A server does both in one step, so that nothing that others write
// is lost.
func (db *DB) Replace(ctx context.Context, key string, old, new []byte) (Outcome, error) {
	answer, err := replaceScript.Run(ctx, db.client, []string{key}, old, new).Int()
	switch {
	case err != nil && isReply(err) && strings.Contains(err.Error(), "syntax error"):
		return Changed, errKeepTTL
	case err != nil:
		return Changed, db.plain("the value cannot be replaced", err)
	case answer == 1:
		return Replaced, nil
	case answer < 0:
		return Gone, nil
	}
	return Changed, nil
}
