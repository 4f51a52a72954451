package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestListIsWhole(t *testing.T) {
	vendors, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	if len(vendors) == 0 {
		t.Fatal("it names no package")
	}
	names := map[string]bool{}
	for _, v := range vendors {
		licence := v.name == "cachekit-rs@0.13.1" // which carries none
		for _, f := range v.files {
			licence = licence || f.from == "LICENSE"
			if names[f.to] {
				t.Errorf("%s is there twice", f.to)
			}
			names[f.to] = true
			if strings.HasSuffix(f.to, ".go") {
				t.Errorf("%s would be a package of this module", f.to)
			}
		}
		if !licence || len(v.files) < 2 {
			t.Errorf("%s: %d files, licence among them: %t", v.name, len(v.files), licence)
		}
	}
}

func TestParseRefusesWhatItDoesNotKnow(t *testing.T) {
	sum := strings.Repeat("0", 64)
	for _, text := range []string{
		sum + " a b", "go module@v1", "go module MIT", "npm package@1 MIT", "go m@v1 MIT\n" + sum + " a",
		"go m@v1 MIT\n" + sum[1:] + " a b", "go m@v1 MIT\n" + sum + " a ../b", "go m@v1 MIT\n" + sum + " /a b",
	} {
		if v, err := parse(text); err == nil {
			t.Errorf("%q is taken for %v", text, v)
		}
	}
}

// A package of two files, one of them in a folder.
func example(t *testing.T) (from string, v vendor) {
	t.Helper()
	from = t.TempDir()
	put(t, filepath.Join(from, "LICENSE"), "free")
	put(t, filepath.Join(from, "tests", "a.json"), "{}")
	return from, vendor{name: "p@1", files: []file{
		{"ad95d5fa651ba86d8923fe1238d24a4f1988a752acfe426ac72ac7c04471bc17", "LICENSE", "p/LICENSE"},
		{"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "tests/a.json", "p/deep/a.json"},
	}}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o777); err != nil {
		t.Fatal(err)
	}
}

// tree lists what is in a folder: names and contents.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all.WriteString(strings.TrimPrefix(path, dir+"/") + "=" + string(data) + " ")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestFetchBringsWhatIsMissingAndNoMore(t *testing.T) {
	from, v := example(t)
	dir, calls := t.TempDir(), 0
	unpacked := func(*vendor) (string, error) { calls++; return from, nil }
	for _, step := range []struct {
		name   string
		before func()
		calls  int
	}{
		{"nothing there", func() {}, 1},
		{"all there", func() {}, 1},
		{"one damaged", func() { put(t, filepath.Join(dir, "p/LICENSE"), "not free") }, 2},
		{"one gone", func() { os.Remove(filepath.Join(dir, "p/deep/a.json")) }, 3},
	} {
		step.before()
		if err := v.fetch(dir, unpacked); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := tree(t, dir); got != "p/LICENSE=free p/deep/a.json={} " || calls != step.calls {
			t.Errorf("%s: %q after %d calls, want %d", step.name, got, calls, step.calls)
		}
	}
}

func TestFetchTakesNothingElse(t *testing.T) {
	from, v := example(t)
	unpacked := func(*vendor) (string, error) { return from, nil }
	for name, spoil := range map[string]func(path string){
		"other bytes": func(path string) { put(t, path, "other") },
		"no file":     func(path string) { os.Remove(path) },
	} {
		spoil(filepath.Join(from, "LICENSE"))
		dir := t.TempDir()
		if err := v.fetch(dir, unpacked); err == nil || !strings.Contains(err.Error(), "LICENSE") {
			t.Errorf("%s: %v", name, err)
		}
		if got := tree(t, dir); got != "" {
			t.Errorf("%s: left %q", name, got)
		}
	}
}

// clients puts go and cargo, each a shell script, in place of the real ones.
func clients(t *testing.T, goScript, cargoScript string) {
	t.Helper()
	bin := t.TempDir()
	put(t, filepath.Join(bin, "go"), "#!/bin/sh\n"+goScript)
	put(t, filepath.Join(bin, "cargo"), "#!/bin/sh\n"+cargoScript)
	t.Setenv("PATH", bin+":/bin:/usr/bin")
	t.Setenv("CARGO_HOME", filepath.Join(bin, "home"))
}

func TestClientsTellWhereAPackageIs(t *testing.T) {
	clients(t, `[ "$*" = "mod download -json m@v1" ] && echo '{"Dir": "/there"}'`,
		`[ "$*" = "info --quiet c@1" ] && mkdir -p $CARGO_HOME/registry/src/r/c-1 && touch $CARGO_HOME/registry/src/r/c-1/.cargo-ok`)
	if dir, err := unpacked(&vendor{client: "go", name: "m@v1"}); dir != "/there" || err != nil {
		t.Errorf("go: %q, %v", dir, err)
	}
	want := filepath.Join(os.Getenv("CARGO_HOME"), "registry/src/r/c-1")
	for _, when := range []string{"fetched", "there already"} {
		if dir, err := unpacked(&vendor{client: "cargo", name: "c@1"}); dir != want || err != nil {
			t.Errorf("cargo, %s: %q, %v", when, dir, err)
		}
		put(t, filepath.Join(filepath.Dir(os.Getenv("CARGO_HOME")), "cargo"), "#!/bin/sh\nexit 1")
	}
}

// Without a network, or a client, one line says so.
func TestClientsSayWhatIsWrong(t *testing.T) {
	clients(t, `printf '%s' '{"Error": "m@v1: dial tcp:\n\tno network"}'; exit 1`,
		`printf 'warning: again\nerror: no index\n\nCaused by:\n  no network\n' >&2; exit 1`)
	for client, want := range map[string]string{"go": "dial tcp: no network", "cargo": "exit status 1: error: no index Caused by: no network"} {
		if dir, err := unpacked(&vendor{client: client, name: "m@v1"}); dir != "" || err == nil || err.Error() != want {
			t.Errorf("%s: %q, %v; want %s", client, dir, err, want)
		}
	}
	clients(t, "exit 0", "exit 0")
	if _, err := unpacked(&vendor{client: "cargo", name: "m@v1"}); err == nil {
		t.Error("a cargo that did nothing is believed")
	}
	t.Setenv("PATH", t.TempDir())
	for _, client := range []string{"go", "cargo"} {
		if _, err := unpacked(&vendor{client: client, name: "m@v1"}); err == nil || err.Error() != client+" is not installed" {
			t.Errorf("%s: %v", client, err)
		}
	}
}
