package command

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What one command makes the other one reads.
func TestRoundTrips(t *testing.T) {
	folder(t)
	payload := `{"id":1,"name":"Ada"}`
	for _, test := range [][2][]string{
		{{"store", "--format", "json"}, {"retrieve"}},
		{{"store", "--level", "9"}, {"retrieve"}},
		{{"seal", "--key", "k", "--key-file", "keys", "--format", "json", "--tenant", "acme"}, {"open", "--key", "k", "--key-file", "keys", "--format", "json", "--tenant", "acme"}},
		{{"encrypt", "--aad", "k", "--key-file", "keys"}, {"decrypt", "--aad-hex", "6b", "--key-file", "keys"}},
	} {
		made := must(t, payload, test[0]...)
		if made == payload {
			t.Errorf("%v did nothing", test[0])
		}
		if back := must(t, made, test[1]...); back != payload {
			t.Errorf("%v: %q", test[1], back)
		}
		// The same with files.
		if out := must(t, "", append(slices.Clone(test[0]), "json", "-o", "made")...); out != "" {
			t.Errorf("%v: %q beside the file", test[0], out)
		}
		must(t, "", append(slices.Clone(test[1]), "made", "-o", "back")...)
		back, err := os.ReadFile("back")
		if err != nil || string(back) != `{"id": 1, "name": "Ada"}` {
			t.Errorf("%v: %q, %v", test[1], back, err)
		}
	}
	value := must(t, "", "interop", "value", `{"name":"alice","age":30}`)
	if hex.EncodeToString([]byte(value)) != "82a36167651ea46e616d65a5616c696365" {
		t.Errorf("value %x", value)
	}
	sealed := must(t, value, "seal", "--interop", "--key", interopKey, "--key-file", "keys")
	if back := must(t, sealed, "open", "--interop", "--key", interopKey, "--key-file", "keys"); back != value {
		t.Errorf("interop: %x", back)
	}
	if shown := must(t, value, "interop", "value", "--decode"); shown != "{\n  \"age\": 30,\n  \"name\": \"alice\"\n}\n" {
		t.Errorf("shown: %s", shown)
	}
	if key := must(t, "", "interop", "key", "users", "get_user", "[42]"); key != interopKey+"\n" {
		t.Errorf("key %s", key)
	}
}

