//go:build !purego

// Go has no FIPS 140-3 mode with that tag.

package encryption

import (
	"crypto/fips140"
	"errors"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// Where Go's FIPS 140-3 mode forbids the standard library to do the work, constructors
// say so, and nothing panics later. Where it does not do the work, all works.
func TestFIPSModeIsAnAnswer(t *testing.T) {
	if !fips140.Enforced() {
		for _, path := range []string{"stdlib", ""} {
			out, err := need.Process(t, "GODEBUG=fips140=only", "CACHEKIT_AES="+path)
			if err != nil || !strings.Contains(string(out), "--- PASS: TestFIPSModeIsAnAnswer") {
				t.Errorf("CACHEKIT_AES=%s: %v\n%s", path, err, out)
			}
		}
		return
	}
	var want error
	if Implementation() == "stdlib" {
		want = ErrFIPS140
	}
	if warning := ImplementationWarning(); (want != nil) != strings.Contains(warning, "fips140=only") {
		t.Errorf("the implementation's warning is %q", warning)
	}
	e, err := NewEncryptor()
	if !errors.Is(err, want) || want != nil && !errors.Is(err, core.ErrInvalidInput) || (e == nil) != (err != nil) {
		t.Errorf("NewEncryptor: %v, want %v", err, want)
	}
	keyring, err := NewKeyring(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	k, err := keyring.ForTenant([]byte("tenant"))
	if !errors.Is(err, want) {
		t.Errorf("ForTenant: %v, want %v", err, want)
	}
	if _, err := NewTenantKeyring(make([]byte, 32), nil, []byte("tenant")); !errors.Is(err, want) {
		t.Errorf("NewTenantKeyring: %v, want %v", err, want)
	}
	if want != nil {
		return
	}
	if _, err := e.Encrypt(make([]byte, KeySize), []byte("data"), nil); err != nil {
		t.Error(err)
	}
	sealed, err := k.Seal([]byte("key"), []byte("data"), "f")
	if err != nil {
		t.Fatal(err)
	}
	if data, _, err := k.Open([]byte("key"), sealed, "f"); err != nil || string(data) != "data" {
		t.Errorf("%q, %v", data, err)
	}
}
