package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redistest"
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

var (
	currentKey  = bytes.Repeat([]byte{0x11}, 32)
	previousKey = bytes.Repeat([]byte{0x22}, 32)
)

// keyring is one whose current key is the first one.
func keyring(t testing.TB, masters ...[]byte) *encryption.TenantKeyring {
	t.Helper()
	k, err := encryption.NewTenantKeyring(masters[0], masters[1:], []byte("acme"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// userOf is the payload of an entry.
func userOf(i int) []byte {
	return fmt.Appendf(nil, `{"id":%d,"name":"user %d","email":"user%d@example.com"}`, i, i, i)
}

// fill puts n entries into Redis, sealed under the given keys in turn.
func fill(t testing.TB, client redis.UniversalClient, n int, ttl time.Duration, masters ...[]byte) {
	t.Helper()
	ctx := context.Background()
	keyrings := make([]*encryption.TenantKeyring, len(masters))
	for i, master := range masters {
		keyrings[i] = keyring(t, master)
	}
	pipe := client.Pipeline()
	for i := range n {
		key := fmt.Sprintf("users:%d", i)
		sealed, err := keyrings[i%len(keyrings)].Seal([]byte(key), userOf(i), "json")
		if err != nil {
			t.Fatal(err)
		}
		pipe.Set(ctx, key, sealed, ttl)
		if pipe.Len() == 1000 || i == n-1 {
			if _, err := pipe.Exec(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// resealArgs are those of a run over what fill has put into Redis.
func resealArgs(url string, more ...string) []string {
	return append([]string{"reseal", "--redis", url, "--match", "users:*", "--key-file", "keys", "--tenant", "acme", "--format", "json"}, more...)
}

// numbers are what differs from run to run.
var numbers = regexp.MustCompile(`in [0-9.]+ s, [0-9]+ a second`)

func TestSurveyOfAServer(t *testing.T) {
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	folder(t)
	server := redistest.Server(t)
	client := server.Client(t)
	ctx := context.Background()
	fill(t, client, 100, time.Hour, currentKey, previousKey)
	envelope, err := core.NewByteStorage("json").Store(bytes.Repeat(userOf(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]any{
		"users:envelope": envelope, "users:cut": envelope[:20], "users:text": "hello", "users:document": "\x81\xa1a\x01",
		"users:other\x1b[31m": bytes.Repeat([]byte{0xa7, 0x01, 0xfe}, 20), "other": "hello",
	} {
		if err := client.Set(ctx, key, value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.LPush(ctx, "users:list", "x").Err(); err != nil {
		t.Fatal(err)
	}
	before := client.DBSize(ctx).Val()

	args := []string{"inspect", "--redis", server.URL, "--key-file", "keys", "--tenant", "acme", "--format", "json"}
	// Some entries are damaged, which the exit code tells.
	survey := func(more ...string) string {
		t.Helper()
		r := run(t, "", append(slices.Clone(args), more...)...)
		if r.code != exitDamaged || r.errs != "" {
			t.Errorf("%v: exit code %d: %s", more, r.code, r.errs)
		}
		return r.out
	}
	screen := survey("--match", "users:*", "--plot", "sizes.svg")
	plot, err := os.ReadFile("sizes.svg")
	if err != nil || !bytes.Contains(plot, []byte("</svg>")) {
		t.Errorf("the plot: %v", err)
	}
	var sum struct {
		Complete bool
		Total    struct{ Entries int }
		Keys     []struct{ Entries int }
		Largest  []struct{ Key string }
	}
	if err := json.Unmarshal([]byte(survey("--match", "users:*", "--json")), &sum); err != nil {
		t.Fatal(err)
	}
	if !sum.Complete || len(sum.Largest) == 0 || strings.Contains(sum.Largest[0].Key, `"`) || sum.Total.Entries != 105 || len(sum.Keys) != 2 || sum.Keys[0].Entries != 50 || sum.Keys[1].Entries != 50 {
		t.Errorf("%+v", sum)
	}
	// --check names what is wrong, and no other.
	lines := strings.Split(strings.TrimSpace(survey("--match", "users:*", "--check")), "\n")
	slices.Sort(lines)
	if len(lines) != 3 || !strings.HasPrefix(lines[0], `"users:other\x1b[31m": `) || !strings.HasPrefix(lines[1], "users:cut: an envelope, damaged") ||
		!strings.HasPrefix(lines[2], "users:text: text") {
		t.Errorf("%q", lines)
	}
	var wrong struct{ Name, State string }
	if err := json.Unmarshal([]byte(survey("--match", "users:cut", "--check", "--json")), &wrong); err != nil || wrong.Name != "users:cut" || wrong.State != "damaged" {
		t.Errorf("%+v, %v", wrong, err)
	}
	for _, pattern := range []string{"none:*", "users:list"} {
		if r := run(t, "", append(args, "--match", pattern)...); r.code != exitFailed || !strings.Contains(r.errs, pattern) {
			t.Errorf("%s: exit code %d: %s", pattern, r.code, r.errs)
		}
	}
	if r := run(t, "", append(args, "--info", "--match", "none:*")...); r.code != exitFailed || !strings.Contains(r.out, "hit ratio") {
		t.Errorf("exit code %d: %s", r.code, r.errs)
	}
	if r := run(t, "", append(args, "--match", "users:*", "--plot", "none/sizes.svg")...); r.code != exitFailed || !strings.Contains(r.out, "105 entries") {
		t.Errorf("a plot that cannot be written hides the survey: exit code %d: %s", r.code, r.errs)
	}
	info := must(t, "", append(args, "--info")...)
	var told struct {
		Product string
		Keys    int
		Get     struct{ Count, Median_ns int }
		Entries map[string]int
	}
	if err := json.Unmarshal([]byte(must(t, "", append(args, "--info", "--json", "--match", "users:*")...)), &told); err != nil {
		t.Fatal(err)
	}
	if told.Product != "Redis" && told.Product != "Valkey" || told.Keys != int(before) || told.Get.Count != 105 || told.Get.Median_ns == 0 || told.Entries["intact"] != 102 {
		t.Errorf("%+v", told)
	}
	single := must(t, "", append(args, "--show", "users:1")...)
	if !strings.Contains(single, "index 1 opened it") || !strings.Contains(single, `"name": "user 1"`) {
		t.Errorf("%s", single)
	}
	for key, want := range map[string]string{"users:none": "users:none: there is no such key", "users:list": "users:list is a list"} {
		// It does not hide the others.
		r := run(t, "", append(slices.Clone(args), key, "users:cut", "users:1")...)
		if r.code != exitFailed || !strings.Contains(r.errs, want) || strings.Count(r.out, "\n") != 3 {
			t.Errorf("%s: exit code %d: %s%s", key, r.code, r.errs, r.out)
		}
	}
	if strings.Contains(screen+info, "\x1b") {
		t.Error("a key goes to the terminal as it is")
	}
	if after := client.DBSize(ctx).Val(); after != before {
		t.Errorf("%d keys, there were %d", after, before)
	}
	t.Chdir(filepath.Dir(testdata))
	if core.Codec() == "amd64" { // the portable encoder makes other sizes
		golden(t, "survey", numbers.ReplaceAllString(screen, "in #"))
	}
	info = regexp.MustCompile(`(memory|GET|open|ratio) +[^;\n]*`).ReplaceAllString(info, "$1 #")
	info = regexp.MustCompile(`^.*, `).ReplaceAllString(info, "#, ")
	golden(t, "info", info)
}

// Entries move to the current key: nothing else changes, and a run that only counts
// changes nothing.
func TestResealOfAServer(t *testing.T) {
	folder(t)
	server := redistest.Server(t)
	client := server.Client(t)
	ctx := context.Background()
	fill(t, client, 500, time.Hour, currentKey, previousKey)
	if err := client.Set(ctx, "users:text", "hello", 0).Err(); err != nil {
		t.Fatal(err)
	}
	dump := func() map[string]string {
		all := map[string]string{}
		for _, key := range client.Keys(ctx, "*").Val() {
			all[key] = client.Get(ctx, key).Val()
		}
		return all
	}
	before := dump()
	args := resealArgs(server.URL)
	if r := run(t, "", args...); r.code != exitOld || !strings.Contains(r.out, "250 under an old key") {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.errs)
	}
	if after := dump(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("a run that only counts changed something")
	}
	if out := must(t, "", append(args, "--write", "--state", "state")...); !strings.Contains(out, "250 moved") || !strings.Contains(out, "250 under the current key") {
		t.Errorf("%s", out)
	}
	if _, err := os.Stat("state"); err == nil {
		t.Error("the state of a run that came to its end is left")
	}
	wantUsers(t, client, 500, currentKey)
	for key, value := range dump() {
		ttl := client.TTL(ctx, key).Val()
		if key == "users:text" {
			if value != "hello" || ttl != -1 {
				t.Errorf("%s: %q, %v", key, value, ttl)
			}
		} else if ttl < 59*time.Minute || ttl > time.Hour {
			t.Errorf("%s lives for %v", key, ttl)
		}
	}
	if out := must(t, "", append(args, "--write")...); !strings.Contains(out, "0 moved") {
		t.Errorf("once more: %s", out)
	}

	// The exit code tells whether the old keys may go.
	damaged, err := core.Compress([]byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		key, value string
		code       int
	}{
		{"users:strange", strings.Repeat("\xa7\x01\xfe", 20), exitKeys}, {"users:damaged", string(damaged[:10]), exitDamaged},
	} {
		if err := client.Set(ctx, test.key, test.value, 0).Err(); err != nil {
			t.Fatal(err)
		}
		if r := run(t, "", append(args, "--write")...); r.code != test.code || r.errs != "" {
			t.Errorf("%s: exit code %d: %s%s", test.key, r.code, r.out, r.errs)
		}
	}
	if r := run(t, "", "reseal", "--redis", server.URL, "--match", "none:*", "--key-file", "keys"); r.code != exitFailed || !strings.Contains(r.errs, "none:*") {
		t.Errorf("nothing matches: exit code %d: %s", r.code, r.errs)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if code := Run("1.2.3", args, strings.NewReader(""), full, io.Discard); code != exitFailed {
		t.Errorf("a tally that cannot be printed: exit code %d", code)
	}
}

// A run goes on from the state of an earlier one only if it would have done the same.
func TestStateOfReseal(t *testing.T) {
	folder(t)
	server := redistest.Server(t)
	client := server.Client(t)
	ctx := context.Background()
	fill(t, client, 200, time.Hour, previousKey)
	sealed := client.Get(ctx, "users:0").Val()
	args := func(more ...string) []string {
		return append(resealArgs(server.URL, "--write", "--state", "state"), more...)
	}
	refused := func(want string, args ...string) {
		t.Helper()
		r := run(t, "", args...)
		if r.code == exitDone || !strings.Contains(r.errs, want) || r.out != "" {
			t.Errorf("%v: exit code %d: %s%s; want %q", args, r.code, r.out, r.errs, want)
		}
		if now := client.Get(ctx, "users:0").Val(); now != sealed {
			t.Fatalf("%v: changed an entry", args)
		}
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile("state", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	// What is not a state of a run is left as it is, and what cannot be one is noticed
	// before anything changes.
	for _, text := range []string{"", "{}", "[1]", `{"format":"state of cachekit reseal, 2"}`} {
		write(text)
		refused("state: this is not the state of a run", args()...)
		if left, err := os.ReadFile("state"); err != nil || string(left) != text {
			t.Errorf("%q became %q, %v", text, left, err)
		}
	}
	if err := os.Remove("state"); err != nil {
		t.Fatal(err)
	}
	refused("none/state", args("--state", "none/state")...)
	refused("folder", args("--state", "folder")...)
	refused("/dev/null", args("--state", "/dev/null")...)

	// A run that was stopped leaves its state. Here a server that has no scripts stops it.
	if err := client.Do(ctx, "acl", "setuser", "default", "-eval", "-evalsha").Err(); err != nil {
		t.Fatal(err)
	}
	refusedRun := run(t, "", args("--batch", "10")...)
	if refusedRun.code != exitFailed || !strings.Contains(refusedRun.errs, "users:") {
		t.Fatalf("exit code %d: %s", refusedRun.code, refusedRun.errs)
	}
	if err := client.Do(ctx, "acl", "setuser", "default", "+eval", "+evalsha").Err(); err != nil {
		t.Fatal(err)
	}
	for what, changed := range map[string][]string{
		"--match": args("--match", "*"), "--strip": args("--strip", "x"), "--tenant": args("--tenant", "other"), "--format": args("--format", "arrow"),
		"set of keys": args("--key-file", "sdk-keys"), "database": args("--redis", server.URL+"/1"),
	} {
		refused("state: this is the state of a run with another "+what, changed...)
	}
	if _, err := os.Stat("state"); err != nil {
		t.Fatal(err)
	}

	// One that is behind all keys has nothing left to do, and knows what was found before.
	text, err := os.ReadFile("state")
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	_, run1, _ := strings.Cut(client.Info(ctx, "server").Val(), "run_id:")
	run1, _, _ = strings.Cut(run1, "\r")
	state["cursors"] = map[string]any{server.Addr: map[string]any{"run": run1, "next": 0, "done": true}}
	state["tally"] = map[string]any{"frames": 3, "current": 197, "skipped": map[string]int{"gone": 2}}
	if text, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	write(string(text))
	r := run(t, "", args()...)
	if r.code != exitOld || !strings.Contains(r.out, "200 entries") || !strings.Contains(r.out, "3 under an old key in frames") || !strings.Contains(r.out, "2 gone") {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.errs)
	}
	if _, err := os.Stat("state"); err == nil {
		t.Error("the state of a run that came to its end is left")
	}

	// Of another server it says nothing, nor of this one after it was started again.
	state["cursors"] = map[string]any{server.Addr: map[string]any{"run": "another", "next": 0, "done": true}}
	if text, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	write(string(text))
	r = run(t, "", args()...)
	if r.code != exitDone || !strings.Contains(r.out, "200 entries") || !strings.Contains(r.out, "200 moved") || !strings.Contains(r.errs, "begins anew") {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.errs)
	}
}

// The user interrupts: every entry is in the tally, and the state is behind all that was done.
func TestResealIsInterrupted(t *testing.T) {
	const n = 20_000
	program := binary(t)
	folder(t)
	server := redistest.Server(t)
	client := server.Client(t)
	fill(t, client, n, time.Hour, previousKey)
	args := resealArgs(server.URL, "--write", "--state", "state")
	cmd := exec.Command(program, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if strings.Contains(client.Info(context.Background(), "commandstats").Val(), "cmdstat_evalsha") {
			break // the first entries have moved
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var entries, moved int
	if _, err := fmt.Sscanf(out.String(), "%d entries\n%d moved", &entries, &moved); err != nil {
		t.Fatalf("%v: %s%s", err, &out, &errs)
	}
	if err == nil || entries == n {
		t.Skipf("skipped: the run had come to its end: %s", &out)
	}
	if !strings.Contains(errs.String(), "stopped; another run goes on") || moved != entries {
		t.Errorf("%s%s", &out, &errs)
	}
	current, now := keyring(t, currentKey), 0
	for i := range n {
		key := fmt.Sprintf("users:%d", i)
		if _, _, err := current.Open([]byte(key), []byte(client.Get(context.Background(), key).Val()), "json"); err == nil {
			now++
		}
	}
	if now != moved {
		t.Errorf("%d entries were moved, says the tally, and %d were", moved, now)
	}
	must(t, "", args...)
	wantUsers(t, client, n, currentKey)
}

// wantUsers fails unless all entries are there and open under the keys.
func wantUsers(t testing.TB, client redis.UniversalClient, n int, masters ...[]byte) {
	t.Helper()
	k := keyring(t, masters...)
	bad := 0
	for i := range n {
		key := fmt.Sprintf("users:%d", i)
		value, err := client.Get(context.Background(), key).Bytes()
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		user, _, err := k.Open([]byte(key), value, "json")
		if err != nil || !bytes.HasPrefix(user, userOf(i)[:len(userOf(i))-1]) {
			bad++
		}
	}
	if bad > 0 {
		t.Errorf("%d of %d entries are lost", bad, n)
	}
}

// binary is the command, built once.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cachekit")
	cmd := exec.Command("go", "build", "-o", path, "../..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// Others write while entries move, and the process is killed again and again: what others
// wrote stays, no entry is lost, and the last run finishes the work.
func TestResealIsKilledAmidWrites(t *testing.T) {
	const n = 20_000
	program := binary(t)
	folder(t)
	server := redistest.Server(t)
	client := server.Client(t)
	fill(t, client, n, time.Hour, previousKey)
	args := resealArgs(server.URL, "--write", "--state", "state")

	// A writer that replaces some entries by newer ones, under the old key still.
	var written atomic.Int64
	stop := make(chan struct{})
	stopped := make(chan struct{})
	old := keyring(t, previousKey)
	go func() {
		defer close(stopped)
		for i := 0; ; i = (i + 1) % 1000 {
			select {
			case <-stop:
				return
			default:
			}
			key := fmt.Sprintf("users:%d", i)
			newer := append(bytes.TrimSuffix(userOf(i), []byte("}")), `,"newer":true}`...)
			sealed, err := old.Seal([]byte(key), newer, "json")
			if err == nil {
				err = client.Set(context.Background(), key, sealed, time.Hour).Err()
			}
			if err != nil {
				t.Error(err)
				return
			}
			written.Add(1)
		}
	}()
	killed := 0
	for range 5 {
		cmd := exec.Command(program, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(150*time.Millisecond, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
		if err := cmd.Wait(); err != nil {
			killed++
		}
	}
	for end := time.Now().Add(30 * time.Second); written.Load() < 1000 && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // a slow machine has not written all of them yet
	}
	close(stop)
	<-stopped
	if killed == 0 || written.Load() < 1000 {
		t.Fatalf("%d runs were killed, %d entries written: this proves nothing", killed, written.Load())
	}
	wantUsers(t, client, n, currentKey, previousKey)
	if err := os.Remove("state"); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	must(t, "", args...)
	wantUsers(t, client, n, currentKey)
	k := keyring(t, currentKey)
	for i := range 1000 {
		key := fmt.Sprintf("users:%d", i)
		value, err := client.Get(context.Background(), key).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if user, _, err := k.Open([]byte(key), value, "json"); err != nil || !bytes.Contains(user, []byte("newer")) {
			t.Fatalf("%s: the newer entry is lost: %s, %v", key, user, err)
		}
	}
}

// A cluster of three is surveyed, and its entries move.
func TestCluster(t *testing.T) {
	folder(t)
	nodes := redistest.Cluster(t, 3)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{nodes[0].Addr}})
	t.Cleanup(func() { client.Close() })
	fill(t, client, 600, time.Hour, currentKey, previousKey)
	url := nodes[1].URL
	out := must(t, "", "inspect", "--redis", url, "--match", "users:*", "--key-file", "keys", "--tenant", "acme", "--format", "json")
	if !strings.Contains(out, "600 entries") {
		t.Errorf("%s", out)
	}
	out = must(t, "", resealArgs(url, "--write")...)
	if !strings.Contains(out, "300 moved") {
		t.Errorf("%s", out)
	}
	wantUsers(t, client, 600, currentKey)
}

// 100,000 keys take no more memory than 1,000 do, but for what Go's heap adds.
func TestSurveyTakesBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	const n = 100_000
	program := binary(t)
	folder(t)
	server := redistest.Server(t)
	fill(t, server.Client(t), n, 0, currentKey, previousKey)
	began := time.Now()
	cmd := exec.Command(program, "inspect", "--redis", server.URL, "--match", "users:*", "--key-file", "keys", "--tenant", "acme", "--format", "json")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("100000 entries")) {
		t.Fatalf("%v: %s", err, out)
	}
	peak := int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) << 10
	t.Logf("%d keys in %v, peak %d MiB", n, time.Since(began).Round(time.Millisecond), peak>>20)
	if peak > 128<<20 {
		t.Errorf("the peak of memory is %d MiB", peak>>20)
	}
}

// On a terminal a long survey says how far it has come, and a shell completes commands,
// flags and their values.
func TestOnATerminal(t *testing.T) {
	const completion = "/usr/share/bash-completion/bash_completion"
	tmux := need.Program(t, "tmux")
	if _, err := os.Stat(completion); err != nil {
		need.Missing(t, "bash-completion is not installed")
	}
	program := binary(t)
	folder(t)
	server := redistest.Server(t)
	fill(t, server.Client(t), 100_000, 0, currentKey)
	socket := filepath.Join(t.TempDir(), "tmux")
	do := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(tmux, append([]string{"-S", socket, "-f", "/dev/null"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	shows := func(want string) {
		t.Helper()
		seen := ""
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if seen = do("capture-pane", "-p"); strings.Contains(seen, want) {
				return
			}
		}
		t.Fatalf("%q does not appear:\n%s", want, seen)
	}
	do("new-session", "-d", "-x", "120", "-y", "40", "-e", "PS1=ready> ", "bash", "--norc", "--noprofile")
	t.Cleanup(func() { do("kill-server") })
	do("send-keys", "PATH="+filepath.Dir(program)+":$PATH; PS1='ready> '; . "+completion+"; . <(cachekit completion bash); clear", "Enter")
	shows("ready>")
	do("send-keys", "cachekit inspect --key-file keys --tenant acme --redis "+server.URL+" --match '*' | head -n 1", "Enter")
	shows("keys of about 100000")
	shows("100000 entries")
	if seen := do("capture-pane", "-p"); strings.Contains(seen, "of about") {
		t.Errorf("the progress is left on the screen:\n%s", seen)
	}
	do("send-keys", "clear", "Enter")
	do("send-keys", "cachekit ins", "Tab")
	shows("ready> cachekit inspect")
	do("send-keys", "--", "--fro", "Tab")
	shows("inspect --from")
	do("send-keys", " redis", "Tab")
	shows("redis-cli")
}
