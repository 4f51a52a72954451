package build

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// A call of a Go function that ckgo.h does not declare would be compiled with
// whatever types its arguments have. The names are those of one call in storage.c,
// in start.c and in handle.c.
func TestAForgottenPrototypeDoesNotCompile(t *testing.T) {
	need.Programs(t, "cc")
	header, err := filepath.Abs(root + "/capi/ckgo.h")
	if err != nil {
		t.Fatal(err)
	}
	complete := string(read(t, header))
	dir := t.TempDir()
	for _, name := range []string{"ckgo_checksum", "ckgo_start", "ckgo_destroy"} {
		without := regexp.MustCompile(`extern \w+ `+name+`\([^;]*;`).ReplaceAllString(complete, "")
		if without == complete {
			t.Fatalf("ckgo.h does not declare %s", name)
		}
		changed, overlay := filepath.Join(dir, name+".h"), filepath.Join(dir, name+".json")
		replace, err := json.Marshal(map[string]map[string]string{"Replace": {header: changed}})
		if err != nil {
			t.Fatal(err)
		}
		for path, content := range map[string]string{changed: without, overlay: string(replace)} {
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out, err := sh(root, `"${GO:-go}" build -overlay '`+overlay+`' -o '`+filepath.Join(dir, "capi")+`' ./capi`, "CGO_ENABLED=1")
		if err == nil || !strings.Contains(out, name) || !strings.Contains(out, "implicit") {
			t.Errorf("without the prototype of %s: %v\n%s", name, err, out)
		}
	}
}
