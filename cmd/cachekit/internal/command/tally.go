package command

import (
	"bufio"
	"fmt"
	"maps"
)

// tally is what a run of reseal found, each entry in one of the counts. Its JSON is in the
// file of --state, so that a run that goes on knows what the stopped one found.
type tally struct {
	Resealed int `json:"resealed"` // without --write, to be resealed
	Current  int `json:"current"`
	Changed  int `json:"changed"`
	Frames   int `json:"frames"`
	Unopened int `json:"unopened"`
	Damaged  int `json:"damaged"`
	Other    int `json:"other"`

	Skipped map[string]int `json:"skipped"` // keys without an entry, by reason
}

func (t *tally) clone() tally {
	c := *t
	c.Skipped = maps.Clone(t.Skipped)
	return c
}

func (t *tally) entries() int {
	return t.Resealed + t.Current + t.Changed + t.Frames + t.Unopened + t.Damaged + t.Other
}

func (t *tally) print(w *bufio.Writer, wrote bool) {
	moved := "under an old key: --write moves them"
	if wrote {
		moved = "moved to the current key"
	}
	for _, row := range []struct {
		n    int
		what string
	}{
		{t.entries(), "entries"},
		{t.Resealed, moved},
		{t.Current, "under the current key"},
		{t.Changed, "written by others in the meantime, and left as they are: another run looks at them"},
		{t.Frames, "under an old key in frames of the Python SDK, which that SDK alone can seal again"},
		{t.Unopened, "perhaps encrypted, that no key opened"},
		{t.Damaged, "damaged"},
		{t.Other, "not encrypted"},
	} {
		if row.n > 0 || row.what == moved {
			fmt.Fprintf(w, "%10d %s\n", row.n, row.what)
		}
	}
	printCounts(w, t.Skipped)
}

// code is the exit code.
func (t *tally) code(wrote bool) int {
	old := t.Changed + t.Frames
	if !wrote {
		old += t.Resealed
	}
	switch {
	case t.Damaged > 0:
		return exitDamaged
	case t.Unopened > 0:
		return exitKeys
	case old > 0:
		return exitOld
	}
	return exitDone
}
