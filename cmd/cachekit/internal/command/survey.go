package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
		case err != nil && !redisdb.OfKey(err):
			return nil, &lost{err}
		case errors.As(err, new(*redisdb.WrongTypeError)):
			return nil, fmt.Errorf("%s %w", quoted(key), err)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", quoted(key), err)
		case !found:
			return nil, fmt.Errorf("%s: there is no such key", quoted(key))
		}
		return i.valueOf(key, value, o), nil
	})
}

// valueOf is what is found out about the value of a key.
func (i *inspection) valueOf(key string, value []byte, o entry.Options) *inspected {
	return named(key, &inspected{Form: formRaw, Report: entry.Look(value, i.server.bound(o, key))})
}

// surveyed is the JSON of a survey.
type surveyed struct {
	Match    string  `json:"match"`
	MatchHex string  `json:"match_hex,omitempty"`
	Seconds  float64 `json:"seconds"`
	Complete bool    `json:"complete"`
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
	progress := newProgress(cmd, "keys")
	out := bufio.NewWriter(cmd.OutOrStdout())
	look := func(key string, value []byte) error {
		found := i.valueOf(key, value, o)
		sum.Add(key, found.Report)
		if !i.check || found.State == entry.Intact {
			return nil
		}
		progress.hide()
		return errors.Join(i.print(out, found, nil), out.Flush())
	}
	err = i.server.each(ctx, db, progress, nil, visit{entry: look, skip: sum.Skip})
	// Of a survey that was stopped, what was seen is worth showing.
	stopped := interrupted(ctx, err, "this is what was seen until then")
	if err != nil && ctx.Err() == nil && !errors.Is(err, redisdb.ErrMoving) {
		return err
	}
	sum.Sort()
	took := time.Since(began)
	err = nil
	switch {
	case i.check:
	case i.json:
		match := i.server.match
		err = json.NewEncoder(out).Encode(&surveyed{match, survey.HexUnlessText(match), took.Seconds(), stopped == nil, sum})
	default:
		printSurvey(out, i.server.match, took, sum, o.Keys.Count())
	}
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	if i.plot != "" {
		var picture bytes.Buffer
		if err := sum.Plot(&picture, quoted(i.server.match)); err != nil {
			return err
		}
		if err := writeFile(i.plot, picture.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if stopped == nil && sum.Total.Entries == 0 {
		stopped = i.server.nothing()
	}
	if stopped != nil {
		return stopped
	}
	code := exitDone
	for _, kind := range sum.Kinds {
		code = worse(code, stateCode(kind.State))
	}
	return codeAlone(code)
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
		printCounts(w, s.Skipped)
	}
}

// printCounts writes how many keys were left out, for each reason.
func printCounts(w *bufio.Writer, counts map[string]int) {
	for _, why := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "%10d %s\n", counts[why], why)
	}
}

func printNamed(w *bufio.Writer, title string, entries []survey.Named) {
	if len(entries) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, e := range entries {
		fmt.Fprintf(w, "%12s  %s", survey.Bytes(int64(e.Bytes)), quoted(e.Key))
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
