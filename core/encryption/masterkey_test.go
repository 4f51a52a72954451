package encryption

import (
	"errors"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// goodDigits is a key of which no four characters in a row stand in a message.
const goodDigits = "07f8a96b5c4d3e2f1708c9daeb6f5a4c3b2d1e0f7988a7b6c5d4e3f2a1b0c9d8"

// badMasterKeys are the accidents that happen to keys on their way into a variable,
// and what is said of them.
var badMasterKeys = []struct {
	digits, problem string
	err             error
}{
	{goodDigits[:16] + " " + goodDigits[16:], "character 17 is white space", core.ErrInvalidInput},
	{goodDigits[:16] + "\n" + goodDigits[16:], "character 17 is white space", core.ErrInvalidInput},
	{`"` + goodDigits + `"`, "in quotes", core.ErrInvalidInput},
	{`'` + goodDigits + `'`, "in quotes", core.ErrInvalidInput},
	{`"` + goodDigits, "in quotes", core.ErrInvalidInput},
	{`"`, "in quotes", core.ErrInvalidInput},
	{`""`, "in quotes", core.ErrInvalidInput},
	{goodDigits + `"`, "character 65 is not a hexadecimal digit", core.ErrInvalidInput},
	{"0x" + goodDigits, "begins with 0x", core.ErrInvalidInput},
	{"0X" + goodDigits[:62], "begins with 0x", core.ErrInvalidInput},
	{"0x", "begins with 0x", core.ErrInvalidInput},
	{`\x` + goodDigits, "character 1 is not a hexadecimal digit", core.ErrInvalidInput},
	{"+" + goodDigits[1:], "character 1 is not a hexadecimal digit", core.ErrInvalidInput},
	{goodDigits[:63] + "g", "character 64 is not a hexadecimal digit", core.ErrInvalidInput},
	{goodDigits[:16] + "x" + goodDigits[17:], "character 17 is not a hexadecimal digit", core.ErrInvalidInput},
	{goodDigits[:16] + "é" + goodDigits[17:], "character 17 is not a hexadecimal digit", core.ErrInvalidInput},
	{goodDigits[:16] + "\xff" + goodDigits[17:], "character 17 is not a hexadecimal digit", core.ErrInvalidInput},
	{goodDigits + "\u00a0", "character 65 is not a hexadecimal digit", core.ErrInvalidInput},
	{goodDigits[:32] + ":" + goodDigits[32:], "character 33 is not a hexadecimal digit", core.ErrInvalidInput},
	{"SGVsbG8sIHdvcmxkLCB0aGlzIGlzIDMyIGJ5dGVzISE=", "character 1 is not a hexadecimal digit", core.ErrInvalidInput},
	{goodDigits[:63], "63 digits, an odd number", core.ErrInvalidInput},
	{goodDigits + "0", "65 digits, an odd number", core.ErrInvalidInput},
	{"0", "1 digits, an odd number", core.ErrInvalidInput},
	{goodDigits[:62], "62 digits are 31 bytes, 32 or more are needed", core.ErrInvalidKeyLength},
	{goodDigits[:32], "32 digits are 16 bytes, 32 or more are needed", core.ErrInvalidKeyLength},
}

// paddedMasterKeys have white space at an end, which only the items of a list may.
var paddedMasterKeys = []struct{ digits, problem string }{
	{goodDigits + "\n", "65 characters, the last is white space"},
	{goodDigits + "\r\n", "66 characters, the last is white space"},
	{goodDigits[:62] + "\r\n", "64 characters, the last is white space"},
	{goodDigits + " \t\v\f ", "69 characters, the last is white space"},
	{" " + goodDigits, "character 1 is white space"},
	{"\t" + goodDigits + "\n", "character 1 is white space"},
	{"   ", "3 characters, the last is white space"},
}

// wantRefusal fails unless err says what and nothing of any key.
func wantRefusal(t *testing.T, digits string, err, want error, what string) {
	t.Helper()
	if err == nil || !errors.Is(err, want) || !strings.HasSuffix(err.Error(), ": "+what) {
		t.Errorf("%q: %v, want %v: %s", digits, err, want, what)
		return
	}
	for i := range len(digits) - 3 {
		if strings.Contains(err.Error(), digits[i:i+4]) {
			t.Errorf("%q shows in %q", digits[i:i+4], err)
		}
	}
}

func TestWhatIsWrongWithAMasterKey(t *testing.T) {
	check := func(digits string, want error, problem string) {
		t.Helper()
		key, err := ParseMasterKey(digits)
		wantRefusal(t, digits, err, want, "a master key: "+problem)
		t.Setenv(MasterKeyVariable, digits)
		t.Setenv(PreviousMasterKeysVariable, "")
		fromEnv, err := MasterKeyFromEnv()
		wantRefusal(t, digits, err, want, MasterKeyVariable+": "+problem)
		k, err := KeyringFromEnv()
		wantRefusal(t, digits, err, want, MasterKeyVariable+": "+problem)
		if key != nil || fromEnv != nil || k != nil {
			t.Errorf("%q: a key beside the error", digits)
		}
	}
	for _, bad := range paddedMasterKeys {
		check(bad.digits, core.ErrInvalidInput, bad.problem)
		if strings.TrimSpace(bad.digits) == goodDigits {
			t.Setenv(MasterKeyVariable, strings.Repeat("1a", 32))
			t.Setenv(PreviousMasterKeysVariable, bad.digits)
			if _, err := KeyringFromEnv(); err != nil {
				t.Errorf("%q as an item: %v", bad.digits, err)
			}
		}
	}
	for _, bad := range badMasterKeys {
		check(bad.digits, bad.err, bad.problem)

		t.Setenv(MasterKeyVariable, strings.Repeat("1a", 32))
		for list, item := range map[string]string{
			bad.digits: "item 1", "," + strings.Repeat("2b", 32) + ", ,\t" + bad.digits + " ,\n": "item 2",
		} {
			t.Setenv(PreviousMasterKeysVariable, list)
			k, err := KeyringFromEnv()
			wantRefusal(t, bad.digits, err, bad.err, item+" of "+PreviousMasterKeysVariable+": "+bad.problem)
			if k != nil {
				t.Errorf("%q: a keyring beside the error", list)
			}
		}
	}
	t.Setenv(PreviousMasterKeysVariable, strings.Repeat(goodDigits+",", MaxDecryptOnlyKeys)+"0x")
	_, err := KeyringFromEnv()
	wantRefusal(t, goodDigits, err, ErrTooManyKeys, "more than 3 decrypt-only keys, in "+PreviousMasterKeysVariable)
	t.Setenv(MasterKeyVariable, "")
	_, err = MasterKeyFromEnv()
	wantRefusal(t, "", err, core.ErrInvalidInput, MasterKeyVariable+" is not set")
}
