package encryption

import (
	"bytes"
	"os"
	"sync"
	"sync/atomic"

	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/made"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// Keyring holds master keys over their life: the current one, which encrypts
// and decrypts, and up to MaxDecryptOnlyKeys retired ones, which still open
// what was written under them. To encrypt, bind it to a tenant.
//
// It is safe for any number of goroutines. It comes from NewKeyring or
// KeyringFromEnv and is passed on as a pointer: see ErrNotMade.
type Keyring struct {
	secret
	mark    made.Mark
	mu      sync.RWMutex
	masters atomic.Pointer[[][]byte] // copies; nil after Wipe; atomic for secret's sake
}

// NewKeyring returns a keyring with copies of the given master keys, of
// MinMasterKeySize bytes or more each.
//
// Errors: ErrTooManyKeys, core.ErrInvalidKeyLength, ErrCurrentKeyTwice.
func NewKeyring(current []byte, decryptOnly ...[]byte) (*Keyring, error) {
	if err := crypt.CheckMasters(current, decryptOnly); err != nil {
		return nil, err
	}
	masters := make([][]byte, 0, 1+len(decryptOnly))
	masters = append(masters, bytes.Clone(current))
	for _, master := range decryptOnly {
		masters = append(masters, bytes.Clone(master))
	}
	k := new(Keyring)
	k.masters.Store(&masters)
	k.mark.Set()
	return k, nil
}

// KeyringFromEnv returns a keyring with the master key in CACHEKIT_MASTER_KEY
// and the decrypt-only ones in CACHEKIT_PREVIOUS_MASTER_KEYS, separated by
// commas; each by the rules of ParseMasterKey, and with its errors and those
// of NewKeyring. In the list, white space around an item and empty items do not
// count.
func KeyringFromEnv() (*Keyring, error) {
	var masters crypt.Masters
	defer masters.Wipe()
	err := masters.Read(memory.Make, os.Getenv(MasterKeyVariable), os.Getenv(PreviousMasterKeysVariable))
	if err != nil {
		return nil, err
	}
	return NewKeyring(masters.Current, masters.DecryptOnly...)
}

// ForTenant returns the keyring's form for one tenant, whose id is 1 to
// MaxTenantSize bytes; use DefaultTenant where there are no tenants. It has its own
// instance id and counter, and lives on when the master keyring is wiped.
//
// Errors: ErrNotMade, core.ErrInvalidInput for an empty tenant,
// core.ErrSaltTooLong, core.ErrRNGFailure, ErrFIPS140, ErrWiped.
func (k *Keyring) ForTenant(tenantID []byte) (*TenantKeyring, error) {
	if !k.mark.OK() {
		return nil, ErrNotMade
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	masters := k.masters.Load()
	if masters == nil {
		return nil, ErrWiped
	}
	return NewTenantKeyring((*masters)[0], (*masters)[1:], tenantID)
}

// Wipe overwrites the master keys. ForTenant answers ErrWiped after it. Wipe
// on a copy does not wipe the original's keys.
func (k *Keyring) Wipe() {
	if !k.mark.OK() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if masters := k.masters.Swap(nil); masters != nil {
		wipeAll(*masters)
	}
}