func TestExitCodes(t *testing.T) {
	folder(t)
	for _, test := range []struct {
		in   string
		args []string
		code int
		want string
	}{
		{"", []string{"nonsense"}, exitUsage, "unknown command"},
		{"", []string{"inspect", "--nonsense"}, exitUsage, "cachekit inspect --help"},
		{"", []string{"inspect", "--show=some", "json"}, exitUsage, "cut or all"},
		{"", []string{"inspect", "--from", "octal", "json"}, exitUsage, "redis-cli"},
		{"", []string{"inspect", "--match", "*"}, exitUsage, "--redis"},
		{"", []string{"inspect", "--info", "json"}, exitUsage, "--redis"},
		{"", []string{"inspect", "--strip", "a", "json"}, exitUsage, "--redis"},
		{"", []string{"inspect", "--timeout", "1s", "json"}, exitUsage, "--redis"},
		{"", []string{"inspect", "--redis", "", "json"}, exitUsage, "empty"},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--match", ""}, exitUsage, "empty"},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--timeout", "-1s", "k"}, exitUsage, "--timeout"},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--batch", "0", "k"}, exitUsage, "--batch"},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--info", "k"}, exitUsage, "--info"},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--plot", "x", "k"}, exitUsage, "--plot"},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--match", "*", "--show"}, exitUsage, "--show"},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--batch", "3", "k"}, exitUsage, "--batch"},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--key", "a", "--strip", "b", "k"}, exitUsage, "--strip"},
		{"", []string{"inspect", "--tenant", "", "json"}, exitUsage, "tenant"},
		{"", []string{"inspect", "--tenant", strings.Repeat("t", 1025), "json"}, exitUsage, "tenant"},
		{"", []string{"inspect", "--format", "\xff", "json"}, exitUsage, "format"},
		{"", []string{"inspect", "--key-file", "", "json"}, exitUsage, "--key-file is empty"},
		{"", []string{"inspect", "-", "-"}, exitUsage, "standard input"},
		{"", []string{"bench", "--time", "0s"}, exitUsage, "--time"},
		{"", []string{"interop", "key", "a", "b", `["\ud800"]`}, exitUsage, "surrogate"},
		{"", []string{"interop", "value", "--decode", "-o", "x", "json"}, exitUsage, "--output"},
		{"", []string{"seal", "--interop", "--level", "9", "--key", "k", "--key-file", "keys", "json"}, exitUsage, "--level"},
		{"", []string{"reseal", "--redis", "redis://localhost", "--match", "*", "--format", "\xff"}, exitUsage, "format"},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--from", "hex", "k"}, exitUsage, "--from"},
		{"", []string{"inspect", "--json", "--show", "json"}, exitUsage, "--show"},
		{"", []string{"inspect", "--\x1b]0;title\a", "json"}, exitUsage, `\x1b`},
		{"", []string{"inspect", "none\x1b[31m"}, exitFailed, `\x1b`},
		{"", []string{"inspect", "none"}, exitFailed, "none"},
		{"", []string{"inspect", "."}, exitFailed, ""},
		{"", []string{"inspect", "--key-file", "none", "json"}, exitFailed, "none"},
		{"", []string{"inspect", "--redis", "http://localhost", "k"}, exitFailed, ""},
		{"", []string{"inspect", "--redis", "redis://localhost:1", "--timeout", "1s", "k"}, exitFailed, ""},
		{"", []string{"store", "--level", "10", "json"}, exitUsage, "level"},
		{"", []string{"store", "a", "b"}, exitUsage, "at most 1"},
		{"", []string{"store", "--format", "", "json"}, exitUsage, "--format"},
		{"", []string{"store", "json", "-o", "folder"}, exitFailed, "folder: this is a folder"},
		{"", []string{"store", "json", "-o", "none/made"}, exitFailed, "none/made cannot be written: no such file or directory"},
		{"x", []string{"retrieve"}, exitDamaged, ""},
		{"", []string{"retrieve", "cut"}, exitDamaged, "truncated at byte 20"},
		{"", []string{"retrieve", "flipped"}, exitDamaged, "checksum"},
		{"", []string{"seal", "json"}, exitUsage, "key"},
		{"", []string{"seal", "--key", "", "--key-file", "keys", "json"}, exitUsage, "key"},
		{"", []string{"seal", "--key", "k", "json"}, exitFailed, "CACHEKIT_MASTER_KEY"},
		{"", []string{"seal", "--key", "k", "--interop", "--format", "json", "--key-file", "keys", "json"}, exitUsage, "--interop"},
		{"", []string{"open", "--key", "k", "--key-file", "keys", "ciphertext"}, exitKeys, "decryption failed"},
		{"", []string{"open", "--key", "k", "--key-file", "keys", "nothing"}, exitDamaged, ""},
		{"", []string{"decrypt", "--aad-hex", "zz", "--key-file", "keys", "ciphertext"}, exitUsage, "--aad-hex"},
		{"", []string{"decrypt", "--aad", "a", "--aad-hex", "61", "--key-file", "keys", "ciphertext"}, exitUsage, "aad"},
		{"", []string{"key", "generate", "-o", "keys"}, exitFailed, "keys"},
		{"", []string{"key", "derive", "--domain", "", "--key-file", "keys"}, exitUsage, "domain"},
		{"", []string{"interop", "key", "Users", "get"}, exitUsage, ""},
		{"", []string{"interop", "key", "users", "get", "42"}, exitUsage, "array"},
		{"", []string{"interop", "key", "users", "get", "[1"}, exitUsage, "JSON"},
		{"{", []string{"interop", "value"}, exitUsage, "JSON"},
		{"\x92\x01", []string{"interop", "value", "--decode"}, exitDamaged, ""},
		{"", []string{"reseal", "ciphertext", "--key-file", "keys"}, exitUsage, "--key"},
		{"", []string{"reseal", "ciphertext", "--key", "k", "--key-file", "keys"}, exitKeys, "perhaps a ciphertext"},
		{"", []string{"reseal", "json", "--key", "k", "--key-file", "keys"}, exitStrange, "JSON"},
		{"", []string{"reseal", "cut", "--key", "k", "--key-file", "keys"}, exitDamaged, "truncated"},
		{"", []string{"reseal", "--redis", "redis://localhost", "--key-file", "keys"}, exitUsage, "--match"},
		{"", []string{"reseal", "--match", "x", "--key", "k", "ciphertext"}, exitUsage, "--match needs --redis"},
		{"", []string{"reseal", "--write", "--key", "k", "ciphertext"}, exitUsage, "--write needs --redis"},
		{"", []string{"reseal", "--redis", "redis://localhost", "--match", "*", "--state", "s"}, exitUsage, "--write"},
		{"", []string{"reseal", "--redis", "redis://localhost", "--match", "*", "--write", "--state", ""}, exitUsage, "empty"},
		{"", []string{"reseal", "--redis", "redis://localhost", "--match", "*", "--output", "x"}, exitUsage, "--output"},
		{"", []string{"man"}, exitUsage, "1 arg"},
		{"", []string{"man", "json/man"}, exitFailed, ""},
	} {
		r := run(t, test.in, test.args...)
		if r.code != test.code || !strings.HasPrefix(r.errs, "cachekit: ") || !strings.Contains(r.errs, test.want) {
			t.Errorf("%v: exit code %d, want %d: %q, want %q", test.args, r.code, test.code, r.errs, test.want)
		}
		if r.out != "" {
			t.Errorf("%v: printed %q", test.args, r.out)
		}
		if strings.ContainsAny(r.errs, "\x1b\a") {
			t.Errorf("%v: what a terminal obeys is printed: %q", test.args, r.errs)
		}
		if strings.Contains(r.errs, "1111") || strings.Contains(r.errs, "Ada") {
			t.Errorf("%v: shows a secret: %s", test.args, r.errs)
		}
	}
}

