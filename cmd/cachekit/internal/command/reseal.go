package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redisdb"
)

// resealing is what `cachekit reseal` was asked for.
type resealing struct {
	server   server
	cacheKey string
	tenants  []string
	formats  []string
	keyFile  string
	output   string
	write    bool
	state    string
}

// tally is what a run has done.
type tally struct {
	entries, current, resealed, changed, other, damaged, unopened, frames int
}

func newReseal() *cobra.Command {
	var r resealing
	cmd := &cobra.Command{
		Use:   "reseal [FILE]",
		Short: "Move entries from an old master key to the current one",
		Long: `reseal opens entries with the keys that there are, and encrypts those that an old key opened
again under the current one, bound to the same tenant, cache key and format. Once no entry needs
an old key, that can go.

FILE, or the standard input, is one entry, and the output is that entry under the current key.
With --redis and --match it goes over the entries of a server. It only counts, until --write is
there too. With it an entry is replaced by a script that compares, so that one that was written
in the meantime stays, and its time to live is kept. It may be stopped at any time: what was
moved is moved, and another run goes on where nothing was moved yet. With --state the next run
begins where this one stopped.

` + exitHelp,
		Example: `  cachekit reseal --key users:1 --tenant acme user.entry -o user.new
  cachekit reseal --redis redis://localhost --match 'users:*' --tenant acme
  cachekit reseal --redis redis://localhost --match 'users:*' --tenant acme --write --state reseal.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.server.url != "" {
				return r.overServer(cmd, args)
			}
			return r.one(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.cacheKey, "key", "", "cache `key` of the entry in FILE")
	flags.StringSliceVar(&r.tenants, "tenant", nil, "`tenant` of the entries; may be repeated (default \"default\")")
	flags.StringSliceVar(&r.formats, "format", nil, "`format` of the entries; may be repeated (default all of the SDKs)")
	keyFileFlag(cmd, &r.keyFile)
	outputFlag(cmd, &r.output)
	r.server.flags(cmd)
	flags.BoolVar(&r.write, "write", false, "replace the entries in Redis; without it they are only counted")
	flags.StringVar(&r.state, "state", "", "`file` that says where a run stopped, for the next one")
	return cmd
}

func (r *resealing) options(keys *entry.Keys) entry.Options {
	return entry.Options{Keys: keys, Tenants: r.tenants, Formats: r.formats}
}

// one reseals a file.
func (r *resealing) one(cmd *cobra.Command, args []string) error {
	if !cmd.Flags().Changed("key") {
		return usageOf(cmd, errors.New("name the cache key that the entry is bound to by --key"))
	}
	keys, err := readKeys(r.keyFile)
	if err != nil {
		return err
	}
	defer keys.Wipe()
	value, err := readInput(cmd, inputName(args))
	if err != nil {
		return err
	}
	o := r.options(keys)
	o.CacheKey = []byte(r.cacheKey)
	report := entry.Look(value, o)
	again, err := o.Reseal(value, report)
	switch {
	case err != nil:
		return err
	case again != nil:
		return writeOutput(cmd, r.output, again, outputMode)
	case report.Opened != nil:
		cmd.PrintErrln("cachekit: the current key opened it: it stays as it is")
		return writeOutput(cmd, r.output, value, outputMode)
	}
	code := stateCode(report.State)
	if report.State == entry.Intact {
		code = exitStrange
	}
	return &exit{code, errors.New("this is not an entry that a key opened: " + sentence(report))}
}

// overServer reseals the entries of a server.
func (r *resealing) overServer(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 0 || r.output != "" || r.cacheKey != "":
		return usageOf(cmd, errors.New("FILE, --key and --output do not go together with --redis"))
	case r.server.match == "":
		return usageOf(cmd, errors.New("say which keys by --match, as in --match 'users:*'"))
	}
	keys, err := readKeys(r.keyFile)
	if err != nil {
		return err
	}
	defer keys.Wipe()
	if keys.Count() < 2 {
		return usageOf(cmd, errors.New("there is only the current key: name old ones in CACHEKIT_PREVIOUS_MASTER_KEYS or in the file of keys"))
	}
	ctx, db, done, err := r.server.connect(cmd)
	if err != nil {
		return err
	}
	defer done()
	cursors, err := r.readState()
	if err != nil {
		return err
	}
	var t tally
	saved := time.Now()
	err = r.server.each(ctx, cmd, db, cursors, func(key string, value []byte) error {
		if r.state != "" && r.write && time.Since(saved) > time.Second {
			saved = time.Now()
			if err := r.writeState(cursors); err != nil {
				return err
			}
		}
		return r.move(ctx, db, keys, key, value, &t)
	}, func(string) { t.other++ })
	if r.state != "" && r.write {
		if err == nil {
			err = ignoreMissing(os.Remove(r.state))
		} else {
			err = errors.Join(err, r.writeState(cursors))
		}
	}
	r.print(cmd, &t)
	return interrupted(ctx, err, "another run goes on where this one stopped")
}

// move reseals one entry.
func (r *resealing) move(ctx context.Context, db *redisdb.DB, keys *entry.Keys, key string, value []byte, t *tally) error {
	o := r.server.bound(r.options(keys), key)
	o.MaxPayload = surveyPayload
	report := entry.Look(value, o)
	again, err := o.Reseal(value, report)
	t.entries++
	switch {
	case err == entry.ErrFrame:
		t.frames++
	case err != nil:
		return fmt.Errorf("%s: %w", quoted(key), err)
	case again != nil && r.write:
		replaced, err := db.Replace(ctx, key, value, again)
		if err != nil {
			return fmt.Errorf("%s: %w", quoted(key), err)
		}
		if !replaced {
			t.changed++
			return nil
		}
		t.resealed++
	case again != nil:
		t.resealed++
	case report.Opened != nil:
		t.current++
	case report.State == entry.Encrypted:
		t.unopened++
	case report.State == entry.Damaged:
		t.damaged++
	default:
		t.other++
	}
	return nil
}

func (r *resealing) print(cmd *cobra.Command, t *tally) {
	moved := "under an old key: --write moves them"
	if r.write {
		moved = "moved to the current key"
	}
	for _, row := range []struct {
		n    int
		what string
	}{
		{t.entries, "entries"},
		{t.resealed, moved},
		{t.current, "under the current key"},
		{t.changed, "written by others in the meantime, and left as they are"},
		{t.frames, "in frames of the Python SDK, which that SDK alone can seal again"},
		{t.unopened, "that no key opened"},
		{t.damaged, "damaged"},
		{t.other, "not encrypted, or of another type"},
	} {
		if row.n > 0 || row.what == moved {
			fmt.Fprintf(cmd.OutOrStdout(), "%10d %s\n", row.n, row.what)
		}
	}
}

func (r *resealing) readState() (redisdb.Cursors, error) {
	cursors := redisdb.Cursors{}
	if r.state == "" {
		return cursors, nil
	}
	text, err := os.ReadFile(r.state)
	if errors.Is(err, fs.ErrNotExist) {
		return cursors, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &cursors); err != nil {
		return nil, fmt.Errorf("%s: this is not the state of a run: remove it to begin anew", r.state)
	}
	return cursors, nil
}

func (r *resealing) writeState(cursors redisdb.Cursors) error {
	text, err := json.Marshal(cursors)
	if err != nil {
		return err
	}
	return writeFile(r.state, append(text, '\n'), 0o600)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
