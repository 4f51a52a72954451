package encryption

import (
	"os"

	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// The environment variables that every library of the family reads.
const (
	MasterKeyVariable          = crypt.MasterKeyVariable          // CACHEKIT_MASTER_KEY
	PreviousMasterKeysVariable = crypt.PreviousMasterKeysVariable // CACHEKIT_PREVIOUS_MASTER_KEYS
)

// ParseMasterKey decodes a master key from hexadecimal digits, in both cases: an even
// number of them, 64 or more, and nothing else. No white space, no quotes, no 0x.
// 64 is what every library of the family takes.
//
// Errors: core.ErrInvalidInput, and core.ErrInvalidKeyLength for too few digits. They
// tell what is wrong and where, and show no character of it.
func ParseMasterKey(digits string) ([]byte, error) {
	to := memory.From(memory.Make)
	return crypt.ParseMasterKey(&to, digits)
}

// MasterKeyFromEnv returns the master key in CACHEKIT_MASTER_KEY, by the rules
// of ParseMasterKey; core.ErrInvalidInput if it is not set. Overwrite it with
// clear when the keys are derived; the environment itself keeps its copy.
func MasterKeyFromEnv() ([]byte, error) {
	to := memory.From(memory.Make)
	return crypt.MasterKey(&to, os.Getenv(MasterKeyVariable))
}

// GenerateKey returns a new master key, or a new key for an Encryptor: 32 random bytes
// of the operating system. Overwrite it with clear when it is where you keep secrets.
//
// Errors: core.ErrRNGFailure.
func GenerateKey() (key [KeySize]byte, err error) {
	err = crypt.GenerateKey(&key)
	return key, err
}

func wipeAll(keys [][]byte) {
	for _, key := range keys {
		clear(key)
	}
}
