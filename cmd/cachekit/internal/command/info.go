package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redisdb"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/survey"
)

// timedKeys is how many entries are read to see how long that takes.
const timedKeys = 200

// timings are how long the same took, several times. The fields are JSON's.
type timings struct {
	Count  int           `json:"count"`
	Median time.Duration `json:"median_ns"`
	P99    time.Duration `json:"p99_ns"`
	Worst  time.Duration `json:"worst_ns"`
}

func timingsOf(took []time.Duration) timings {
	if len(took) == 0 {
		return timings{}
	}
	slices.Sort(took)
	at := func(part float64) time.Duration { return took[int(part*float64(len(took)-1))] }
	return timings{len(took), at(0.5), at(0.99), at(1)}
}

func (t timings) String() string {
	if t.Count == 0 {
		return "none"
	}
	return fmt.Sprintf("%10s median %10s p99 %10s worst, of %d", rounded(t.Median), rounded(t.P99), rounded(t.Worst), t.Count)
}

// serverInfo is the JSON of --info.
type serverInfo struct {
	redisdb.Info
	Get     timings             `json:"get"`
	Open    timings             `json:"open"`
	Entries map[entry.State]int `json:"entries"` // of those read, by state
}

// errEnough ends a scan.
var errEnough = errors.New("enough")

// showInfo shows the server on one screen.
func (i *inspection) showInfo(cmd *cobra.Command, o entry.Options) error {
	ctx, db, done, err := i.server.connect(cmd)
	if err != nil {
		return err
	}
	defer done()
	info, err := db.Info(ctx)
	if err != nil {
		return err
	}
	var keys []string
	err = db.Scan(ctx, i.server.match, timedKeys, nil, func(batch []string) error {
		keys = append(keys, batch...)
		if len(keys) >= timedKeys {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	keys = keys[:min(len(keys), timedKeys)]
	var get, open []time.Duration
	states := map[entry.State]int{entry.Intact: 0, entry.Damaged: 0, entry.Encrypted: 0, entry.Strange: 0}
	for _, key := range keys {
		began := time.Now()
		value, found, err := db.Get(ctx, key)
		took := time.Since(began)
		switch {
		case ctx.Err() != nil:
			return interrupted(ctx, context.Canceled, "nothing was written")
		case err != nil && !redisdb.OfKey(err):
			return err
		case err != nil || !found:
			continue // of another type, or gone
		}
		get = append(get, took)
		bound := i.server.bound(o, key)
		began = time.Now()
		report := entry.Look(value, bound)
		open = append(open, time.Since(began))
		states[report.State]++
	}
	all := &serverInfo{info, timingsOf(get), timingsOf(open), states}
	err = buffered(cmd, func(w *bufio.Writer) error {
		if i.json {
			return json.NewEncoder(w).Encode(all)
		}
		printInfo(w, all)
		return nil
	})
	if err == nil && i.server.match != "" && len(keys) == 0 {
		err = i.server.nothing()
	}
	return err
}

func printInfo(w *bufio.Writer, s *serverInfo) {
	row := func(name, format string, values ...any) {
		fmt.Fprintf(w, "  %-10s "+format+"\n", append([]any{name}, values...)...)
	}
	fmt.Fprintf(w, "%s %s, %s\n\n", s.Product, s.Version, s.Mode)
	row("keys", "%d, %d of them with a time to live", s.Keys, s.Expires)
	memory := survey.Bytes(s.UsedMemory)
	if s.MaxMemory > 0 {
		memory += fmt.Sprintf(" of %s (%.0f %%)", survey.Bytes(s.MaxMemory), 100*float64(s.UsedMemory)/float64(s.MaxMemory))
	} else {
		memory += ", without a limit"
	}
	row("memory", "%s; when full: %s", memory, s.Policy)
	lookups := s.Hits + s.Misses
	if lookups > 0 {
		row("hit ratio", "%.1f %% of %d lookups since the server started", 100*float64(s.Hits)/float64(lookups), lookups)
	} else {
		row("hit ratio", "no lookup yet")
	}
	row("GET", "%s", s.Get)
	row("open", "%s", s.Open)
	row("entries", "%d intact, %d damaged, %d not opened, %d of another kind, of those read",
		s.Entries[entry.Intact], s.Entries[entry.Damaged], s.Entries[entry.Encrypted], s.Entries[entry.Strange])
}
