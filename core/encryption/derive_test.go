package encryption

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/codes"
)

func TestDeriveDomainKeyErrors(t *testing.T) {
	bytesOf := func(n int) []byte { return bytes.Repeat([]byte{7}, n) }
	for _, c := range []struct {
		name                 string
		master, salt, domain int
		want                 codes.Code
	}{
		{"shortest of everything", 16, 1, 1, codes.OK},
		{"longest of everything", 5000, 1024, 255, codes.OK},
		{"short master", 15, 1, 1, codes.InvalidKeyLength},
		{"no master", 0, 1, 1, codes.InvalidKeyLength},
		{"no domain", 16, 1, 0, codes.InvalidInput},
		{"long domain", 16, 1, 256, codes.DomainTooLong},
		{"no salt", 16, 0, 1, codes.InvalidInput},
		{"long salt", 16, 1025, 1, codes.SaltTooLong},
		{"everything wrong", 15, 1025, 256, codes.InvalidKeyLength},
		{"domain and salt wrong", 16, 1025, 256, codes.DomainTooLong},
	} {
		key := [KeySize]byte{1, 2, 3}
		err := DeriveDomainKeyInto(&key, bytesOf(c.master), bytesOf(c.salt), bytesOf(c.domain))
		if got := codes.Of(err); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if (key == [KeySize]byte{}) != (err != nil) {
			t.Errorf("%s: key %x after %v", c.name, key, err)
		}
		again, err2 := DeriveDomainKey(bytesOf(c.master), bytesOf(c.salt), bytesOf(c.domain))
		if again != key || codes.Of(err2) != c.want {
			t.Errorf("%s: the two forms differ", c.name)
		}
	}
}

func TestDerivedKeysDependOnEveryInput(t *testing.T) {
	master := bytes.Repeat([]byte{1}, 32)
	other := bytes.Repeat([]byte{2}, 32)
	seen := map[[KeySize]byte]string{}
	for _, c := range []struct {
		master       []byte
		salt, domain string
	}{
		{master, "tenant", "encryption"}, {other, "tenant", "encryption"}, {master, "tenant2", "encryption"},
		{master, "tenant", "authentication"}, {master, "tenant", "cache_keys"},
		{master, "b", "aa"}, {master, "ab", "a"}, // the parts of the salt cannot run together
	} {
		key, err := DeriveDomainKey(c.master, []byte(c.salt), []byte(c.domain))
		if err != nil {
			t.Fatal(err)
		}
		if before, dup := seen[key]; dup {
			t.Errorf("%s/%s gives the key of %s", c.salt, c.domain, before)
		}
		seen[key] = c.salt + "/" + c.domain
	}
	keys, err := DeriveTenantKeys(master, []byte("tenant"))
	if err != nil {
		t.Fatal(err)
	}
	for domain, key := range map[string][KeySize]byte{
		"encryption": keys.Encryption, "authentication": keys.Authentication, "cache_keys": keys.CacheKeys,
	} {
		if seen[key] != "tenant/"+domain {
			t.Errorf("TenantKeys: %s is the key of %q", domain, seen[key])
		}
	}
	if keys.Wipe(); keys != (TenantKeys{}) {
		t.Error("Wipe left something")
	}
	keys.Encryption[0] = 1
	if err := DeriveTenantKeysInto(&keys, master[:15], []byte("tenant")); !errors.Is(err, core.ErrInvalidKeyLength) || keys != (TenantKeys{}) {
		t.Errorf("after %v keys are not zeros", err)
	}
}

// The result may take the master key's place.
func TestDeriveDomainKeyInPlace(t *testing.T) {
	key := [KeySize]byte{1, 2, 3}
	want, err := DeriveDomainKey(key[:], []byte("tenant"), []byte("domain"))
	if err != nil {
		t.Fatal(err)
	}
	if err := DeriveDomainKeyInto(&key, key[:], []byte("tenant"), []byte("domain")); err != nil || key != want {
		t.Errorf("%x, %v, want %x", key, err, want)
	}
}
