package redisdb

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/redis/go-redis/v9"
)

const (
	pipelineKeys  = 500     // in one pipeline
	pipelineBytes = 8 << 20 // of the values in one pipeline, if there is more than one
)

// Get returns the value of a key, and whether there is one. The error for a key of another
// type is a *WrongTypeError.
func (db *DB) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, err := db.client.Get(ctx, key).Bytes()
	switch {
	case err == nil && int64(len(value)) > db.o.MaxValue:
		return nil, true, ErrTooLarge
	case err == nil:
		return value, true, nil
	case errors.Is(err, redis.Nil):
		return nil, false, nil
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		// The type is a help only: a user may not be allowed to ask, and the key may be gone.
		name, _ := db.client.Type(ctx, key).Result()
		return nil, true, wrongType(name)
	}
	return nil, false, db.plain("the key cannot be read", err)
}

func wrongType(name string) *WrongTypeError {
	if name == "none" || name == "string" {
		name = ""
	}
	return &WrongTypeError{name}
}

// A State is what became of a key in GetMany.
type State int

const (
	Found     State = iota
	Missing         // there is no such key, any more
	WrongType       // Err is a *WrongTypeError
	TooLarge        // larger than Options.MaxValue, and not read
	Failed          // Err says why
)

// A Result is that of one key.
type Result struct {
	Key   string
	State State
	Value []byte // if Found
	Size  int64  // of the value, if Found or TooLarge
	Err   error  // if neither Found nor Missing
}

// GetMany reads keys, and gives the results in their order. It asks for the sizes first, so
// that what is in memory at a time is one value, or values of 8 MiB. In a cluster a pipeline
// goes to each server that has some of the keys. A value may change between the questions for
// its size and for itself.
func (db *DB) GetMany(ctx context.Context, keys []string) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		var broken error // the connection: more keys would wait for it in vain
		for chunk := range slices.Chunk(keys, pipelineKeys) {
			results := make([]Result, len(chunk))
			for i, key := range chunk {
				results[i] = Result{Key: key, State: Failed, Err: broken}
			}
			if broken == nil {
				broken = db.sizes(ctx, results)
			}
			for len(results) > 0 {
				group := results[:groupLen(results)]
				results = results[len(group):]
				if broken == nil {
					broken = db.values(ctx, group)
				}
				for i := range group {
					r := group[i]
					group[i] = Result{} // the value is the caller's now
					if r.State == wanted {
						r.State, r.Err = Failed, broken
					}
					if !yield(r) {
						return
					}
				}
			}
		}
	}
}

// wanted is the State of a key whose value is still to be read.
const wanted State = -1

// groupLen is how many of the results are read at once.
func groupLen(results []Result) int {
	var sum int64
	for i, r := range results {
		if r.State != wanted {
			continue
		}
		if sum += r.Size; sum > pipelineBytes && i > 0 {
			return i
		}
	}
	return len(results)
}

// sizes finds out which keys are wanted. Its error is one that no key escaped.
func (db *DB) sizes(ctx context.Context, results []Result) error {
	pipe := db.client.Pipeline()
	sizes := make([]*redis.IntCmd, len(results))
	for i := range results {
		sizes[i] = pipe.StrLen(ctx, results[i].Key)
	}
	pipe.Exec(ctx) // each command has its error
	for i := range results {
		r := &results[i]
		switch size, err := sizes[i].Result(); {
		case err != nil:
			db.fail(r, err)
		case size > db.o.MaxValue:
			r.State, r.Size, r.Err = TooLarge, size, ErrTooLarge
		default:
			r.State, r.Size = wanted, size
		}
	}
	db.types(ctx, results)
	return allBroken(sizes, db)
}

// values reads those that are wanted.
func (db *DB) values(ctx context.Context, results []Result) error {
	pipe := db.client.Pipeline()
	values := make([]*redis.StringCmd, 0, len(results))
	var of []*Result
	for i := range results {
		if r := &results[i]; r.State == wanted {
			values = append(values, pipe.Get(ctx, r.Key))
			of = append(of, r)
		}
	}
	if len(of) == 0 {
		return nil
	}
	pipe.Exec(ctx) // each command has its error
	for i, r := range of {
		value, err := values[i].Bytes()
		r.Size = int64(len(value))
		switch {
		case errors.Is(err, redis.Nil):
			r.State = Missing
		case err != nil:
			db.fail(r, err)
		case r.Size > db.o.MaxValue:
			r.State, r.Err = TooLarge, ErrTooLarge
		default:
			r.State, r.Value = Found, value
		}
	}
	db.types(ctx, results)
	return allBroken(values, db)
}

func (db *DB) fail(r *Result, err error) {
	r.State, r.Size = Failed, 0
	if redis.HasErrorPrefix(err, "WRONGTYPE") {
		r.State = WrongType // types sets the error
		return
	}
	r.Err = db.plain("the key cannot be read", err)
}

// types asks for the types of what is no string.
func (db *DB) types(ctx context.Context, results []Result) {
	pipe := db.client.Pipeline()
	names := map[int]*redis.StatusCmd{}
	for i, r := range results {
		if r.State == WrongType && r.Err == nil {
			names[i] = pipe.Type(ctx, r.Key)
		}
	}
	if len(names) == 0 {
		return
	}
	pipe.Exec(ctx) // a type that is not known is left out
	for i, name := range names {
		results[i].Err = wrongType(name.Val())
	}
}

// allBroken is the error of a pipeline to which no server answered at all.
func allBroken[C redis.Cmder](cmds []C, db *DB) error {
	for _, cmd := range cmds {
		if err := cmd.Err(); err == nil || isReply(err) {
			return nil
		}
	}
	return db.plain("the key cannot be read", cmds[0].Err())
}
