package encryption

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/cachekit-go/cachekit-core/core"
)

// The environment variables that every library of the family reads.
const (
	MasterKeyVariable          = "CACHEKIT_MASTER_KEY"
	PreviousMasterKeysVariable = "CACHEKIT_PREVIOUS_MASTER_KEYS"
)

// minHexMasterKey is the shortest key, in bytes, that may come as hex.
const minHexMasterKey = 32

// ParseMasterKey decodes a master key from hexadecimal, both cases allowed and
// nothing else: no prefix, no sign, no white space. It must give 32 bytes or
// more; 32 is what every library of the family takes.
//
// Errors: core.ErrInvalidInput if it is not hexadecimal, and
// core.ErrInvalidKeyLength. Neither shows any of it.
func ParseMasterKey(digits string) ([]byte, error) {
	key, err := hex.DecodeString(digits)
	switch {
	case err != nil: // its text would show a character of the key
		clear(key)
		return nil, fmt.Errorf("%w: a master key that is not hexadecimal", core.ErrInvalidInput)
	case len(key) < minHexMasterKey:
		clear(key)
		return nil, fmt.Errorf("%w: a master key must be at least %d bytes, %d hexadecimal digits",
			core.ErrInvalidKeyLength, minHexMasterKey, 2*minHexMasterKey)
	}
	return key, nil
}

// MasterKeyFromEnv returns the master key in CACHEKIT_MASTER_KEY, by the rules
// of ParseMasterKey; core.ErrInvalidInput if it is not set. Overwrite it with
// clear when the keys are derived; the environment itself keeps its copy.
func MasterKeyFromEnv() ([]byte, error) {
	digits, ok := os.LookupEnv(MasterKeyVariable)
	if !ok || digits == "" {
		return nil, fmt.Errorf("%w: %s is not set", core.ErrInvalidInput, MasterKeyVariable)
	}
	key, err := ParseMasterKey(digits)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", MasterKeyVariable, err)
	}
	return key, nil
}

// previousMasterKeysFromEnv returns the keys in CACHEKIT_PREVIOUS_MASTER_KEYS,
// none if it is unset. As in the family's Python library, white space around a
// key and empty places between commas do not count, so that one variable
// serves both.
func previousMasterKeysFromEnv() (keys [][]byte, err error) {
	for digits := range strings.SplitSeq(os.Getenv(PreviousMasterKeysVariable), ",") {
		digits = strings.TrimSpace(digits)
		if digits == "" {
			continue
		}
		key, err := ParseMasterKey(digits)
		if err == nil && len(keys) == MaxDecryptOnlyKeys {
			clear(key)
			err = ErrTooManyKeys
		}
		if err != nil {
			wipeAll(keys)
			return nil, fmt.Errorf("%s: %w", PreviousMasterKeysVariable, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func wipeAll(keys [][]byte) {
	for _, key := range keys {
		clear(key)
	}
}
