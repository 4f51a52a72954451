//go:build !race

// The race detector keeps copies of its own.

package crypt

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

var implementations = []string{"", "CACHEKIT_AES=avx2", "CACHEKIT_AES=stdlib CACHEKIT_LZ4=portable"}

// pages returns memory that the garbage collector does not know.
func pages(t *testing.T, n int) []byte {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The test of the same name in package encryption, for what only this package can
// make happen: a construction that fails half-way, and keys that are kept, or not, by
// every implementation.
func TestNothingIsLeftOfKeys(t *testing.T) {
	if !alone.Run(t, implementations...) {
		return
	}
	const tenant = "memory"
	var master, key [limits.KeySize]byte
	fill := func(b []byte) {
		for i := range b {
			b[i] = "0123456789abcdef"[i%16]
		}
	}
	fill(master[:])
	if err := DeriveDomainKeyInto(&key, master[:], []byte(tenant), []byte(domainEncryption)); err != nil {
		t.Fatal(err)
	}
	secret := traces.Hide(key[:])
	// HKDF's pseudorandom key, by another implementation; as a complement, too.
	prk := traces.Secret(unhex(t, "19be6f665474b824b3416f5a2c71fbe2f4163ef236b2d2c3297734bfcc06bf99"))
	secrets := map[string]traces.Secret{
		"master key": traces.Hide(master[:]), "key": secret, "key as the state of a hash": secret.Words(),
		"pseudorandom key": prk, "pseudorandom key as the state of a hash": prk.Words(),
		"inner padded key": prk.Xor(0x36), "outer padded key": prk.Xor(0x5c),
	}
	for name, secret := range secrets {
		secrets[name] = secret[8:24] // some of it is enough
	}

	data := make([]byte, 3*64<<10)
	out, back := pages(t, len(data)+1000), pages(t, len(data)+1000)
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
		fill(master[:])
		fails(new(TenantKeyring).derive(master[:], [][]byte{nil}, []byte(tenant)), codes.InvalidKeyLength) // as no caller can
		clear(master[:])
	}
	derive := func(key *[limits.KeySize]byte) {
		fill(key[:])
		must(DeriveDomainKeyInto(key, key[:], []byte(tenant), []byte(domainEncryption)))
	}
	withEncryptor := func(open bool) {
		derive(&key)
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
		traces.Apart(f)
		var what []traces.What
		for _, secret := range secrets {
			what = append(what, secret)
		}
		if n := traces.OnStack(t, f, what...); n > 0 {
			t.Errorf("%s: a key is left on the stack in %d places", name, n)
		}
		for kind, secret := range secrets {
			if n := traces.Left(t, secret); n > 0 {
				t.Errorf("%s: %s is left in %d places", name, kind, n)
			}
		}
	}
	derive(&key)
	if traces.Left(t, secret) != 1 || !bytes.Equal(traces.Hide(key[:]), secret) {
		t.Error("a key is in memory, and was not found there")
	}
}
