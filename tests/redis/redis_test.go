// Package redis proves that the entries which this library reads and writes are
// those of the Python package cachekit: through a real redis-server, with the
// example programs in C and Go on one side and the package's decorator on the
// other. And that examples/c/cache_aside.c serves the right users whatever is in Redis.
package redis

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

const (
	k1 = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
	k2 = "a5a4a3a2a1a0afaeadacabaaa9a8a7a6b5b4b3b2b1b0bfbebdbcbbbab9b8b7b6"
)

var modes = []struct {
	name string
	keys keys
}{
	{"plain", keys{}},
	{"encrypted", keys{current: k1}},
}

// shares lists calls and results, as Python writes them and as our programs do.
var shares = []struct {
	name         string
	call         string // in Python
	operation    string
	args         []string // of the same call, for our programs
	result, json string   // in Python, for our programs
}{
	{"int, map", "get_user(42)", "get_user", []string{"42"},
		"{'name': 'alice', 'age': 30}", `{"name": "alice", "age": 30}`},
	{"keyword", "get_user(user_id=42)", "get_user", []string{"42"}, "'alice'", `"alice"`},
	{"integral float, float", "get_user(42.0)", "get_user", []string{"42"}, "2.0", "2.0"},
	{"float, int", "get_user(1.5)", "get_user", []string{"1.5"}, "2", "2"},
	{"negative zero", "get_user(-0.0)", "get_user", []string{"0"}, "-0.0", "-0.0"},
	{"least int", "get_user(-2**63)", "get_user", []string{"-9223372036854775808"}, "-2**63", "-9223372036854775808"},
	{"largest int", "get_user(2**64 - 1)", "get_user", []string{"18446744073709551615"}, "2**64 - 1", "18446744073709551615"},
	{"text", "get_user('é\\n😀')", "get_user", []string{`"é\n\ud83d\ude00"`}, "'\\0\"é😀'", `"\u0000\"é😀"`},
	{"bytes", "get_user(b'\\x00\\xff')", "get_user", []string{"0x00ff"}, "b'\\xc1'", "0xc1"},
	{"None", "get_user(None)", "get_user", []string{"null"}, "None", "null"},
	{"bool", "get_user(True)", "get_user", []string{"true"}, "False", "false"},
	{"list", "get_user([1, 'a', (2.0, None)])", "get_user", []string{`[1, "a", [2, null]]`}, "[1, [2.5, []], {}]", "[1, [2.5, []], {}]"},
	{"dict", "get_user({'b': 1, 'a': {'d': None, 'c': [True]}})", "get_user",
		[]string{`{"a": {"c": [true], "d": null}, "b": 1}`},
		"{'z': {'é': 1, 'e': 2, '😀': 3}, 'y': [{}]}", `{"y": [{}], "z": {"😀": 3, "é": 1, "e": 2}}`},
	{"set", "get_user({3, 1, 2.0})", "get_user", []string{"[1, 2, 3]"}, "''", `""`},
	{"time", "get_user(datetime(2024, 1, 2, 4, 4, 5, 678900, tzinfo=timezone(timedelta(hours=1))))", "get_user",
		[]string{"1704164645.6789"}, "[[[]]]", "[[[]]]"},
	{"UUID", "get_user(UUID('6BA7B810-9DAD-11D1-80B4-00C04FD430C8'))", "get_user",
		[]string{`"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`}, "[]", "[]"},
	{"defaults", "search('tea')", "search", []string{`"tea"`, "[]", "10", "{}"}, "0", "0"},
	{"all kinds of parameters", "search('tea', 'green', 'loose', limit=3, origin='jp', bio=True)", "search",
		[]string{`"tea"`, `["green", "loose"]`, "3", `{"bio": true, "origin": "jp"}`},
		"['x' * 1000] * 100", `["` + strings.Repeat(strings.Repeat("x", 1000)+`", "`, 99) + strings.Repeat("x", 1000) + `"]`},
	{"no parameters", "now()", "now", nil, "-1", "-1"},
}

