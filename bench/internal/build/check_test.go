package build

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A benchmark of a library that does not do the work is worth nothing: the harness must notice before it times anything.
func TestCrossCheckCatchesAWrongLibrary(t *testing.T) {
	harness, err := Harness("../..")
	if err != nil {
		t.Fatalf("the harness cannot be built: %v", err)
	}
	hand, handErr := Hand("../..")
	for _, c := range []struct {
		define, want string
		needsHand    bool
	}{
		{"WRONG_DATA", "decompress of what wrong made, by wrong", false},
		{"WRONG_CHECK", "decompress (block alone) of what wrong made, by H", true},
		{"WRONG_TAG", "refusal (one bit altered) of what wrong made, by wrong", false},
		{"WRONG_CHECKSUM", "checksum of what wrong made, by H", true},
	} {
		t.Run(c.define, func(t *testing.T) {
			if c.needsHand && handErr != nil {
				if os.Getenv("CACHEKIT_NO_SKIPS") != "" {
					t.Fatal(handErr)
				}
				t.Skipf("the hand-glued library cannot be built: %v", handErr)
			}
			path := filepath.Join(t.TempDir(), "libwrong.so")
			if err := run("", cc(), "-D"+c.define, "-fPIC", "-shared", "-o", path, "testdata/wrong.c"); err != nil {
				t.Fatal(err)
			}
			args := []string{"--check", "--sizes", "64,4096", "--lib", "wrong=cachekit:" + path}
			if c.needsHand {
				args = append(args, "--lib", "H=hand:"+hand)
			}
			cmd := exec.Command(harness, args...)
			var said bytes.Buffer
			cmd.Stderr = &said
			var exit *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
				t.Errorf("exit: %v, want 3; said %q", err, said.String())
			}
			if !strings.Contains(said.String(), c.want) {
				t.Errorf("said %q, want %q", said.String(), c.want)
			}
		})
	}
}