// An entry under an old key is moved, one under the current key stays as it is.
func TestResealOfAFile(t *testing.T) {
	folder(t)
	value, err := os.ReadFile("ciphertext")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"reseal", "--key", "test:vector:1", "--tenant", "cross-sdk-test", "--key-file", "sdk-keys"}
	again := must(t, string(value), args...)
	r := run(t, again, args...)
	if r.code != exitDone || r.out != again || !strings.Contains(r.errs, "stays as it is") {
		t.Errorf("once more: exit code %d, %s", r.code, r.errs)
	}
	out := must(t, again, "inspect", "--key", "test:vector:1", "--tenant", "cross-sdk-test", "--key-file", "sdk-keys")
	if !strings.Contains(out, "index 0 opened it") {
		t.Errorf("%s", out)
	}
}

// A key file that was made is one that is taken, and its key opens what it sealed.
func TestGeneratedKeys(t *testing.T) {
	folder(t)
	must(t, "", "key", "generate", "-o", "new")
	sealed := must(t, "x", "seal", "--key", "k", "--key-file", "new")
	if back := must(t, sealed, "open", "--key", "k", "--key-file", "new"); back != "x" {
		t.Errorf("%q", back)
	}
	text := strings.TrimSpace(must(t, "", "key", "generate"))
	if other := strings.TrimSpace(must(t, "", "key", "generate")); len(text) != 64 || other == text {
		t.Errorf("keys %s and %s", text, other)
	}
	t.Setenv("CACHEKIT_MASTER_KEY", text)
	if out := must(t, must(t, "x", "seal", "--key", "k"), "open", "--key", "k"); out != "x" {
		t.Errorf("%q", out)
	}
	if derived := must(t, "", "key", "derive", "--domain", "cache_keys"); len(derived) != 65 {
		t.Errorf("derived %q", derived)
	}
}

