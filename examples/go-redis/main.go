// Command go-redis reads and writes the cache entries of a Python program.
//
// A program that uses the Python package cachekit keeps the results of
//
//	@cache(interop="get_user", namespace="users", backend=RedisBackend(), ttl=600)
//	def get_user(user_id): ...
//
// in Redis. "go-redis get 42" prints what get_user(42) returned, and
// "go-redis put '{"name": "alice"}' 42" makes get_user(42) return that without
// being run. With -encrypted they share the entries of @cache.secure.
//
// entries.go does the work; this file is the command line around it.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"
)

const usage = `usage: go-redis [option]... get [argument]...
       go-redis [option]... put value [argument]...
       go-redis [option]... key [argument]...

Reads or writes the cache entry of a call of a Python function decorated with
@cache(interop=..., namespace=...); "key" only prints its key.

Value and arguments are JSON, so text has quotes of its own: '"alice"'. Instead
of JSON, 0x and hexadecimal digits are bytes. The arguments are all parameters of
the function in the order of its declaration, defaults too; *args is one array,
**kwargs one map.

With -encrypted, CACHEKIT_MASTER_KEY holds the key, 64 hexadecimal digits and
nothing else, and CACHEKIT_PREVIOUS_MASTER_KEYS up to three earlier ones that may
still open an entry, separated by commas.

Exit status: 0 done, 1 there is no such entry, 2 anything else.

examples:
  go-redis put '{"name": "alice", "age": 30}' 42
  go-redis get 42
  go-redis -namespace shop -operation search get '"tea"' '[]' 10 '{"bio": true}'

options:
`

func main() {
	err := run()
	switch {
	case err == nil:
	case errors.Is(err, errNoEntry):
		fmt.Fprintln(os.Stderr, "go-redis:", err)
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "go-redis:", err)
		os.Exit(2)
	}
}

func run() error {
	addr := flag.String("addr", "127.0.0.1:6379", "`host:port` of Redis; of a cluster two nodes or more, with commas between them")
	namespace := flag.String("namespace", "users", "as in the decorator")
	operation := flag.String("operation", "get_user", "the decorator's interop=")
	ttl := flag.Duration("ttl", 10*time.Minute, "life of an entry that is put; 0: for ever")
	encrypted := flag.Bool("encrypted", false, "entries of @cache.secure, never plain ones")
	tenant := flag.String("tenant", encryption.DefaultTenant, "the Python side's deployment_uuid, if it has one")
	asHex := flag.Bool("hex", false, "print the value as MessagePack in hexadecimal digits")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()

	command, rest := flag.Arg(0), flag.Args()
	var value any
	var err error
	switch {
	case command == "put" && len(rest) > 1:
		if value, err = parse(rest[1]); err != nil {
			return err
		}
		rest = rest[2:]
	case command == "get" || command == "key":
		rest = rest[1:]
	default:
		return errors.New("get, put with a value, or key; see go-redis -help")
	}
	args := make([]any, len(rest))
	for i := range rest {
		if args[i], err = parse(rest[i]); err != nil {
			return err
		}
	}
	key, err := interop.Key(*namespace, *operation, args...)
	if err != nil {
		return err
	}
	if command == "key" {
		fmt.Println(key)
		return nil
	}

	entries := Entries{Redis: redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:         strings.Split(*addr, ","),
		MaxRetries:    -1, // for a command line; a server keeps the default
		DialerRetries: 1,
	})}
	defer entries.Redis.Close()
	if *encrypted {
		if entries.Keyring, err = keyringFor(*tenant); err != nil {
			return err
		}
		defer entries.Keyring.Wipe()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	if command == "put" {
		return entries.Put(ctx, key, value, *ttl)
	}
	document, keyIndex, err := entries.Get(ctx, key)
	if err != nil {
		return err
	}
	defer clear(document)
	if *encrypted {
		fmt.Fprintf(os.Stderr, "go-redis: opened with key %d of %d\n", keyIndex, entries.Keyring.KeyCount())
	}
	if *asHex {
		fmt.Println(hex.EncodeToString(document))
		return nil
	}
	decoded, err := interop.Parse(document)
	if err != nil {
		return err
	}
	text, err := json.Marshal(decoded)
	if err != nil { // a map with other keys than strings, which no writer of interop values makes
		return fmt.Errorf("not JSON: %w; see -hex", err)
	}
	fmt.Println(string(text))
	return nil
}

func keyringFor(tenant string) (*encryption.TenantKeyring, error) {
	masters, err := encryption.KeyringFromEnv()
	if err != nil {
		return nil, err
	}
	defer masters.Wipe()
	return masters.ForTenant([]byte(tenant))
}

// parse turns a word of the command line into a Go value. With UseNumber integers
// stay integers, for interop takes a json.Number for what it spells.
func parse(word string) (any, error) {
	if digits, ok := strings.CutPrefix(word, "0x"); ok {
		return hex.DecodeString(digits)
	}
	d := json.NewDecoder(strings.NewReader(word))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("%s is not JSON: %w; text has quotes of its own", word, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s is not one JSON text", word)
	}
	return v, nil
}
