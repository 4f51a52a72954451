package command

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redisdb"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/survey"
)

// surveyPayload is the largest payload that a survey unpacks: among many entries there
// may be some that claim 512 MiB.
const surveyPayload = 64 << 20

// inspectKeys looks at single keys of a server.
func (i *inspection) inspectKeys(cmd *cobra.Command, keys []string, o entry.Options) error {
	ctx, db, done, err := i.server.connect(cmd)
	if err != nil {
		return err
	}
	defer done()
	return i.inspectAll(cmd, keys, func(key string) (*inspected, error) {
		value, found, err := db.Get(ctx, key)
		switch {
		case err != nil:
			return nil, err
		case !found:
			return nil, fmt.Errorf("%s: there is no such key", quoted(key))
		}
		return &inspected{Name: quoted(key), Form: formRaw, Report: entry.Look(value, i.server.bound(o, key))}, nil
	})
}

// surveyed is the JSON of a survey.
type surveyed struct {
	Match   string  `json:"match"`
	Seconds float64 `json:"seconds"`
	*survey.Survey
}

// survey looks at all keys that a pattern matches.
func (i *inspection) survey(cmd *cobra.Command, o entry.Options) error {
	ctx, db, done, err := i.server.connect(cmd)
	if err != nil {
		return err
	}
	defer done()
	o.MaxPayload = surveyPayload
	sum := survey.New()
	began := time.Now()
	err = i.server.each(ctx, cmd, db, nil, func(key string, value []byte) error {
		sum.Add(quoted(key), entry.Look(value, i.server.bound(o, key)))
		return nil
	}, sum.Skip)
	if errors.Is(err, redisdb.ErrMoving) {
		cmd.PrintErrln("cachekit: " + err.Error()) // what was seen is worth showing
		err = nil
	}
	if err = interrupted(ctx, err, "this is what was seen until then"); err != nil && ctx.Err() == nil {
		return err
	}
	stopped := err
	sum.Sort()
	if i.plot != "" {
		var picture bytes.Buffer
		if err := sum.Plot(&picture, i.server.match); err != nil {
			return err
		}
		if err := writeFile(i.plot, picture.Bytes(), 0o644); err != nil {
			return err
		}
	}
	took := time.Since(began)
	err = buffered(cmd, func(w *bufio.Writer) error {
		if i.json {
			return json.NewEncoder(w).Encode(&surveyed{i.server.match, took.Seconds(), sum})
		}
		printSurvey(w, i.server.match, took, sum, o.Keys.Count())
		return nil
	})
	if err != nil || stopped != nil {
		return cmp.Or(err, stopped)
	}
	if i.check {
		code := exitDone
		for _, kind := range sum.Kinds {
			code = worse(code, stateCode(kind.State))
		}
		if code != exitDone {
			return &exit{code: code}
		}
	}
	return nil
}

// each reads all keys that the pattern matches and hands on their values, a batch at a
// time. What has no value is skipped, with the reason.
func (s *server) each(ctx context.Context, cmd *cobra.Command, db *redisdb.DB, cursors redisdb.Cursors,
	entry func(key string, value []byte) error, skip func(why string)) error {
	total := int64(0)
	if s.match == "*" {
		var err error
		if total, err = db.KeyCount(ctx); err != nil {
			return err
		}
	}
	progress := newProgress(cmd, "keys", total)
	defer progress.end()
	seen := int64(0)
	return db.Scan(ctx, s.match, s.batch, cursors, func(keys []string) error {
		for value := range db.GetMany(ctx, keys) {
			switch value.State {
			case redisdb.Found:
				if err := entry(value.Key, value.Value); err != nil {
					return err
				}
			case redisdb.Missing:
				skip("gone since they were listed")
			case redisdb.Failed:
				return value.Err
			default:
				skip(value.Err.Error())
			}
			seen++
			progress.done(seen)
		}
		return nil
	})
}

func printSurvey(w *bufio.Writer, match string, took time.Duration, s *survey.Survey, keys int) {
	fmt.Fprintf(w, "%s: %s of %s in %.1f s, %.0f a second\n", quoted(match), countOf(s.Total.Entries, "entry", "entries"),
		survey.Bytes(s.Total.Bytes), took.Seconds(), float64(s.Total.Entries)/took.Seconds())

	fmt.Fprintf(w, "\n%-20s %-9s %10s %12s %12s %6s\n", "KIND", "STATE", "ENTRIES", "SIZE", "PAYLOAD", "RATIO")
	for _, k := range s.Kinds {
		payload, ratio := "-", "-"
		if k.SealedBytes > 0 {
			payload, ratio = survey.Bytes(k.PayloadBytes), fmt.Sprintf("%.2f", k.Ratio())
		}
		fmt.Fprintf(w, "%-20s %-9s %10d %12s %12s %6s\n", k.Kind, k.State, k.Entries, survey.Bytes(k.Bytes), payload, ratio)
	}

	if keys > 0 {
		fmt.Fprintf(w, "\n%-4s %-26s %10s %12s  %s\n", "KEY", "", "ENTRIES", "SIZE", "FINGERPRINT, TENANT")
		for index := range keys {
			sum := &survey.KeySum{Index: index}
			if index < len(s.Keys) {
				sum = s.Keys[index]
			}
			fmt.Fprintf(w, "%-4d %-26s %10d %12s  %s\n", index, keyRole(index), sum.Entries, survey.Bytes(sum.Bytes), fingerprints(sum))
		}
	}

	if len(s.Sizes) > 0 {
		fmt.Fprintf(w, "\n%-10s %10s\n", "UP TO", "ENTRIES")
		most := 1
		for _, size := range s.Sizes {
			most = max(most, size.Entries)
		}
		for _, size := range s.Sizes {
			line := fmt.Sprintf("%-10s %10d %s", survey.Bytes(size.UpTo), size.Entries, strings.Repeat("#", (40*size.Entries+most-1)/most))
			fmt.Fprintln(w, strings.TrimRight(line, " "))
		}
	}

	if len(s.Levels) > 0 {
		fmt.Fprintf(w, "\nAt another level of compression, by the first %s:\n", countOf(s.Levels[0].Entries, "envelope", "envelopes"))
		for _, l := range s.Levels {
			fmt.Fprintf(w, "  level %d %12s, %.1f %% less than now\n", l.Level, survey.Bytes(l.Bytes), 100*l.Saving())
		}
	}

	printNamed(w, "The largest", s.Largest)
	printNamed(w, "The first that are damaged", s.Damaged)
	if len(s.Skipped) > 0 {
		fmt.Fprintln(w, "\nWithout an entry:")
		reasons := make([]string, 0, len(s.Skipped))
		for why := range s.Skipped {
			reasons = append(reasons, why)
		}
		slices.Sort(reasons)
		for _, why := range reasons {
			fmt.Fprintf(w, "%10d  %s\n", s.Skipped[why], why)
		}
	}
}

func printNamed(w *bufio.Writer, title string, entries []survey.Named) {
	if len(entries) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, e := range entries {
		fmt.Fprintf(w, "%12s  %s", survey.Bytes(int64(e.Bytes)), e.Key)
		if e.Damage != "" {
			fmt.Fprintf(w, ": %s", withoutName(e.Damage))
		}
		fmt.Fprintln(w)
	}
}

func fingerprints(k *survey.KeySum) string {
	tenants := make([]string, 0, len(k.Fingerprints))
	for tenant, fingerprint := range k.Fingerprints {
		tenants = append(tenants, fingerprint+" "+quoted(tenant))
	}
	slices.Sort(tenants)
	return strings.Join(tenants, ", ")
}
