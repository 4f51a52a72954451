package examples

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/encryption"
)

// masterKeysProgram reads pairs of values for the two variables and prints for each
// the keys that C finds, or what is wrong with them. All ends with a zero byte.
const masterKeysProgram = `#define _POSIX_C_SOURCE 200809L
#include "master_keys.h"

int main(void)
{
    char *current = NULL, *previous = NULL;
    size_t room = 0, more_room = 0;
    while (getdelim(&current, &room, 0, stdin) > 0 && getdelim(&previous, &more_room, 0, stdin) > 0) {
        struct master_keys keys;
        setenv("CACHEKIT_MASTER_KEY", current, 1);
        setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", previous, 1);
        if (!read_master_keys(&keys)) {
            fputs(keys.problem, stdout);
            keys.count = 0;
        }
        for (size_t k = 0; k < keys.count; k++) {
            for (size_t i = 0; i < keys.len[k]; i++)
                printf("%02x", keys.key[k][i]);
            putchar('\n');
        }
        putchar(0);
        free(keys.bytes);
    }
    free(current);
    free(previous);
    return 0;
}
`

// TestMasterKeysInCAndGo proves that examples/c/master_keys.h and the Go package read
// the environment by one rule: they take the same keys, or refuse with the same
// words. That the words are right, the tests of the package prove.
func TestMasterKeysInCAndGo(t *testing.T) {
	source := filepath.Join(t.TempDir(), "keys.c")
	writeFile(t, source, masterKeysProgram)
	program := filepath.Join(t.TempDir(), "keys")
	run(t, command(needCompiler(t), append(strict(), "-Iexamples/c", source, "-o", program)...))

	const a, b, c = "07f8a96b5c4d3e2f1708c9daeb6f5a4c3b2d1e0f7988a7b6c5d4e3f2a1b0c9d8",
		"1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1a1a",
		"2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c"
	bad := []string{"", " ", "\n", "0x", "0X" + a, "0x" + a[2:], `"` + a + `"`, `'` + a + `'`, `"`, a + `"`, "é", "x", "+" + a,
		a + strings.Repeat("0", 500), a[:62] + "\r\n", a + "\u00a0"}
	for n := range 70 {
		bad = append(bad, (a + a)[:n])
	}
	for _, junk := range []string{" ", "\t", "\n", "\v", "\f", "\r", "\r\n", "  ", "g", "-", "\xff", ":", "\x1f", "\x85", "0x", "@", "`", "/", "G"} {
		for _, at := range []int{0, 1, 2, 31, 63, 64} {
			bad = append(bad, a[:at]+junk+a[at:])
		}
	}
	type variables struct{ current, previous string }
	var all []variables
	for _, digits := range bad {
		all = append(all, variables{digits, ""}, variables{c, digits}, variables{c, b + "," + digits}, variables{c, digits + ",," + b})
	}
	for _, list := range []string{",", ",,", " , ", a + "," + b, " " + a + " ,\t" + b + "\n", "," + a, a + ",", a + ",,,,," + b,
		a + "," + b + "," + a, a + "," + b + "," + a + ",", a + "," + b + "," + a + "," + b, a + "," + b + "," + a + ",0x",
		a + " " + b, a + ";" + b, a + "\n" + b, "0x," + a} {
		all = append(all, variables{c, list}, variables{"", list}, variables{"0x", list})
	}

	var input strings.Builder
	for _, v := range all {
		input.WriteString(v.current + "\x00" + v.previous + "\x00")
	}
	cmd := exec.Command(program)
	cmd.Stdin = strings.NewReader(input.String())
	answers := strings.SplitAfter(run(t, cmd), "\x00")
	if len(answers) != len(all)+1 {
		t.Fatalf("%d answers to %d", len(answers)-1, len(all))
	}
	taken := 0
	for i, v := range all {
		t.Setenv(encryption.MasterKeyVariable, v.current)
		t.Setenv(encryption.PreviousMasterKeysVariable, v.previous)
		inC := strings.TrimSuffix(answers[i], "\x00")
		if _, err := encryption.KeyringFromEnv(); err != nil {
			if inC == "" || !strings.HasSuffix(err.Error(), ": "+inC) {
				t.Errorf("%q: C says %q, Go %q", v, inC, err)
			}
			continue
		}
		taken++
		want := v.current + "\n"
		for item := range strings.SplitSeq(v.previous, ",") {
			if item = strings.TrimSpace(item); item != "" {
				want += item + "\n"
			}
		}
		if inC != strings.ToLower(want) {
			t.Errorf("%q: C reads %q", v, inC)
		}
	}
	if taken < 50 || taken > len(all)/2 {
		t.Errorf("%d of %d were taken", taken, len(all))
	}
}
