package command

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redistest"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// Whatever the Python SDK stores is recognised and opened.
func TestEntriesOfThePythonSDK(t *testing.T) {
	python := need.Python(t, filepath.Join("testdata", "sdk-requirements.txt"))
	script, err := filepath.Abs(filepath.Join("testdata", "sdk.py"))
	if err != nil {
		t.Fatal(err)
	}
	folder(t)
	server := redistest.Server(t)
	cmd := exec.Command(python, script)
	cmd.Env = append(os.Environ(), "CACHEKIT_REDIS_URL="+server.URL, "CACHEKIT_MASTER_KEY="+strings.Repeat("22", 32))
	var said strings.Builder
	cmd.Stderr = &said
	listed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}

	inspect := []string{"inspect", "--json", "--redis", server.URL}
	stored := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(string(listed)), "\n") {
		key, form, _ := strings.Cut(line, "\t")
		form, encrypted := strings.CutSuffix(form, ", encrypted")
		stored[form]++
		kind := entry.PythonFrame
		switch {
		case form == "interop" && encrypted:
			kind = entry.Ciphertext
		case form == "interop":
			kind = entry.Document
		}
		report := func(code int, more ...string) *entry.Report {
			t.Helper()
			r := run(t, "", append(append(inspect, more...), key)...)
			var found entry.Report
			if err := json.Unmarshal([]byte(r.out), &found); err != nil {
				t.Fatalf("%s: %v: %s", line, err, r.errs)
			}
			if r.code != code || r.errs != "" {
				t.Errorf("%s: exit code %d, want %d: %+v", line, r.code, code, found)
			}
			return &found
		}
		// The keys have 22… as the second one.
		found := report(exitDone, "--key-file", "keys")
		if found.Kind != kind || found.State != entry.Intact {
			t.Errorf("%s: %s, %s", line, found.Kind, found.State)
		}
		opening := found.Opening()
		switch {
		case !encrypted && opening != nil, encrypted && (opening == nil || opening.KeyIndex != 1 || opening.Binding.AAD != "v3"):
			t.Errorf("%s: opened by %+v", line, opening)
		case encrypted:
			report(exitKeys, "--key-file", "keys", "--tenant", "another")
			report(exitKeys)
		}
	}
	for _, form := range []string{"interop", "own", "auto", "orjson"} {
		if stored[form] < 6 {
			t.Errorf("%d entries of the form %s", stored[form], form)
		}
	}
	if t.Failed() {
		t.Logf("%s", listed)
	}
}
