package command

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"

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
begins where this one stopped, if it is the same in everything else and the server is too.

The exit code tells whether the old keys may go: it is 0 only if none of the entries needs one.

` + exitHelp,
		Example: `  cachekit reseal --key users:1 --tenant acme user.entry -o user.new
  cachekit reseal --redis redis://localhost --match 'users:*' --tenant acme
  cachekit reseal --redis redis://localhost --match 'users:*' --tenant acme --write --state reseal.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.checkFlags(cmd, args); err != nil {
				return err
			}
			if r.server.url != "" {
				return r.overServer(cmd)
			}
			return r.one(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.cacheKey, "key", "", "cache `key` of the entry in FILE")
	flags.StringArrayVar(&r.tenants, "tenant", nil, "`tenant` of the entries; may be repeated (default \"default\")")
	flags.StringArrayVar(&r.formats, "format", nil, "`format` of the entries; may be repeated (default all of the SDKs)")
	keyFileFlag(cmd, &r.keyFile)
	outputFlag(cmd, &r.output)
	r.server.flags(cmd)
	flags.BoolVar(&r.write, "write", false, "replace the entries in Redis; without it they are only counted")
	flags.StringVar(&r.state, "state", "", "`file` that says where a run stopped, for the next one")
	return cmd
}

// checkFlags refuses flags that are missing, or would have no effect.
func (r *resealing) checkFlags(cmd *cobra.Command, args []string) error {
	if err := r.server.check(cmd, "write", "state"); err != nil {
		return err
	}
	if err := r.options(nil).Check(); err != nil {
		return usageOf(cmd, err)
	}
	changed := cmd.Flags().Changed
	switch overServer := r.server.url != ""; {
	case overServer && (len(args) > 0 || changed("output") || changed("key")):
		return usageOf(cmd, errors.New("FILE, --key and --output do not go together with --redis"))
	case overServer && r.server.match == "":
		return usageOf(cmd, errors.New("say which keys by --match, as in --match 'users:*'"))
	case changed("state") && !r.write:
		return usageOf(cmd, errors.New("--state is for --write: a run that only counts begins anew each time"))
	case !overServer && r.cacheKey == "":
		return usageOf(cmd, errors.New("name the cache key that the entry is bound to by --key"))
	}
	return nil
}

func (r *resealing) options(keys *entry.Keys) entry.Options {
	return entry.Options{Keys: keys, Tenants: r.tenants, Formats: r.formats}
}

// one reseals a file.
func (r *resealing) one(cmd *cobra.Command, args []string) error {
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
	case err == entry.ErrFrame:
		return &exit{exitOld, err}
	case err != nil:
		return err
	case again != nil:
		return writeOutput(cmd, r.output, again, outputMode)
	case report.Opening() != nil:
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
func (r *resealing) overServer(cmd *cobra.Command) error {
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
	state, err := r.openState(ctx, cmd, keys, db)
	if err != nil {
		return err
	}
	t := state.run.Tally.clone()
	err = r.server.each(ctx, db, newProgress(cmd, "keys"), state.run.Cursors, visit{
		begin: state.saveNowAndThen,
		entry: func(key string, value []byte) error { return r.move(ctx, db, keys, key, value, &t) },
		skip:  func(why string) { t.Skipped[why]++ },
		end:   func() { state.run.Tally = t.clone() },
	})
	err = interrupted(ctx, err, "another run goes on where this one stopped")
	// Where keys may have been missed, another run has to look at all of them.
	if err == nil || errors.Is(err, redisdb.ErrMoving) {
		err = errors.Join(err, state.remove())
	} else {
		err = errors.Join(err, state.save())
	}
	printed := buffered(cmd, func(w *bufio.Writer) error { t.print(w, r.write); return nil })
	err = cmp.Or(err, printed)
	switch {
	case err != nil:
		return err
	case t.entries() == 0:
		return r.server.nothing()
	}
	return codeAlone(t.code(r.write))
}

// move reseals one entry.
func (r *resealing) move(ctx context.Context, db *redisdb.DB, keys *entry.Keys, key string, value []byte, t *tally) error {
	o := r.server.bound(r.options(keys), key)
	o.MaxPayload = surveyPayload
	report := entry.Look(value, o)
	again, err := o.Reseal(value, report)
	switch {
	case err == entry.ErrFrame:
		t.Frames++
	case err != nil:
		return fmt.Errorf("%s: %w", quoted(key), err)
	case again != nil && r.write:
		// What was begun is brought to its end when the user interrupts, so that the
		// tally holds what became of every entry.
		outcome, err := db.Replace(context.WithoutCancel(ctx), key, value, again)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", quoted(key), err)
		case outcome == redisdb.Replaced:
			t.Resealed++
		case outcome == redisdb.Gone:
			t.Skipped[gone]++
		default:
			t.Changed++
		}
	case again != nil:
		t.Resealed++
	case report.Opening() != nil:
		t.Current++
	case report.State == entry.Encrypted:
		t.Unopened++
	case report.State == entry.Damaged:
		t.Damaged++
	default:
		t.Other++
	}
	return nil
}
