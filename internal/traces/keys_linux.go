package traces

import (
	"bytes"
	"encoding/hex"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// Encryptions are the settings for alone.Run under which a test that looks for keys or
// plaintexts runs: every implementation of AES-GCM, and of LZ4.
var Encryptions = []string{"", "CACHEKIT_AES=avx2", "CACHEKIT_AES=stdlib CACHEKIT_LZ4=portable"}

// Pages returns memory that the garbage collector does not know.
func Pages(t testing.TB, n int) []byte {
	t.Helper()
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Tenant is whose keys are in Keys.
const Tenant = "memory"

// Master fills b with the master key of Keys.
func Master(b []byte) {
	for i := range b {
		b[i] = "0123456789abcdef"[i%16]
	}
}

// Keys is a master key, a key that is derived from it, and what HKDF makes on the way.
type Keys struct {
	derive  deriving
	derived Secret
	parts   map[string]Secret // of each secret, by its name: some of it is enough
}

type deriving func(key *[limits.KeySize]byte, master, tenant, domain []byte) error

// HideKeys returns what to look for, by DeriveDomainKeyInto of the package under test.
func HideKeys(t testing.TB, derive deriving) Keys {
	t.Helper()
	k := Keys{derive: derive}
	// Not on this stack: it can move, and others get the memory where it was.
	master, key := Pages(t, limits.KeySize), (*[limits.KeySize]byte)(Pages(t, limits.KeySize))
	defer func() { clear(master); clear(key[:]) }()
	Master(master)
	k.Derive(t, key)
	k.derived = Hide(key[:])
	// HKDF's pseudorandom key, by another implementation; as a complement, too.
	prk, err := hex.DecodeString("19be6f665474b824b3416f5a2c71fbe2f4163ef236b2d2c3297734bfcc06bf99")
	if err != nil {
		t.Fatal(err)
	}
	pseudorandom := Secret(prk)
	k.parts = map[string]Secret{
		"master key": Hide(master), "key": k.derived, "key as the state of a hash": k.derived.Words(),
		"pseudorandom key": pseudorandom, "pseudorandom key as the state of a hash": pseudorandom.Words(),
		"inner padded key": pseudorandom.Xor(0x36), "outer padded key": pseudorandom.Xor(0x5c),
	}
	for name, secret := range k.parts {
		k.parts[name] = secret[8:24]
	}
	return k
}

// Derive puts the derived key into key, which is in memory from then on.
func (k Keys) Derive(t testing.TB, key *[limits.KeySize]byte) {
	t.Helper()
	Master(key[:])
	if err := k.derive(key, key[:], []byte(Tenant), []byte("encryption")); err != nil {
		t.Error(err)
	}
}

// Check calls f, on stacks that nobody uses afterwards. Nothing of the keys may be left.
func (k Keys) Check(t testing.TB, name string, f func()) {
	t.Helper()
	Apart(f)
	var what []What
	for _, secret := range k.parts {
		what = append(what, secret)
	}
	if n := OnStack(t, f, what...); n > 0 {
		t.Errorf("%s: a key is left on the stack in %d places", name, n)
	}
	for kind, secret := range k.parts {
		if n := Left(t, secret); n > 0 {
			t.Errorf("%s: %s is left in %d places", name, kind, n)
		}
	}
}

// MustFind fails unless the search finds the derived key where it is in memory once, or
// Check has proved nothing.
func (k Keys) MustFind(t testing.TB) {
	t.Helper()
	key := (*[limits.KeySize]byte)(Pages(t, limits.KeySize))
	k.Derive(t, key)
	if Left(t, k.derived) != 1 || !bytes.Equal(Hide(key[:]), k.derived) {
		t.Error("a key is in memory, and was not found there")
	}
}
