package redisdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrTooLarge is the error for a value over Options.MaxValue.
var ErrTooLarge = errors.New("the value is larger than an entry may be")

// A WrongTypeError is the error for a key that holds something else than a string.
type WrongTypeError struct {
	Type string // as TYPE names it; empty where the server does not say
}

func (e *WrongTypeError) Error() string {
	switch e.Type {
	case "":
		return "is not a string"
	case "list", "set", "hash", "stream":
		return "is a " + e.Type + ", not a string"
	case "zset":
		return "is a sorted set, not a string"
	}
	return "is of the type " + printable(e.Type) + ", not a string"
}

// OfKey reports whether an error of a read is about this key, so that others may be read:
// the server answered, or the value is not one.
func OfKey(err error) bool {
	var wrong *WrongTypeError
	return errors.As(err, &wrong) || errors.Is(err, ErrTooLarge) || isReply(err)
}

// plain says what failed in words that are safe to show: without the password, without the
// arguments that a server repeats from a command that it does not know, and without
// control characters of a server.
func (db *DB) plain(doing string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	var timeout net.Error
	switch isTimeout := errors.As(err, &timeout) && timeout.Timeout(); {
	case redis.HasErrorPrefix(err, "NOAUTH"):
		text = "the server wants a password, which REDISCLI_AUTH or the URL gives"
	case redis.HasErrorPrefix(err, "WRONGPASS") || strings.Contains(text, "ERR invalid password"):
		text = "the server refuses the user or the password"
	case redis.HasErrorPrefix(err, "MOVED"):
		text = "the server is one of a cluster: ?cluster=true in the URL says so"
	case errors.Is(err, context.Canceled):
		text = "interrupted"
	case isTimeout || errors.Is(err, context.DeadlineExceeded):
		text = fmt.Sprintf("no answer within %v", db.o.Timeout)
		var op *net.OpError
		if errors.As(err, &op) && op.Addr != nil {
			text = op.Addr.String() + ": " + text
		}
	case isReply(err):
		text = "the server answers: " + text
	}
	text, changed := db.clean(text)
	if _, secret := db.clean(err.Error()); changed || secret {
		err = nil // nobody gets at the text by unwrapping
	}
	return &problem{doing + ": " + text, err}
}

// clean reports whether it left something out.
func (db *DB) clean(text string) (string, bool) {
	cleaned := text
	if i := strings.Index(strings.ToLower(cleaned), "with args"); i >= 0 {
		cleaned = strings.TrimRight(cleaned[:i], ", ")
	}
	// A shorter one is part of many words, and its place would tell it.
	if p := db.t.password; len(p) > 3 {
		cleaned = strings.ReplaceAll(cleaned, p, "***")
	}
	return printable(cleaned), cleaned != text
}

// printable replaces what could speak to a terminal, and cuts what is too long to read.
func printable(text string) string {
	const most = 300
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

// isReply reports whether the server answered, with an error.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

type problem struct {
	text string
	err  error
}

func (p *problem) Error() string { return p.text }
func (p *problem) Unwrap() error { return p.err }
