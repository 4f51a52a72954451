package examples

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// masterKeysProgram reads pairs of values for the two variables and prints for each
// what the library makes of the first as a key, and of both as a keyring: the name of a
// code, or the fingerprints. All that it reads ends with a zero byte.
const masterKeysProgram = `#define _POSIX_C_SOURCE 200809L
#include <cachekit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const uint8_t fingerprint[CACHEKIT_FINGERPRINT_SIZE])
{
    for (int i = 0; i < CACHEKIT_FINGERPRINT_SIZE; i++)
        printf("%02x", fingerprint[i]);
}

int main(void)
{
    char *current = NULL, *previous = NULL;
    size_t room = 0, more_room = 0;
    while (getdelim(&current, &room, 0, stdin) > 0 && getdelim(&previous, &more_room, 0, stdin) > 0) {
        uint8_t fingerprint[CACHEKIT_FINGERPRINT_SIZE], *key = malloc(strlen(current) + 1);
        size_t len = strlen(current) / 2;
        CachekitError err = cachekit_parse_master_key(current, key, &len);
        if (err == CACHEKIT_OK)
            err = cachekit_key_fingerprint(key, len, fingerprint);
        if (err == CACHEKIT_OK)
            print(fingerprint);
        else
            fputs(cachekit_error_name(err), stdout);
        free(key);

        CachekitKeyring *keyring = NULL;
        setenv("CACHEKIT_MASTER_KEY", current, 1);
        setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", previous, 1);
        err = cachekit_keyring_from_env((const uint8_t *)"acme", 4, &keyring);
        putchar(' ');
        if (err != CACHEKIT_OK)
            fputs(cachekit_error_name(err), stdout);
        for (size_t i = 0; i < cachekit_keyring_key_count(keyring); i++)
            if (cachekit_keyring_fingerprint(keyring, i, fingerprint) == CACHEKIT_OK)
                print(fingerprint);
        cachekit_keyring_free(keyring);
        putchar('\n');
    }
    free(current);
    free(previous);
    return 0;
}
`

// inGo is what the Go package makes of two values, as masterKeysProgram prints it.
func inGo(t *testing.T, current, previous string) string {
	t.Helper()
	key, err := encryption.ParseMasterKey(current)
	said := codes.Of(err).Name()
	if err == nil {
		said = fmt.Sprintf("%x", encryption.KeyFingerprint(key))
	}
	t.Setenv(encryption.MasterKeyVariable, current)
	t.Setenv(encryption.PreviousMasterKeysVariable, previous)
	masters, err := encryption.KeyringFromEnv()
	if err != nil {
		return said + " " + codes.Of(err).Name()
	}
	acme, err := masters.ForTenant([]byte("acme"))
	if err != nil {
		t.Fatal(err)
	}
	said += " "
	for i := range acme.KeyCount() {
		fingerprint, err := acme.Fingerprint(i)
		if err != nil {
			t.Fatal(err)
		}
		said += fmt.Sprintf("%x", fingerprint)
	}
	return said
}

// TestMasterKeysInCAndGo proves that C and Go programs read the environment by one
// rule: they find the same keys, or refuse with the same code. That they are the right
// ones, the tests of package encryption prove.
func TestMasterKeysInCAndGo(t *testing.T) {
	compiler, library := needCompiler(t), need.Library(t)
	source := filepath.Join(t.TempDir(), "keys.c")
	writeFile(t, source, masterKeysProgram)
	program := filepath.Join(t.TempDir(), "keys")
	run(t, command(compiler, append(strict(), source, "-o", program, "-L"+library, "-lcachekit_core", "-Wl,-rpath,"+library)...))

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
	answers := strings.Split(run(t, cmd), "\n")
	if len(answers) != len(all)+1 {
		t.Fatalf("%d answers to %d", len(answers)-1, len(all))
	}
	taken := 0
	for i, v := range all {
		want := inGo(t, v.current, v.previous)
		if answers[i] != want {
			t.Errorf("%q: C says %s, Go %s", v, answers[i], want)
		}
		if !strings.Contains(want, " CACHEKIT_") {
			taken++
		}
	}
	if taken < 50 || taken > len(all)/2 {
		t.Errorf("%d of %d were taken", taken, len(all))
	}
}
