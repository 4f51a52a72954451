// Package copies makes the mistakes that go vet has to find.
package copies

import "github.com/cachekit-go/cachekit-core/core/encryption"

func encryptor(e *encryption.Encryptor) uint64       { c := *e; return c.Counter() }
func tenantKeyring(k *encryption.TenantKeyring) bool { c := *k; return c.RotationNeeded() }
func keyring(k *encryption.Keyring)                  { c := *k; c.Wipe() }
