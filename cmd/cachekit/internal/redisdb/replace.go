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
if type(value) == 'table' then
  if string.find(value.err, 'WRONGTYPE', 1, true) then return 0 end
  return value
end
if value == ARGV[1] then return redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') and 1 end
if value == ARGV[2] then return 1 end
return 0
`)

var errKeepTTL = errors.New("the value cannot be replaced: that needs Redis 6.0 or later")

// Replace writes: it sets the key to the value new, and keeps its time to live, but only if it
// still holds the value old. It reports whether the key held new at that moment. A server does
// both in one step, so that nothing that others write is lost.
func (db *DB) Replace(ctx context.Context, key string, old, new []byte) (bool, error) {
	replaced, err := replaceScript.Run(ctx, db.client, []string{key}, old, new).Int()
	if err != nil && isReply(err) && strings.Contains(err.Error(), "syntax error") {
		return false, errKeepTTL
	}
	return replaced == 1, db.plain("the value cannot be replaced", err)
}