// TestShared proves that ours read what Python wrote, and that Python returns
// what ours wrote without running the function; plain, the bytes in Redis are
// the same whoever wrote them.
func TestShared(t *testing.T) {
	s := startServer(t)
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			py := startPeer(t, s, m.keys)
			eachProgram(t, func(t *testing.T, p program) {
				for _, c := range shares {
					t.Run(c.name, func(t *testing.T) {
						s.must(t, "FLUSHALL")
						ran, value := py.call(t, c.call, c.result)
						if !ran {
							t.Fatal("Python found an entry in an empty Redis")
						}
						key := p.must(t, s, m.keys, c.operation, append([]string{"key"}, c.args...)...)
						fromPython := s.must(t, "GET", key)

						get := append([]string{"--hex", "get"}, c.args...)
						if got := p.must(t, s, m.keys, c.operation, get...); got != value {
							t.Errorf("reads %s from Python's entry, want %s", got, value)
						}

						s.must(t, "FLUSHALL")
						p.must(t, s, m.keys, c.operation, append([]string{"put", c.json}, c.args...)...)
						if ran, got := py.call(t, c.call, "'the function was run'"); ran || got != value {
							t.Errorf("Python returns %s from our entry (function run: %v), want %s", got, ran, value)
						}
						if got := s.must(t, "DBSIZE"); got != "1" {
							t.Errorf("%s entries in Redis, want only ours", got)
						}
						if ours := s.must(t, "GET", key); !m.keys.encrypted() && ours != fromPython {
							t.Errorf("stores %x, Python %x", ours, fromPython)
						} else if m.keys.encrypted() && (len(ours) != len(fromPython) || ours == fromPython) {
							t.Errorf("%d and %d bytes stored; two encryptions have the same length and differ", len(ours), len(fromPython))
						}
					})
				}
			})
		})
	}
}

// TestRotation tells how a master key is replaced: k1, then k2 with k1 to
// decrypt only, then k2 alone. Readers that are to follow later know k2 ahead.
func TestRotation(t *testing.T) {
	s := startServer(t)
	first, ahead := keys{current: k1}, keys{current: k1, previous: k2}
	both, second := keys{current: k2, previous: k1}, keys{current: k2}

	eachProgram(t, func(t *testing.T, p program) {
		// opens checks that ours reads user's entry with the key at index.
		opens := func(k keys, user, want string, index int) {
			t.Helper()
			r := p.run(t, s, k, "get_user", "--hex", "get", user)
			with := "opened with key " + strconv.Itoa(index) + " of "
			if r.status != 0 || r.out != want || !strings.Contains(r.err, with) {
				t.Errorf("user %s: status %d, value %s, %s; want %s %s", user, r.status, r.out, r.err, want, with)
			}
		}
		returns := func(py *peer, user string, wantRun bool, want string) {
			t.Helper()
			if ran, got := py.call(t, "get_user("+user+")", "'run again'"); ran != wantRun || got != want {
				t.Errorf("user %s: function run: %v, value %s; want %v, %s", user, ran, got, wantRun, want)
			}
		}
		s.must(t, "FLUSHALL")

		// Under k1, Python writes 1, ours writes 2.
		py := startPeer(t, s, first)
		_, one := py.call(t, "get_user(1)", "'one'")
		const two = "a374776f"
		p.must(t, s, first, "get_user", "put", `"two"`, "2")
		opens(first, "1", one, 0)
		returns(py, "2", false, two)

		// k2 takes over; k1 still opens. Python writes 3, ours writes 4.
		py = startPeer(t, s, both)
		_, three := py.call(t, "get_user(3)", "'three'")
		const four = "a4666f7572"
		p.must(t, s, both, "get_user", "put", `"four"`, "4")
		opens(both, "1", one, 1)
		opens(both, "2", two, 1)
		opens(both, "3", three, 0)
		opens(both, "4", four, 0)
		returns(py, "1", false, one)
		returns(py, "2", false, two)
		returns(py, "4", false, four)
		opens(ahead, "3", three, 1)
		opens(ahead, "4", four, 1)
		returns(startPeer(t, s, ahead), "4", false, four)

		// k1 is dropped: what it wrote is lost, and nothing else.
		for _, user := range []string{"1", "2"} {
			r := p.run(t, s, second, "get_user", "get", user)
			if r.status != 2 || r.out != "" || !isDecryptionFailed(r.err) {
				t.Errorf("user %s without k1: status %d, %q, %s; want DECRYPTION_FAILED", user, r.status, r.out, r.err)
			}
		}
		py = startPeer(t, s, second)
		const again = "a972756e20616761696e"
		returns(py, "1", true, again)
		returns(py, "2", true, again)
		opens(second, "1", again, 0)
		opens(second, "3", three, 0)
		opens(second, "4", four, 0)
		returns(py, "3", false, three)
		returns(py, "4", false, four)
	})
}

func isDecryptionFailed(text string) bool {
	return strings.Contains(text, "CACHEKIT_DECRYPTION_FAILED") || strings.Contains(text, "decryption failed")
}

