package redisdb

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Cursors are how far Scan came, for each server by its address. They may be stored, as JSON
// for example.
type Cursors map[string]Cursor

// A Cursor means something only to the process that gave it, with the slots that it had.
type Cursor struct {
	Run   string `json:"run"`             // the identity of the process
	Slots string `json:"slots,omitempty"` // of a server of a cluster
	Next  uint64 `json:"next"`
	Done  bool   `json:"done,omitempty"`
}

const (
	scanCount  = 1000 // keys looked at by one SCAN, if the caller does not say
	scanRounds = 5    // over servers that restart, or move slots
)

// ErrMoving says that all keys were looked for, and that some may have been missed.
var ErrMoving = errors.New("the servers moved slots or restarted meanwhile: keys may have been missed")

// Scan gives the keys of strings that match the pattern, in batches, to each. An empty pattern
// matches all. count is how many keys a server looks at for one batch; 0 leaves it to Scan.
//
// A key that is there all the time comes at least once, and may come more often: the caller
// must not mind. One that is made or removed meanwhile may come or not. Servers before Redis
// 6.0 give keys of other types too.
//
// cursors say where an earlier Scan of the same pattern stopped; nil or empty ones start. They
// go forward when each has returned, so that those stored by each or after Scan are never
// ahead of what was done with the keys. A server that restarted, or whose slots are others
// now, is looked through from its start.
func (db *DB) Scan(ctx context.Context, match string, count int64, cursors Cursors, each func(batch []string) error) error {
	if cursors == nil {
		cursors = Cursors{}
	}
	if count <= 0 {
		count = scanCount
	}
	unknown := rand.Text()
	for range scanRounds {
		places, err := db.places(ctx, unknown)
		if err != nil {
			return db.plain("the keys cannot be listed", err)
		}
		moving, all := false, true
		for _, p := range places {
			moving = moving || p.moving
			c := cursors[p.name]
			if c.Run != p.run || c.Slots != p.slots {
				c = Cursor{Run: p.run, Slots: p.slots}
			}
			if c.Done {
				continue
			}
			all = false
			if err := db.scanOne(ctx, p.node, c, match, count, cursors, each); err != nil {
				return err
			}
		}
		if all {
			forget(cursors, places)
			if moving {
				return ErrMoving
			}
			return nil
		}
	}
	return ErrMoving
}

// Fits reports whether all cursors are of the servers as they are now, so that a Scan goes on
// from each of them. There are none of a Scan that did not begin.
func (db *DB) Fits(ctx context.Context, cursors Cursors) (bool, error) {
	places, err := db.places(ctx, "")
	if err != nil {
		return false, db.plain("the keys cannot be listed", err)
	}
	fitting := 0
	for _, p := range places {
		if c, ok := cursors[p.name]; ok && p.run != "" && c.Run == p.run && c.Slots == p.slots {
			fitting++
		}
	}
	return fitting == len(cursors), nil
}

// forget drops the cursors of servers that are no more.
func forget(cursors Cursors, places []place) {
	known := map[string]bool{}
	for _, p := range places {
		known[p.name] = true
	}
	for name := range cursors {
		if !known[name] {
			delete(cursors, name)
		}
	}
}

func (db *DB) scanOne(ctx context.Context, n node, c Cursor, match string, count int64, cursors Cursors, each func([]string) error) error {
	for !c.Done {
		batch, next, err := db.scanStep(ctx, n.client, c.Next, match, count)
		if err != nil {
			return db.plain("the keys cannot be listed", err)
		}
		if len(batch) > 0 {
			if err := each(batch); err != nil {
				return err
			}
		}
		c.Next, c.Done = next, next == 0
		cursors[n.name] = c
	}
	return nil
}

func (db *DB) scanStep(ctx context.Context, client *redis.Client, from uint64, match string, count int64) ([]string, uint64, error) {
	if !db.noType.Load() {
		batch, next, err := client.ScanType(ctx, from, match, count, "string").Result()
		if err == nil || !redis.HasErrorPrefix(err, "ERR syntax error") {
			return batch, next, err
		}
		db.noType.Store(true)
	}
	return client.Scan(ctx, from, match, count).Result()
}

// A place is a server, and what its cursors depend on.
type place struct {
	node
	run, slots string
	moving     bool // slots are on their way to or from it
}

// places are the servers to look through. unknown stands for the identity of one that does
// not tell it: its cursors are of no use later.
func (db *DB) places(ctx context.Context, unknown string) ([]place, error) {
	nodes, err := db.masters(ctx)
	if err != nil {
		return nil, err
	}
	places := make([]place, len(nodes))
	for i, n := range nodes {
		places[i] = place{node: n, run: unknown}
		text, err := n.client.Info(ctx, "server").Result()
		if err != nil && !isReply(err) {
			return nil, err
		}
		if run := parseInfo(text)["run_id"]; run != "" {
			places[i].run = run
		}
		if db.t.kind != cluster {
			continue
		}
		text, err = n.client.ClusterNodes(ctx).Result()
		if err != nil && !isReply(err) {
			return nil, err
		}
		places[i].slots, places[i].moving = ownSlots(text)
	}
	return places, nil
}

// ownSlots reads the reply to CLUSTER NODES of the server that calls itself myself.
func ownSlots(text string) (slots string, moving bool) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		// id address flags master ping pong epoch link slot...
		if len(fields) < 8 || !strings.Contains(fields[2], "myself") {
			continue
		}
		slots = strings.Join(fields[8:], " ")
		return slots, strings.Contains(slots, "[")
	}
	return "", false
}
