package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/survey"
)

// timedKeys is how many entries are read to see how long that takes.
const timedKeys = 200

// timings are how long the same took, several times.
type timings []time.Duration

func (t timings) String() string {
	if len(t) == 0 {
		return "none"
	}
	sorted := slices.Sorted(slices.Values(t))
	at := func(part float64) string { return rounded(sorted[int(part*float64(len(sorted)-1))]) }
	return fmt.Sprintf("%10s median %10s p99 %10s worst, of %d", at(0.5), at(0.99), at(1), len(t))
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
	var get, open timings
	states := map[entry.State]int{}
	for _, key := range keys {
		began := time.Now()
		value, found, err := db.Get(ctx, key)
		took := time.Since(began)
		if err != nil || !found {
			if ctx.Err() != nil {
				return interrupted(ctx, context.Canceled, "nothing was written")
			}
			continue // of another type, or gone
		}
		get = append(get, took)
		bound := i.server.bound(o, key)
		began = time.Now()
		report := entry.Look(value, bound)
		open = append(open, time.Since(began))
		states[report.State]++
	}
	return buffered(cmd, func(w *bufio.Writer) error {
		row := func(name, format string, values ...any) {
			fmt.Fprintf(w, "  %-10s "+format+"\n", append([]any{name}, values...)...)
		}
		fmt.Fprintf(w, "%s %s, %s\n\n", info.Product, info.Version, info.Mode)
		row("keys", "%d, %d of them with a time to live", info.Keys, info.Expires)
		memory := survey.Bytes(info.UsedMemory)
		if info.MaxMemory > 0 {
			memory += fmt.Sprintf(" of %s (%.0f %%)", survey.Bytes(info.MaxMemory), 100*float64(info.UsedMemory)/float64(info.MaxMemory))
		} else {
			memory += ", without a limit"
		}
		row("memory", "%s; when full: %s", memory, info.Policy)
		lookups := info.Hits + info.Misses
		if lookups > 0 {
			row("hit ratio", "%.1f %% of %d lookups since the server started", 100*float64(info.Hits)/float64(lookups), lookups)
		} else {
			row("hit ratio", "no lookup yet")
		}
		row("GET", "%s", get)
		row("open", "%s", open)
		row("entries", "%d intact, %d damaged, %d not opened, %d of another kind, of those read",
			states[entry.Intact], states[entry.Damaged], states[entry.Encrypted], states[entry.Strange])
		return nil
	})
}
