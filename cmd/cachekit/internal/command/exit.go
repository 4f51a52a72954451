package command

import (
	"errors"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/core"
)

// The exit codes of the command. They do not change.
const (
	exitDone    = 0 // all is well
	exitFailed  = 1 // a file, a key or a server cannot be used, or a pattern matches nothing
	exitUsage   = 2 // the command was called in a wrong way
	exitDamaged = 3 // an entry is damaged
	exitStrange = 4 // an entry is nothing of this family
	exitKeys    = 5 // an entry is encrypted, and no key opened it
	exitOld     = 6 // an entry needs an old key still
)

const exitHelp = `Exit codes:
  0  all is well
  1  a file, a key or a server cannot be used, the output cannot be written, or a pattern matches
     nothing
  2  the command was called in a wrong way
  3  an entry is damaged
  4  an entry is nothing of this family
  5  an entry is encrypted, and no key opened it
  6  an entry still needs an old key, as reseal found
Of several that apply to entries it is the lowest.`

// exit is an error with the code that the command ends with. Its error may be nil, where
// what there is to say stands in the output.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string { return e.err.Error() }
func (e *exit) Unwrap() error { return e.err }

// codeOf is the exit code for what a command returned, and the error that is still to be
// printed.
func codeOf(err error) (int, error) {
	var e *exit
	switch {
	case err == nil:
		return exitDone, nil
	case !errors.As(err, &e):
		return exitFailed, err
	case e.err == nil:
		return e.code, nil
	}
	return e.code, err
}

// codeAlone ends the command with a code, after what there is to say was printed.
func codeAlone(code int) error {
	if code == exitDone {
		return nil
	}
	return &exit{code: code}
}

// usage is an error in how the command was called.
func usage(err error) error { return &exit{exitUsage, err} }

// ofEntry is the error of a function that was given an entry.
func ofEntry(err error) error {
	switch {
	case errors.Is(err, core.ErrDecryptionFailed):
		return &exit{exitKeys, err}
	case core.IsMiss(err):
		return &exit{exitDamaged, err}
	}
	return err
}

// stateCode is the code for an entry in this state.
func stateCode(state entry.State) int {
	switch state {
	case entry.Damaged:
		return exitDamaged
	case entry.Strange:
		return exitStrange
	case entry.Encrypted:
		return exitKeys
	}
	return exitDone
}

// worse is the code for two entries together.
func worse(a, b int) int {
	if a == exitDone || b != exitDone && b < a {
		return b
	}
	return a
}
