package command

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redisdb"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

// stateFormat is what a file of --state says of itself.
const stateFormat = "state of cachekit reseal, 1"

// resealState is the content of such a file: how far a run came, and all that decides what
// it does with a key. A run with anything else would leave keys out that it never saw.
type resealState struct {
	Format   string          `json:"format"`
	Database int             `json:"database"`
	Match    string          `json:"match"`
	Strip    string          `json:"strip"`
	Tenants  []string        `json:"tenants"`
	Formats  []string        `json:"formats"`
	Keys     []string        `json:"key_fingerprints"` // of the first tenant
	Cursors  redisdb.Cursors `json:"cursors"`          // these know the servers
	Tally    tally           `json:"tally"`            // of the batches that the cursors are behind
}

// differs names what is not the same in two states; it is empty if all is.
func (s *resealState) differs(from *resealState) string {
	switch {
	case s.Database != from.Database:
		return "database"
	case s.Match != from.Match:
		return "--match"
	case s.Strip != from.Strip:
		return "--strip"
	case !slices.Equal(s.Tenants, from.Tenants):
		return "--tenant"
	case !slices.Equal(s.Formats, from.Formats):
		return "--format"
	case !slices.Equal(s.Keys, from.Keys):
		return "set of keys"
	}
	return ""
}

// stateFile keeps the state of a run in a file, or nowhere if that has no name.
type stateFile struct {
	name  string
	run   resealState
	saved time.Time
}

// openState returns the state of an earlier run like this one, or a new one. The file is
// written at once, so that one that cannot be is noticed before anything changes.
func (r *resealing) openState(ctx context.Context, cmd *cobra.Command, keys *entry.Keys, db *redisdb.DB) (*stateFile, error) {
	f := &stateFile{name: r.state, run: resealState{Format: stateFormat, Database: db.Number(), Match: r.server.match,
		Strip: r.server.strip, Tenants: r.tenants, Formats: r.formats, Cursors: redisdb.Cursors{},
		Tally: tally{Skipped: map[string]int{}}}}
	if len(f.run.Tenants) == 0 {
		f.run.Tenants = []string{encryption.DefaultTenant}
	}
	if r.state == "" {
		return f, nil
	}
	keyring, err := keys.Tenant(f.run.Tenants[0])
	if err != nil {
		return nil, err
	}
	for i := range keyring.KeyCount() {
		fingerprint, err := keyring.Fingerprint(i)
		if err != nil {
			return nil, err
		}
		f.run.Keys = append(f.run.Keys, hex.EncodeToString(fingerprint[:]))
	}
	earlier, err := f.read()
	if err != nil {
		return nil, err
	}
	if earlier != nil {
		fits, err := db.Fits(ctx, earlier.Cursors)
		if err != nil {
			return nil, err
		}
		if fits {
			f.run.Cursors, f.run.Tally = earlier.Cursors, earlier.Tally
		} else {
			cmd.PrintErrln("cachekit: the server is another one than that of the state, was started again, or has other slots: this run begins anew")
		}
	}
	return f, f.save()
}

// read returns the state of an earlier run, or nil if there is none.
func (f *stateFile) read() (*resealState, error) {
	info, err := os.Lstat(f.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: this is no file that a run can keep its state in", f.name)
	}
	text, err := os.ReadFile(f.name)
	if err != nil {
		return nil, err
	}
	var earlier resealState
	if json.Unmarshal(text, &earlier) != nil || earlier.Format != stateFormat || earlier.Cursors == nil || earlier.Tally.Skipped == nil {
		return nil, fmt.Errorf("%s: this is not the state of a run: name another file", f.name)
	}
	if what := f.run.differs(&earlier); what != "" {
		return nil, fmt.Errorf("%s: this is the state of a run with another %s: remove it to begin anew", f.name, what)
	}
	return &earlier, nil
}

func (f *stateFile) save() error {
	if f.name == "" {
		return nil
	}
	text, err := json.Marshal(&f.run)
	if err != nil {
		return err
	}
	f.saved = time.Now()
	return writeFile(f.name, append(text, '\n'), 0o600)
}

// saveNowAndThen saves it once a second, not for every key.
func (f *stateFile) saveNowAndThen() error {
	if time.Since(f.saved) < time.Second {
		return nil
	}
	return f.save()
}

// remove ends what came to its end.
func (f *stateFile) remove() error {
	if f.name == "" {
		return nil
	}
	if err := os.Remove(f.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // another run with the same file may have come to its end first
}
