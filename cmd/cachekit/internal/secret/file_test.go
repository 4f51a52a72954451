package secret

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/encryption"
)

var k1, k2 = strings.Repeat("11", 32), strings.Repeat("22", 32)

func file(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestKeysOfAFile(t *testing.T) {
	masters, err := Read(file(t, "# the current one\n"+k1+"\r\n\n  "+k2+"\n", 0o600))
	if err != nil || len(masters) != 2 || masters[0][0] != 0x11 || masters[1][0] != 0x22 || len(masters[1]) != 32 {
		t.Fatalf("%d keys, %v", len(masters), err)
	}
	masters.Wipe()
	if masters[0][0] != 0 || masters[1][31] != 0 {
		t.Error("not wiped")
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	for _, test := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"others may read it", k1, 0o644, "chmod 600"},
		{"the group may write it", k1, 0o620, "chmod 600"},
		{"empty", "\n# nothing\n", 0o600, "no key"},
		{"a short key", k1 + "\n" + k2[:62], 0o600, "line 2"},
		{"no digits", k1[:63] + "g", 0o600, "line 1"},
		{"in quotes", `"` + k1 + `"`, 0o600, "line 1"},
		{"large", strings.Repeat("#", maxKeyFile+1), 0o600, "no file of keys"},
	} {
		if runtime.GOOS == "windows" && test.want == "chmod 600" {
			continue
		}
		masters, err := Read(file(t, test.text, test.mode))
		if err == nil || masters != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %d keys, %v; want %q", test.name, len(masters), err, test.want)
			continue
		}
		if strings.Contains(err.Error(), "1111") || strings.Contains(err.Error(), "2222") {
			t.Errorf("%s: the error shows a key: %v", test.name, err)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
}

func TestKeysOfTheEnvironment(t *testing.T) {
	t.Setenv(encryption.MasterKeyVariable, k1)
	t.Setenv(encryption.PreviousMasterKeysVariable, k2+", ")
	masters, err := Read("")
	if err != nil || len(masters) != 2 || masters[0][0] != 0x11 || masters[1][0] != 0x22 {
		t.Fatalf("%d keys, %v", len(masters), err)
	}
	keys, err := masters.Keyring()
	if err != nil || keys.Count() != 2 {
		t.Fatalf("%v, %v", keys, err)
	}
	keys.Wipe()

	t.Setenv(encryption.PreviousMasterKeysVariable, k1)
	masters, err = Read("")
	if err == nil {
		_, err = masters.Keyring()
	}
	if !errors.Is(err, encryption.ErrCurrentKeyTwice) {
		t.Errorf("the current key twice: %v", err)
	}
	t.Setenv(encryption.MasterKeyVariable, "")
	if _, err := Read(""); err != ErrNone {
		t.Errorf("no key: %v", err)
	}
}

func TestWriteMakesAFileForItsOwner(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	if err := Write(name, []byte(k1+"\n")); err != nil {
		t.Fatal(err)
	}
	if masters, err := Read(name); err != nil || len(masters) != 1 {
		t.Errorf("%d keys, %v", len(masters), err)
	}
	if err := Write(name, []byte(k2)); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file that is there: %v", err)
	}
	text, err := os.ReadFile(name)
	if err != nil || string(text) != k1+"\n" {
		t.Errorf("the file was changed: %v", err)
	}
}
