// Package hosts proves that pre-forking programs work when the parent has loaded
// the library and its children use it: gunicorn, multiprocessing, puma and plain
// forks, and what else in Python and Ruby depends on when Go starts; and that cffi and
// PHP's FFI take the declarations that make writes for them. What they run is in
// testdata.
package hosts

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

const testTime = 2 * time.Minute // for every program that a test starts

// command is a command in testdata that ends with the test, and whose
// environment names the library and has no settings of it.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), testTime)
	t.Cleanup(stop)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "testdata"
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CACHEKIT_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "CACHEKIT_LIBRARY="+need.Library(t)+"/libcachekit_core.so", "PYTHONDONTWRITEBYTECODE=1")
	return cmd
}

// wantOutput runs a program that must succeed and print exactly this.
func wantOutput(t *testing.T, want string, name string, args ...string) {
	t.Helper()
	out, err := command(t, name, args...).CombinedOutput()
	if err != nil || string(out) != want {
		t.Errorf("%s %s: %v; it printed\n%swant\n%s", name, strings.Join(args, " "), err, out, want)
	}
}

// wantSetting runs a program that prints the build info twice, and checks that
// the setting, which it makes after the load, shows in both.
func wantSetting(t *testing.T, setting, name string, args ...string) {
	t.Helper()
	out, err := command(t, name, args...).CombinedOutput()
	lines := strings.Split(string(out), "\n")
	if err != nil || len(lines) != 3 || lines[0] != lines[1] ||
		!regexp.MustCompile(`^go\S+ .* `+setting+`( |$)`).MatchString(lines[0]+" ") {
		t.Errorf("%s: %v; it printed\n%swant %s twice", args, err, out, setting)
	}
}
