package entry

import (
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

// maxTenants is of how many tenants the keys are kept: entries claim what they like.
const maxTenants = 256

// Keys are the master keys to try, and the keys of tenants that were derived from them.
type Keys struct {
	masters *encryption.Keyring
	count   int
	tenants map[string]*encryption.TenantKeyring
}

// NewKeys takes a keyring, which Wipe wipes too, with so many keys.
func NewKeys(masters *encryption.Keyring, count int) *Keys {
	return &Keys{masters, count, map[string]*encryption.TenantKeyring{}}
}

// Count is how many keys there are; of none too.
func (k *Keys) Count() int {
	if k == nil {
		return 0
	}
	return k.count
}

// Tenant returns the keyring of a tenant, which belongs to k.
func (k *Keys) Tenant(id string) (*encryption.TenantKeyring, error) {
	if keyring, ok := k.tenants[id]; ok {
		return keyring, nil
	}
	if len(k.tenants) == maxTenants {
		for id, keyring := range k.tenants {
			keyring.Wipe()
			delete(k.tenants, id)
		}
	}
	keyring, err := k.masters.ForTenant([]byte(id))
	if err == nil {
		k.tenants[id] = keyring
	}
	return keyring, err
}

// Wipe overwrites all keys.
func (k *Keys) Wipe() {
	if k == nil {
		return
	}
	k.masters.Wipe()
	for _, keyring := range k.tenants {
		keyring.Wipe()
	}
}