// The name of a file may come from anybody.
func TestNamesOfFilesAreQuoted(t *testing.T) {
	folder(t)
	if err := os.WriteFile("a\x1b[31m", []byte("x"), 0o600); err != nil {
		t.Skip("skipped: this file system refuses such names")
	}
	for _, args := range [][]string{{"inspect", "a\x1b[31m"}, {"inspect", "json", "a\x1b[31m"}, {"inspect", "--check", "a\x1b[31m"}} {
		if r := run(t, "", args...); strings.Contains(r.out, "\x1b") || !strings.Contains(r.out, `"a\x1b[31m"`) {
			t.Errorf("%v: %q", args, r.out)
		}
	}
}

// One that cannot be read does not hide the others.
func TestInspectGoesOnAfterAnError(t *testing.T) {
	folder(t)
	r := run(t, "", "inspect", "none", "cut", ".", "json")
	if r.code != exitFailed || strings.Count(r.errs, "cachekit: ") != 2 || !strings.Contains(r.errs, "none") {
		t.Errorf("exit code %d: %s", r.code, r.errs)
	}
	if strings.Count(r.out, "\n") != 3 || !strings.Contains(r.out, "cut ") || !strings.Contains(r.out, "json ") {
		t.Errorf("%s", r.out)
	}
	if r := run(t, "", "inspect", "--json", "json", "none"); r.code != exitFailed || !strings.Contains(r.out, `"name":"json"`) {
		t.Errorf("exit code %d: %s", r.code, r.out)
	}
	if r := run(t, "", "inspect", "--show", "json", "envelope"); !strings.Contains(r.out, "Ada") || !strings.Contains(r.out, "hello, cachekit!") {
		t.Errorf("--show of two files: %s", r.out)
	}
}

// The strings of JSON cannot hold all names of files.
func TestNamesInJSON(t *testing.T) {
	folder(t)
	type names struct {
		Name string `json:"name"`
		Hex  string `json:"name_hex"`
	}
	of := func(in string, args ...string) (found names) {
		t.Helper()
		if err := json.Unmarshal([]byte(must(t, in, append([]string{"inspect", "--json"}, args...)...)), &found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	for name, want := range map[string]names{"two words": {"two words", ""}, "a\x1b": {"a\x1b", ""}, "a\xff": {"a\ufffd", "61ff"}} {
		if err := os.WriteFile(name, []byte("{}"), 0o600); err != nil {
			continue // this file system refuses such names
		}
		if got := of("", name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := of("{}"); got != (names{"-", ""}) {
		t.Errorf("the standard input: %q", got)
	}
}

// Every command has an example, and all words for people end in the manual too.
func TestHelpIsComplete(t *testing.T) {
	root := New("1.2.3")
	root.InitDefaultHelpCmd()
	dir := t.TempDir()
	must(t, "", "man", dir)
	for _, cmd := range all(root) {
		if cmd.Name() == "help" {
			continue
		}
		if cmd.Example == "" || cmd.Short == "" {
			t.Errorf("%s has no example, or no short text", cmd.CommandPath())
		}
		for _, line := range strings.Split(cmd.Long+"\n"+cmd.Example, "\n") {
			if len(line) > 110 {
				t.Errorf("%s: a line of %d characters: %s", cmd.CommandPath(), len(line), line)
			}
		}
		page, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"))
		if err != nil || !strings.Contains(string(page), "SYNOPSIS") {
			t.Errorf("%s: %v", cmd.CommandPath(), err)
		}
	}
	again := t.TempDir()
	must(t, "", "man", again)
	for _, name := range []string{"cachekit.1", "cachekit-inspect.1"} {
		a, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(again, name))
		if err != nil || string(a) != string(b) {
			t.Errorf("%s is another one the second time, or: %v", name, err)
		}
	}
}

// Shells are told the commands, the flags and their values.
func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := must(t, "", "completion", shell); !strings.Contains(out, "cachekit") {
			t.Errorf("%s: %s", shell, out)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"ins"}, "inspect"}, {[]string{"inspect", "--show="}, "all"}, {[]string{"inspect", "--from", ""}, "redis-cli"},
		{[]string{"store", "--level", ""}, "9"}, {[]string{"key", "derive", "--domain", ""}, "cache_keys"},
	} {
		if r := run(t, "", append([]string{"__complete"}, test.args...)...); !strings.Contains(r.out, test.want) {
			t.Errorf("%v: %s", test.args, r.out)
		}
	}
}
