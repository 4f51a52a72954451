package redisdb

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redistest"
)

func TestURLs(t *testing.T) {
	for text, want := range map[string]target{
		"redis://h":                        {network: "tcp", addrs: []string{"h:6379"}},
		"redis://h:1/":                     {network: "tcp", addrs: []string{"h:1"}},
		"REDISS://u:p%2F@h:1/15":           {network: "tcp", addrs: []string{"h:1"}, tls: true, user: "u", password: "p/", db: 15},
		"redis://:p@ss:w@[::1]:7":          {network: "tcp", addrs: []string{"[::1]:7"}, password: "p@ss:w"},
		"redis://word@[::1]":               {network: "tcp", addrs: []string{"[::1]:6379"}, password: "word"},
		"redis://h?cluster=true":           {network: "tcp", addrs: []string{"h:6379"}, kind: cluster},
		"redis-cluster://u:p@a,b:2,[::1]":  {network: "tcp", addrs: []string{"a:6379", "b:2", "[::1]:6379"}, kind: cluster, user: "u", password: "p"},
		"rediss-cluster://a":               {network: "tcp", addrs: []string{"a:6379"}, kind: cluster, tls: true},
		"redis-sentinel://:p@a,b:2/my-m/3": {network: "tcp", addrs: []string{"a:26379", "b:2"}, kind: sentinel, master: "my-m", password: "p", db: 3},
		"rediss-sentinel://a/m":            {network: "tcp", addrs: []string{"a:26379"}, kind: sentinel, master: "m", tls: true},
		"unix:///run/r@1.sock?db=2":        {network: "unix", addrs: []string{"/run/r@1.sock"}, db: 2},
		"unix://u:p@/run/r.sock":           {network: "unix", addrs: []string{"/run/r.sock"}, user: "u", password: "p"},
	} {
		t.Setenv("REDISCLI_AUTH", "")
		got, err := parse(text)
		if err != nil || fmt.Sprint(*got) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestThePasswordMayComeFromTheEnvironment(t *testing.T) {
	t.Setenv("REDISCLI_AUTH", "env")
	for text, want := range map[string][2]string{
		"redis://h": {"", "env"}, "redis://u@h": {"u", "env"}, "redis://u:@h": {"u", "env"}, "redis://u:p@h": {"u", "p"}, "redis://:p@h": {"", "p"},
	} {
		if got, err := parse(text); err != nil || got.user != want[0] || got.password != want[1] {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestAMalformedURLIsAnErrorThatDoesNotQuoteIt(t *testing.T) {
	t.Setenv("REDISCLI_AUTH", "")
	for text, want := range map[string]error{
		"":                                     errScheme,
		"hunter2":                              errScheme,
		"u:hunter2@h":                          errScheme,
		"http://u:hunter2@h":                   errScheme,
		"redis:/u:hunter2@h":                   errScheme,
		"redis://u:hunter2%zz@h":               errEscape,
		"redis://u:/hunter2@h":                 errPlace,
		"redis://u:hunter2/x@h":                errPlace,
		"redis://u:12/hunter2@h":               errPlace,
		"redis://u:hunter2#@h":                 errPlace,
		"redis://u:hunter2#":                   errPlace,
		"redis://u:hunter2?@h":                 errPlace,
		"unix://u:hunter2/@/run/r.sock":        errPlace,
		"redis://h:hunter2":                    errHost,
		"redis://u:hunter2@":                   errHost,
		"redis://u:hunter2@h:0":                errHost,
		"redis://u:hunter2@h:65536":            errHost,
		"redis://u:hunter2@[::1":               errHost,
		"redis://u:hunter2@[::1]7":             errHost,
		"redis://u:hunter2@::1":                errHost,
		"redis://u:hunter2@a,b":                errHosts,
		"redis-cluster://u:hunter2@a,,b":       errHost,
		"redis-cluster://u:hunter2@a/1":        errDBs,
		"redis://h/1?cluster=true":             errDBs,
		"redis://h/hunter2":                    errDB,
		"redis://h/-1":                         errDB,
		"redis://h/2147483648":                 errDB,
		"redis://h?password=hunter2":           errOption,
		"redis://h?db=1":                       errOption,
		"unix:///run/r.sock?cluster=true":      errOption,
		"redis-sentinel://u:hunter2@h":         errMaster,
		"redis-sentinel://u:hunter2@h/":        errMaster,
		"redis-sentinel://u:hunter2@h/m/hunt2": errDB,
		"unix://u:hunter2@h/run/r.sock":        errUserinfo,
		"unix://":                              errSocket,
	} {
		_, err := Open(t.Context(), text, Options{Timeout: time.Second})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", text, err, want)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error has the password: %v", err)
		}
	}
}

// texts are those of an error and of all that it wraps.
func texts(err error) []string {
	var all []string
	for ; err != nil; err = errors.Unwrap(err) {
		all = append(all, err.Error(), fmt.Sprintf("%+v", err))
	}
	return all
}

func TestPasswords(t *testing.T) {
	const password = "hunter2/@ x"
	s := redistest.Server(t, "--requirepass", password)
	in := func(word string) string { return "redis://:" + url.PathEscape(word) + "@" + s.Addr }
	t.Setenv("REDISCLI_AUTH", "")
	db, err := Open(t.Context(), in(password), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ok(t, db.client.Set(t.Context(), "k", "v", 0))
	db.Close()
	if _, err := Open(t.Context(), s.URL, Options{}); err == nil || !strings.Contains(err.Error(), "wants a password") {
		t.Errorf("without: %v", err)
	}
	_, err = Open(t.Context(), in("wrong-hunter3"), Options{})
	if err == nil || !strings.Contains(err.Error(), "refuses the user or the password") {
		t.Errorf("with a wrong one: %v", err)
	}
	for _, text := range texts(err) {
		if strings.Contains(text, "hunter") {
			t.Errorf("the error has the password: %s", text)
		}
	}
	t.Setenv("REDISCLI_AUTH", password)
	db, err = Open(t.Context(), s.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
}

// A server repeats the arguments of a command that it does not know.
func TestAServerThatRepeatsThePasswordIsNotQuoted(t *testing.T) {
	s := redistest.Server(t, "--requirepass", "hunter2", "--rename-command", "HELLO", "", "--rename-command", "AUTH", "")
	raw := s.Client(t).Do(t.Context(), "auth", "hunter2").Err()
	if raw == nil || !strings.Contains(raw.Error(), "hunter2") {
		t.Fatalf("this server does not do that: %v", raw)
	}
	_, err := Open(t.Context(), "redis://:hunter2@"+s.Addr, Options{})
	if err == nil || !strings.Contains(err.Error(), "unknown command") {
		t.Fatal(err)
	}
	for _, text := range texts(err) {
		if strings.Contains(text, "hunter2") {
			t.Errorf("the error has the password: %s", text)
		}
	}
}

func TestAServerThatRepeatsAValueIsNotQuoted(t *testing.T) {
	s := redistest.Server(t, "--rename-command", "EVALSHA", "", "--rename-command", "EVAL", "")
	db := open(t, s.URL, Options{})
	_, err := db.Replace(t.Context(), "k", []byte("plaintext"), []byte("new"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, text := range texts(err) {
		if strings.Contains(text, "plaintext") {
			t.Errorf("the error has the value: %s", text)
		}
	}
}

func TestAUserWhoMayOnlyReadCanScanAndGet(t *testing.T) {
	s := redistest.Server(t)
	c := s.Client(t)
	ctx := t.Context()
	ok(t, c.Set(ctx, "k", "v", 0), c.Do(ctx, "acl", "setuser", "reader", "on", ">hunter2", "~*", "+get", "+strlen", "+scan"))
	db := open(t, "redis://reader:hunter2@"+s.Addr, Options{})
	if got, _, err := db.Get(ctx, "k"); string(got) != "v" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if seen := collect(t, db, "", 0, Cursors{}); seen["k"] == 0 {
		t.Error("the key is not found")
	}
	for r := range db.GetMany(ctx, []string{"k"}) {
		if r.State != Found {
			t.Errorf("%+v", r)
		}
	}
	if _, err := db.Info(ctx); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("%v", err)
	}
}

func TestAServerCannotSpeakToTheTerminal(t *testing.T) {
	db := &DB{t: &target{}}
	err := db.plain("x", redis.Nil)
	if err == nil || !errors.Is(err, redis.Nil) {
		t.Errorf("%v", err)
	}
	text, _ := db.clean("a\x1b[2J\r\nb\u009b" + strings.Repeat("c", 10000))
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) || len(text) > 400 {
		t.Errorf("%q", text)
	}
	if !slices.Contains(texts(&WrongTypeError{"vector\x1b"}), "is of the type vector?, not a string") {
		t.Error(&WrongTypeError{"vector\x1b"})
	}
}
