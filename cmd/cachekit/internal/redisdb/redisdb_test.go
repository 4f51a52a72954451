package redisdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redistest"
)

func TestMain(m *testing.M) {
	os.Unsetenv("REDISCLI_AUTH") // a developer's own
	os.Exit(m.Run())
}

func open(t *testing.T, url string, o Options) *DB {
	t.Helper()
	db, err := Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// ok fails the test for the error of a command that prepares something.
func ok(t *testing.T, cmds ...redis.Cmder) {
	t.Helper()
	for _, cmd := range cmds {
		if err := cmd.Err(); err != nil {
			t.Fatalf("%v: %v", cmd.Name(), err)
		}
	}
}

// collect scans, and counts how often each key came.
func collect(t *testing.T, db *DB, match string, count int64, cursors Cursors) map[string]int {
	t.Helper()
	seen := map[string]int{}
	if err := db.Scan(t.Context(), match, count, cursors, func(batch []string) error {
		for _, key := range batch {
			seen[key]++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestGet(t *testing.T) {
	s := redistest.Server(t)
	c := s.Client(t)
	ctx := t.Context()
	binary := "k\x00\xff\r\n"
	ok(t, c.Set(ctx, binary, "v\x00\r\n\xfe", 0), c.Set(ctx, "empty", "", 0), c.Set(ctx, "large", strings.Repeat("x", 1001), 0),
		c.RPush(ctx, "list", "a"), c.ZAdd(ctx, "zset", redis.Z{Member: "a"}))
	for name, url := range map[string]string{"TCP": s.URL, "unix": "unix://" + s.Socket} {
		t.Run(name, func(t *testing.T) {
			db := open(t, url, Options{MaxValue: 1000})
			for key, want := range map[string]string{binary: "v\x00\r\n\xfe", "empty": ""} {
				got, found, err := db.Get(ctx, key)
				if err != nil || !found || string(got) != want {
					t.Errorf("%q: %q, %t, %v", key, got, found, err)
				}
			}
			if got, found, err := db.Get(ctx, "none"); got != nil || found || err != nil {
				t.Errorf("a missing key: %q, %t, %v", got, found, err)
			}
			for key, want := range map[string]string{"list": "is a list, not a string", "zset": "is a sorted set, not a string"} {
				_, _, err := db.Get(ctx, key)
				var wrong *WrongTypeError
				if !errors.As(err, &wrong) || wrong.Type != key || err.Error() != want {
					t.Errorf("%s: %v", key, err)
				}
			}
			if _, _, err := db.Get(ctx, "large"); !errors.Is(err, ErrTooLarge) {
				t.Errorf("a value over the limit: %v", err)
			}
		})
	}
}

func TestTheDatabaseOfTheURLIsUsed(t *testing.T) {
	s := redistest.Server(t)
	ctx := t.Context()
	for _, url := range []string{s.URL + "/3", "unix://" + s.Socket + "?db=4"} {
		db := open(t, url, Options{})
		ok(t, db.client.Set(ctx, url, "v", time.Hour), db.client.Set(ctx, "k", "v", 0))
		if _, found, err := db.Get(ctx, url); !found || err != nil {
			t.Errorf("%s: %t, %v", url, found, err)
		}
		info, err := db.Info(ctx)
		if err != nil || info.Keys != 2 || info.Expires != 1 {
			t.Errorf("%s: %+v, %v", url, info, err)
		}
	}
	if n := s.Client(t).DBSize(ctx).Val(); n != 0 {
		t.Errorf("database 0 has %d keys", n)
	}
}

func TestGetManyTellsWhatBecameOfEachKeyInOrder(t *testing.T) {
	s := redistest.Server(t)
	c := s.Client(t)
	ctx := t.Context()
	var keys []string
	for i := range 1200 {
		key := strconv.Itoa(i)
		keys = append(keys, key)
		switch i % 5 {
		case 0:
			ok(t, c.Set(ctx, key, "value "+key, 0))
		case 1:
			ok(t, c.SAdd(ctx, key, "m"))
		case 2:
			ok(t, c.Set(ctx, key, strings.Repeat("x", 101), 0))
		case 3:
			ok(t, c.Set(ctx, key, "", 0))
		}
	}
	db := open(t, s.URL, Options{MaxValue: 100})
	i := 0
	for r := range db.GetMany(ctx, keys) {
		if r.Key != keys[i] {
			t.Fatalf("key %q at %d", r.Key, i)
		}
		var good bool
		switch i % 5 {
		case 0:
			good = r.State == Found && string(r.Value) == "value "+r.Key && r.Size == int64(len(r.Value)) && r.Err == nil
		case 1:
			good = r.State == WrongType && r.Err != nil && r.Err.Error() == "is a set, not a string"
		case 2:
			good = r.State == TooLarge && r.Value == nil && r.Size == 101 && errors.Is(r.Err, ErrTooLarge)
		case 3:
			good = r.State == Found && len(r.Value) == 0 && r.Err == nil
		case 4:
			good = r.State == Missing && r.Value == nil && r.Err == nil
		}
		if !good {
			t.Fatalf("%d: %+v", i, r)
		}
		i++
	}
	if i != len(keys) {
		t.Errorf("%d results for %d keys", i, len(keys))
	}
	for range db.GetMany(ctx, keys) {
		break // must not go on
	}
}

func TestGetManyReadsLargeValuesOneByOne(t *testing.T) {
	results := []Result{{State: wanted, Size: 1 << 20}, {State: Missing}, {State: wanted, Size: 100 << 20}, {State: wanted, Size: 9 << 20}, {State: wanted, Size: 7 << 20}, {State: wanted, Size: 1 << 20}, {State: wanted}}
	var got []int
	for len(results) > 0 {
		n := groupLen(results)
		got = append(got, n)
		results = results[n:]
	}
	if want := []int{2, 1, 1, 3}; !slices.Equal(got, want) {
		t.Errorf("groups of %v; want %v", got, want)
	}
}

func TestGetManyOfAServerThatWentAwayEndsSoon(t *testing.T) {
	s := redistest.Server(t)
	db := open(t, s.URL, Options{Timeout: time.Second})
	keys := slices.Repeat([]string{"k"}, 5000)
	n, start := 0, time.Now()
	for r := range db.GetMany(t.Context(), keys) {
		if n++; n == 100 {
			s.Stop()
		}
		if n > 1500 && (r.State != Failed || r.Err == nil) {
			t.Fatalf("%d: %+v", n, r)
		}
	}
	if took := time.Since(start); n != len(keys) || took > 5*time.Second {
		t.Errorf("%d results after %v", n, took)
	}
}

func TestScanGivesTheStringsThatMatch(t *testing.T) {
	s := redistest.Server(t)
	c := s.Client(t)
	ctx := t.Context()
	for i := range 300 {
		ok(t, c.Set(ctx, fmt.Sprint("a:", i), "v", 0), c.Set(ctx, fmt.Sprint("b:", i), "v", 0), c.RPush(ctx, fmt.Sprint("a:list:", i), "v"))
	}
	db := open(t, s.URL, Options{})
	seen := collect(t, db, "a:*", 10, nil)
	if len(seen) != 300 || seen["a:0"] == 0 {
		t.Errorf("%d keys", len(seen))
	}
	if n := len(collect(t, db, "", 0, nil)); n != 600 {
		t.Errorf("%d keys without a pattern", n)
	}
	if n, err := db.KeyCount(ctx); n != 900 || err != nil {
		t.Errorf("%d keys counted, %v", n, err)
	}
	// As with a server that has no TYPE.
	db.noType.Store(true)
	if n := len(collect(t, db, "a:*", 10, nil)); n != 600 {
		t.Errorf("%d keys of all types", n)
	}
}

// stopAndGoOn scans in runs that end after few batches, each with a copy of the cursors that
// were stored last, and counts the runs.
func stopAndGoOn(t *testing.T, db *DB, seen map[string]bool) int {
	t.Helper()
	stop := errors.New("enough")
	stored := Cursors{}
	for runs := 1; ; runs++ {
		cursors := maps.Clone(stored)
		batches := 0
		err := db.Scan(t.Context(), "", 50, cursors, func(batch []string) error {
			if batches++; batches > 3 {
				return stop
			}
			for _, key := range batch {
				seen[key] = true
			}
			return nil
		})
		stored = cursors
		if err == nil {
			return runs
		}
		if !errors.Is(err, stop) || runs > 1000 {
			t.Fatal(err)
		}
	}
}

func TestAScanGoesOnFromStoredCursors(t *testing.T) {
	s := redistest.Server(t)
	c := s.Client(t)
	for i := range 2000 {
		ok(t, c.Set(t.Context(), strconv.Itoa(i), "v", 0))
	}
	db := open(t, s.URL, Options{})
	seen := map[string]bool{}
	// About 2000 keys by 150 in a run: a run that began anew would make it endless.
	if runs := stopAndGoOn(t, db, seen); len(seen) != 2000 || runs < 5 {
		t.Errorf("%d keys in %d runs", len(seen), runs)
	}
}

func TestACursorOfAnotherProcessIsNotUsed(t *testing.T) {
	s := redistest.Server(t)
	ok(t, s.Client(t).Set(t.Context(), "k", "v", 0))
	db := open(t, s.URL, Options{})
	cursors := Cursors{}
	collect(t, db, "", 0, cursors)
	if len(cursors) != 1 || !cursors[s.Addr].Done {
		t.Fatalf("cursors after the end: %v", cursors)
	}
	if seen := collect(t, db, "", 0, maps.Clone(cursors)); len(seen) != 0 {
		t.Errorf("a scan that was done gives %v", seen)
	}
	c := cursors[s.Addr]
	c.Run = "another"
	cursors[s.Addr] = c
	cursors["gone:1"] = Cursor{Run: "gone"}
	if seen := collect(t, db, "", 0, cursors); seen["k"] == 0 {
		t.Error("a restarted server is not looked through again")
	}
	if _, there := cursors["gone:1"]; there {
		t.Error("the cursor of a server that is no more stays")
	}
}

func TestReplaceKeepsTheTimeToLive(t *testing.T) {
	s := redistest.Server(t)
	c := s.Client(t)
	ctx := t.Context()
	db := open(t, s.URL, Options{})
	old, new := []byte("old\x00\xff"), []byte("new\r\n\x00")
	for _, ttl := range []time.Duration{0, time.Hour} {
		ok(t, c.Set(ctx, "k", old, ttl))
		if outcome, err := db.Replace(ctx, "k", old, new); outcome != Replaced || err != nil {
			t.Fatalf("%d, %v", outcome, err)
		}
		if got := c.Get(ctx, "k").Val(); got != string(new) {
			t.Errorf("the value is %q", got)
		}
		left := c.PTTL(ctx, "k").Val()
		if ttl == 0 && left >= 0 || ttl > 0 && (left < ttl-time.Minute || left > ttl) {
			t.Errorf("%v to live, of %v", left, ttl)
		}
		// The reply to the first try may have been lost.
		if outcome, err := db.Replace(ctx, "k", old, new); outcome != Replaced || err != nil {
			t.Errorf("again: %d, %v", outcome, err)
		}
	}
}

func TestReplaceLeavesWhatIsNotTheOldValue(t *testing.T) {
	s := redistest.Server(t)
	c := s.Client(t)
	ctx := t.Context()
	db := open(t, s.URL, Options{})
	ok(t, c.Set(ctx, "newer", "newer", 0), c.RPush(ctx, "list", "old"), c.Set(ctx, "empty", "", 0))
	for _, key := range []string{"newer", "list", "none", "empty"} {
		before := c.Dump(ctx, key).Val()
		want := Changed
		if key == "none" {
			want = Gone
		}
		if outcome, err := db.Replace(ctx, key, []byte("old"), []byte("new")); outcome != want || err != nil {
			t.Errorf("%s: %d, %v", key, outcome, err)
		}
		if after := c.Dump(ctx, key).Val(); after != before {
			t.Errorf("%s is now %q", key, after)
		}
	}
	// A missing key is not an empty value.
	if outcome, err := db.Replace(ctx, "none", nil, []byte("new")); outcome != Gone || err != nil {
		t.Errorf("a missing key: %d, %v", outcome, err)
	}
	if outcome, err := db.Replace(ctx, "empty", nil, []byte("new")); outcome != Replaced || err != nil {
		t.Errorf("an empty value: %d, %v", outcome, err)
	}
}

// Every value is one more than that which its writer read: an update that overwrote another
// would be missing in the sum.
func TestReplaceNeverOverwritesAnotherWriter(t *testing.T) {
	const writers, rounds = 2, 500
	s := redistest.Server(t)
	ctx := t.Context()
	ok(t, s.Client(t).Set(ctx, "k", "0", 0))
	db := open(t, s.URL, Options{})
	var wg sync.WaitGroup
	var refused sync.Map
	for w := range writers {
		wg.Go(func() {
			for done := 0; done < rounds; {
				old, _, err := db.Get(ctx, "k")
				if err != nil {
					t.Error(err)
					return
				}
				count, _, _ := strings.Cut(string(old), " ")
				n, _ := strconv.Atoi(count)
				// The writer's name, lest two make the same value.
				outcome, err := db.Replace(ctx, "k", old, fmt.Appendf(nil, "%d %d", n+1, w))
				if err != nil {
					t.Error(err)
					return
				}
				if outcome == Replaced {
					done++
				} else {
					refused.Store(w, true)
				}
			}
		})
	}
	wg.Wait()
	got, _, _ := strings.Cut(s.Client(t).Get(ctx, "k").Val(), " ")
	if got != strconv.Itoa(writers*rounds) {
		t.Errorf("%s after %d replacements", got, writers*rounds)
	}
	if n := len(maps.Collect(refused.Range)); n == 0 {
		t.Error("the writers never met: this proves nothing")
	}
}

func TestInfo(t *testing.T) {
	s := redistest.Server(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	c := s.Client(t)
	ctx := t.Context()
	ok(t, c.Set(ctx, "a", "v", time.Hour), c.Set(ctx, "b", "v", 0), c.Get(ctx, "a"), c.Get(ctx, "b"))
	c.Get(ctx, "none")
	info, err := open(t, s.URL, Options{}).Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if info.Product != "Redis" && info.Product != "Valkey" || info.Version == "" || info.UsedMemory == 0 {
		t.Errorf("%+v", info)
	}
	info.Product, info.Version, info.UsedMemory = "", "", 0
	want := Info{Mode: "standalone", Servers: 1, Hits: 2, Misses: 1, MaxMemory: 100 << 20, Policy: "allkeys-lru", Keys: 2, Expires: 1}
	if info != want {
		t.Errorf("%+v; want %+v", info, want)
	}
}

func TestTheProductIsNamed(t *testing.T) {
	for _, c := range []struct{ text, product, version string }{
		{"redis_version:7.4.1\r\n", "Redis", "7.4.1"},
		{"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\n", "Valkey", "8.1.0"},
		{"redis_version:7.2.4\r\nserver_name:some\x1b[31m\r\n", "some?[31m", "7.2.4"},
	} {
		if product, version := productOf(parseInfo(c.text)); product != c.product || version != c.version {
			t.Errorf("%q: %q, %q", c.text, product, version)
		}
	}
}

func TestACluster(t *testing.T) {
	t.Parallel()
	servers := redistest.Cluster(t, 3)
	seeds := servers[1].Addr + "," + servers[2].Addr
	ctx := t.Context()
	all := open(t, "redis-cluster://"+seeds, Options{})
	want := map[string]string{}
	var keys []string
	pipe := all.client.Pipeline()
	for i := range 3000 {
		key := fmt.Sprint("users:", i)
		keys = append(keys, key)
		want[key] = fmt.Sprint("value ", i)
		pipe.Set(ctx, key, want[key], 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	ok(t, all.client.RPush(ctx, "list", "a"))
	for name, url := range map[string]string{
		"seeds":               "redis-cluster://" + seeds,
		"cluster=true":        servers[0].URL + "?cluster=true",
		"the server tells it": servers[0].URL,
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, url, Options{})
			if n := len(collect(t, db, "users:*", 100, nil)); n != 3000 {
				t.Errorf("%d keys", n)
			}
			if n, err := db.KeyCount(ctx); n != 3001 || err != nil {
				t.Errorf("%d keys counted, %v", n, err)
			}
			n := 0
			for r := range db.GetMany(ctx, append(slices.Clone(keys), "list", "none")) {
				switch {
				case r.Key == "list" && r.State == WrongType && r.Err.Error() == "is a list, not a string":
				case r.Key == "none" && r.State == Missing:
				case r.State == Found && string(r.Value) == want[r.Key]:
				default:
					t.Fatalf("%+v", r)
				}
				n++
			}
			if n != 3002 {
				t.Errorf("%d results", n)
			}
			for i, key := range keys[:30] {
				old := want[key]
				want[key] = fmt.Sprint(name, i)
				if outcome, err := db.Replace(ctx, key, []byte(old), []byte(want[key])); outcome != Replaced || err != nil {
					t.Fatalf("%s: %d, %v", key, outcome, err)
				}
				if got, _, err := db.Get(ctx, key); string(got) != want[key] || err != nil {
					t.Errorf("%s: %q, %v", key, got, err)
				}
			}
			info, err := db.Info(ctx)
			if err != nil || info.Mode != "cluster" || info.Servers != 3 || info.Keys != 3001 {
				t.Errorf("%+v, %v", info, err)
			}
			seen := map[string]bool{}
			if runs := stopAndGoOn(t, db, seen); len(seen) != 3001-1 || runs < 5 {
				t.Errorf("%d keys in %d runs", len(seen), runs)
			}
		})
	}
	t.Run("one of two seeds is silent", func(t *testing.T) {
		start := time.Now()
		db := open(t, "redis-cluster://"+muteServer(t)+","+servers[0].Addr, Options{Timeout: 500 * time.Millisecond})
		if _, found, err := db.Get(ctx, keys[0]); !found || err != nil {
			t.Errorf("%t, %v after %v", found, err, time.Since(start))
		}
	})
	t.Run("a database", func(t *testing.T) {
		if _, err := Open(ctx, servers[0].URL+"/1", Options{}); err == nil || !strings.Contains(err.Error(), errDBs.Error()) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a password", func(t *testing.T) {
		for _, s := range servers {
			ok(t, s.Client(t).ConfigSet(ctx, "requirepass", "hunter2"))
		}
		if _, err := Open(ctx, "redis-cluster://"+seeds, Options{}); err == nil || !strings.Contains(err.Error(), "wants a password") {
			t.Errorf("without: %v", err)
		}
		for _, scheme := range []string{"redis-cluster", "redis"} {
			_, err := Open(ctx, scheme+"://:wrong-hunter3@"+servers[0].Addr, Options{})
			if err == nil || !strings.Contains(err.Error(), "refuses the user or the password") {
				t.Errorf("%s with a wrong one: %v", scheme, err)
			}
			db := open(t, scheme+"://:hunter2@"+servers[0].Addr, Options{})
			if n := len(collect(t, db, "", 0, nil)); n != 3000 {
				t.Errorf("%s: %d keys", scheme, n)
			}
		}
	})
}

func TestAServerThatIsNoClusterIsNotTakenForOne(t *testing.T) {
	s := redistest.Server(t)
	_, err := Open(t.Context(), s.URL+"?cluster=true", Options{})
	if err == nil || !strings.Contains(err.Error(), "cluster support disabled") {
		t.Errorf("%v", err)
	}
}

// The library has deadlines for a whole reply, which a large value over a slow line misses.
func TestTheLibraryHasNoTimeoutsOfItsOwn(t *testing.T) {
	db := &DB{t: &target{kind: cluster, addrs: []string{"h:1"}}, o: Options{Timeout: time.Second}}
	o := redis.Options{}
	client := db.clusterOptions().NewClient(&o)
	defer client.Close()
	alone := redis.NewClient(db.options("tcp", "h:1"))
	defer alone.Close()
	for _, c := range []*redis.Client{client, alone} {
		// 0 stands for none, once a client has them.
		if got := c.Options(); got.ReadTimeout != 0 || got.WriteTimeout != 0 {
			t.Errorf("%v, %v", got.ReadTimeout, got.WriteTimeout)
		}
	}
}

// All slots of one server go to another in the middle of a scan, the keys behind the back of
// the cursor.
func TestAScanFindsKeysThatMoved(t *testing.T) {
	t.Parallel()
	servers := redistest.Cluster(t, 2)
	ctx := t.Context()
	db := open(t, servers[0].URL, Options{})
	nodes, err := db.masters(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// What Scan looks at last gives a slot to what it has done.
	from, to := nodes[1].client, nodes[0].client
	last := 16383
	if nodes[1].name == servers[0].Addr {
		last = 0
	}
	var key string
	for i := 0; ; i++ {
		key = strconv.Itoa(i)
		if n, err := from.ClusterKeySlot(ctx, key).Result(); err != nil || int(n) == last {
			break
		}
	}
	ok(t, from.Set(ctx, key, "v", 0))
	for i := range 200 {
		db.client.Set(ctx, fmt.Sprint("other:", i), "v", 0)
	}
	fromID, toID := from.Do(ctx, "cluster", "myid").Val(), to.Do(ctx, "cluster", "myid").Val()
	moved := false
	seen := map[string]bool{}
	cursors := Cursors{}
	err = db.Scan(ctx, "", 10, cursors, func(batch []string) error {
		if cursors[nodes[0].name].Done && !moved {
			moved = true
			ok(t, to.Do(ctx, "cluster", "setslot", last, "importing", fromID),
				from.Do(ctx, "cluster", "setslot", last, "migrating", toID))
			_, port, _ := net.SplitHostPort(nodes[0].name)
			ok(t, from.Do(ctx, "migrate", "127.0.0.1", port, key, 0, 5000))
			ok(t, to.Do(ctx, "cluster", "setslot", last, "node", toID), from.Do(ctx, "cluster", "setslot", last, "node", toID))
			return nil // as if the batch did not have the key
		}
		for _, k := range batch {
			seen[k] = true
		}
		return nil
	})
	if err != nil || !moved || !seen[key] {
		t.Errorf("moved: %t; found: %t; %v", moved, seen[key], err)
	}
}

func TestSlotsAreReadFromClusterNodes(t *testing.T) {
	const text = "aa 127.0.0.1:7001@17001 master - 0 1 2 connected 5461-10922\n" +
		"bb 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460 16383 [93->-aa]\n"
	if slots, moving := ownSlots(text); slots != "0-5460 16383 [93->-aa]" || !moving {
		t.Errorf("%q, %t", slots, moving)
	}
	if slots, moving := ownSlots("bb :0 myself,master - 0 0 1 connected 0-5460\n"); slots != "0-5460" || moving {
		t.Errorf("%q, %t", slots, moving)
	}
}

func TestSentinelsTellTheMaster(t *testing.T) {
	t.Parallel()
	s := redistest.Sentinel(t)
	ctx := t.Context()
	ok(t, s.Master.Client(t).Set(ctx, "k", "v", 0), s.Master.Client(t).Wait(ctx, 1, 10*time.Second))
	db := open(t, s.URL, Options{})
	check := func() {
		t.Helper()
		if got, found, err := db.Get(ctx, "k"); string(got) != "v" || !found || err != nil {
			t.Fatalf("%q, %t, %v", got, found, err)
		}
	}
	check()
	if info, err := db.Info(ctx); err != nil || info.Mode != "sentinel" || info.Servers != 1 {
		t.Errorf("%+v, %v", info, err)
	}
	cursors := Cursors{}
	if seen := collect(t, db, "", 0, cursors); seen["k"] == 0 {
		t.Error("the key is not found")
	}
	t.Run("an unknown name", func(t *testing.T) {
		_, err := Open(ctx, "redis-sentinel://"+s.Sentinel.Addr+"/other", Options{})
		if err == nil || !strings.Contains(err.Error(), errNoMaster.Error()) {
			t.Errorf("%v", err)
		}
	})
	t.Run("as a server", func(t *testing.T) {
		_, err := Open(ctx, s.Sentinel.URL, Options{})
		if err == nil || !strings.Contains(err.Error(), "redis-sentinel://") {
			t.Errorf("%v", err)
		}
	})
	t.Run("one of two away", func(t *testing.T) {
		db, err := Open(ctx, "redis-sentinel://"+closedPort(t)+","+s.Sentinel.Addr+"/"+s.Name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
	})
	t.Run("one of two is silent", func(t *testing.T) {
		open(t, "redis-sentinel://"+muteServer(t)+","+s.Sentinel.Addr+"/"+s.Name, Options{Timeout: 500 * time.Millisecond})
	})
	s.Failover(t)
	check()
	if seen := collect(t, db, "", 0, cursors); seen["k"] == 0 {
		t.Error("the new master is taken for the old one, which was looked through")
	}
	// The connections to the old master are read-only now.
	var outcome Outcome
	var err error
	for range 20 {
		if outcome, err = db.Replace(ctx, "k", []byte("v"), []byte("new")); err == nil {
			break
		}
	}
	if got := s.Master.Client(t).Get(ctx, "k").Val(); outcome != Replaced || err != nil || got != "new" {
		t.Errorf("%d, %v, %q", outcome, err, got)
	}
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// muteServer takes connections, and says nothing.
func muteServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestAServerThatIsNotThereIsAClearErrorInTime(t *testing.T) {
	t.Parallel()
	mute := muteServer(t)
	closed := closedPort(t)
	for url, want := range map[string]string{
		"redis://" + closed:                    closed + ": connect: connection refused",
		"redis-cluster://" + closed:            closed + ": connect: connection refused",
		"redis-sentinel://" + closed + "/name": closed + ": connect: connection refused",
		"unix:///no/such/socket":               "/no/such/socket: connect: no such file",
		"redis://" + mute:                      "no answer within 500ms",
		"rediss://" + mute:                     "no answer within 500ms",
		"redis://" + mute + "?cluster=true":    "no answer within 500ms",
	} {
		start := time.Now()
		db, err := Open(t.Context(), url, Options{Timeout: 500 * time.Millisecond})
		if err == nil {
			db.Close()
			t.Errorf("%s opens", url)
			continue
		}
		if took := time.Since(start); took > 2*time.Second || !strings.Contains(err.Error(), want) {
			t.Errorf("%s after %v: %v; want %q", url, took, err, want)
		}
	}
}

func TestASlowServerIsWaitedForWhileItSendsSomething(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for range 12 {
			time.Sleep(50 * time.Millisecond)
			conn.Write([]byte("x"))
		}
		time.Sleep(2 * time.Second)
	}()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	conn := &patientConn{Conn: raw, timeout: 400 * time.Millisecond}
	var got bytes.Buffer
	_, err = got.ReadFrom(conn)
	var timeout net.Error
	if got.Len() != 12 || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%d bytes, %v", got.Len(), err)
	}
	conn.SetReadDeadline(time.Now().Add(-time.Second))
	start := time.Now()
	if _, err := conn.Read(make([]byte, 1)); err == nil || time.Since(start) > 200*time.Millisecond {
		t.Errorf("an earlier deadline is not kept: %v", err)
	}
}

func TestACanceledContextIsAnError(t *testing.T) {
	s := redistest.Server(t)
	db := open(t, s.URL, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := db.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	for r := range db.GetMany(ctx, []string{"k"}) {
		if r.State != Failed || !errors.Is(r.Err, context.Canceled) {
			t.Errorf("%+v", r)
		}
	}
}
