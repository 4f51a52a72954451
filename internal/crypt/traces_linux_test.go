//go:build !race

// The race detector keeps copies of its own.

package crypt

import (
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

// The test of the same name in package encryption, for what only this package can
// make happen: a construction that fails half-way, and keys that are kept, or not, by
// every implementation.
func TestNothingIsLeftOfKeys(t *testing.T) {
	if !alone.Run(t, traces.Encryptions...) {
		return
	}
	var master, key [limits.KeySize]byte
	keys := traces.HideKeys(t, DeriveDomainKeyInto)

	data := make([]byte, 3*64<<10)
	out, back := traces.Pages(t, len(data)+1000), traces.Pages(t, len(data)+1000)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	fails := func(err, want error) {
		t.Helper()
		if codes.Of(err) != codes.Of(want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	failedKeyring := func() {
		traces.Master(master[:])
		fails(new(TenantKeyring).derive(master[:], [][]byte{nil}, []byte(traces.Tenant)), codes.InvalidKeyLength) // as no caller can
		clear(master[:])
	}
	withEncryptor := func(open bool) {
		keys.Derive(t, &key)
		defer clear(key[:])
		before := setupIsCheap
		defer func() { setupIsCheap = before }()
		for _, cheap := range []bool{true, false} {
			setupIsCheap = cheap
			e := newEncryptor(t)
			for _, n := range []int{64, len(data)} {
				sealed, _, err := e.Encrypt(into(out), key[:], data[:n], nil)
				must(err)
				if open {
					_, err = e.Decrypt(into(back), key[:], sealed, nil)
					must(err)
					_, err = e.Decrypt(into(back), key[:], sealed, []byte("aad"))
					fails(err, codes.DecryptionFailed)
				}
			}
			e.Wipe()
		}
	}
	for name, f := range map[string]func(){
		"keyring that failed": failedKeyring,
		"encryption":          func() { withEncryptor(false) },
		"decryption":          func() { withEncryptor(true) },
	} {
		keys.Check(t, name, f)
	}
	keys.MustFind(t)
}