// TestReadersRefuse proves that a reader trusts no entry further than its
// configuration says: nothing is printed, and the reason is told.
func TestReadersRefuse(t *testing.T) {
	s := startServer(t)
	sealed := keys{current: k1}
	plain := keys{}
	py, pySealed := startPeer(t, s, plain), startPeer(t, s, sealed)

	eachProgram(t, func(t *testing.T, p program) {
		s.must(t, "FLUSHALL")
		key := p.must(t, s, plain, "get_user", "key", "42")
		refuses := func(name string, k keys, entry, reason string, options ...string) {
			t.Helper()
			s.must(t, "SET", key, entry)
			r := p.run(t, s, k, "get_user", append(options, "get", "42")...)
			if r.status != 2 || r.out != "" || !strings.Contains(strings.ToLower(r.err), reason) {
				t.Errorf("%s: status %d, %q, %s; want %q", name, r.status, r.out, r.err, reason)
			}
		}

		pySealed.call(t, "get_user(1)", "'a value of some length'")
		other := p.must(t, s, plain, "get_user", "key", "1")
		entry := s.must(t, "GET", other)
		refuses("encrypted entry moved from another key", sealed, entry, "decryption")
		if ran, _ := pySealed.call(t, "get_user(42)", "1"); !ran {
			t.Error("encrypted entry moved from another key: Python returns it")
		}

		entry = s.must(t, "GET", key) // Python's own, made just now
		refuses("encrypted entry of another tenant", sealed, entry, "decryption", "--tenant", "other")
		refuses("changed ciphertext", sealed, entry[:12]+string(entry[12]^1)+entry[13:], "decryption")
		refuses("plain entry where encrypted ones are expected", sealed, "\xd9\x20"+strings.Repeat("x", 32), "decryption")
		refuses("short plain entry where encrypted ones are expected", sealed, "\x01", "invalid")
		refuses("truncated document", plain, "\x92\x01", "invalid")
		refuses("two documents", plain, "\x01\x02", "invalid")

		s.must(t, "FLUSHALL")
		py.call(t, "private(42)", "{'name': 'alice'}")
		refuses("entry in Python's private frame", plain, s.must(t, "GET", s.must(t, "RANDOMKEY")), "python")
	})
}

// TestTenant proves that the Python side's deployment UUID is our tenant.
func TestTenant(t *testing.T) {
	const id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
	s := startServer(t)
	k := keys{current: k1}
	py := startPeer(t, s, k, "CACHEKIT_DEPLOYMENT_UUID="+id)

	eachProgram(t, func(t *testing.T, p program) {
		s.must(t, "FLUSHALL")
		_, want := py.call(t, "get_user(1)", "'one'")
		if got := p.must(t, s, k, "get_user", "--tenant", id, "--hex", "get", "1"); got != want {
			t.Errorf("reads %s, want %s", got, want)
		}
		p.must(t, s, k, "get_user", "--tenant", id, "put", `"one"`, "2")
		if ran, got := py.call(t, "get_user(2)", "None"); ran || got != want {
			t.Errorf("Python returns %s (function run: %v), want %s", got, ran, want)
		}
	})
}

// TestCluster proves that the same entries are shared through Redis Cluster,
// with clients that follow its redirections.
func TestCluster(t *testing.T) {
	nodes := startCluster(t)
	py := startPeer(t, nodes[0], keys{})
	p := programGo(t)
	p.addr = func(int) []string {
		return []string{"--addr", fmt.Sprintf("127.0.0.1:%d,127.0.0.1:%d", nodes[0].port, nodes[1].port)}
	}
	const value = "a576616c7565"
	for i := range 8 {
		user := strconv.Itoa(i)
		py.call(t, "get_user("+user+")", "'value'")
		if got := p.must(t, nodes[0], keys{}, "get_user", "--hex", "get", user); got != value {
			t.Errorf("user %s: reads %s, want %s", user, got, value)
		}
		p.must(t, nodes[0], keys{}, "search", "put", `"value"`, user, "[]", "10", "{}")
		if ran, got := py.call(t, "search("+user+")", "None"); ran || got != value {
			t.Errorf("user %s: Python returns %s (function run: %v), want %s", user, got, ran, value)
		}
	}
	for _, n := range nodes {
		if n.must(t, "DBSIZE") == "0" {
			t.Error("a node holds no entry: no redirection was tried")
		}
	}
}

// TestLifetimes proves that a missing entry has an exit status of its own, and
// that entries live as long as asked.
func TestLifetimes(t *testing.T) {
	s := startServer(t)
	eachProgram(t, func(t *testing.T, p program) {
		s.must(t, "FLUSHALL")
		if r := p.run(t, s, keys{}, "get_user", "get", "42"); r.status != 1 || r.out != "" {
			t.Errorf("no entry: status %d, %q; want 1", r.status, r.out)
		}
		for ttl, want := range map[string]int{"60": 60, "0": -1} {
			p.must(t, s, keys{}, "get_user", "--ttl", ttl+p.seconds, "put", "1", "42")
			left, err := strconv.Atoi(s.must(t, "TTL", p.must(t, s, keys{}, "get_user", "key", "42")))
			if err != nil || left > want || left < want-30 {
				t.Errorf("--ttl %s: %d seconds left, %v", ttl, left, err)
			}
		}
	})
}
