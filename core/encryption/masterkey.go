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

// ParseMasterKey decodes a master key from hexadecimal digits, in both cases: an even
// number of them, 64 or more, and nothing else. No white space, no quotes, no 0x.
// 64 is what every library of the family takes.
//
// Errors: core.ErrInvalidInput, and core.ErrInvalidKeyLength for too few digits. They
// tell what is wrong and where, and show no character of it.
func ParseMasterKey(digits string) ([]byte, error) { return parseMasterKey("a master key", digits) }

// parseMasterKey is ParseMasterKey for digits that come from what name says.
func parseMasterKey(name, digits string) ([]byte, error) {
	if problem := masterKeyProblem(digits); problem != "" {
		return nil, fmt.Errorf("%w: %s: %s", core.ErrInvalidInput, name, problem)
	}
	n := len(digits) / 2
	if n < minHexMasterKey {
		return nil, fmt.Errorf("%w: %s: %d digits are %d bytes, %d or more are needed",
			core.ErrInvalidKeyLength, name, len(digits), n, minHexMasterKey)
	}
	key := make([]byte, n)
	_, _ = hex.Decode(key, []byte(digits))
	return key, nil
}

// whiteSpace is what the C library's isspace takes for it.
const whiteSpace = " \t\n\v\f\r"

// masterKeyProblem tells why text is not pairs of hexadecimal digits, in words that
// show none of it; "" if it is.
func masterKeyProblem(text string) string {
	rest := strings.TrimLeft(text, "0123456789abcdefABCDEF")
	good := len(text) - len(rest) // digits, one byte each
	switch {
	case rest == "" && good%2 != 0:
		return fmt.Sprintf("%d digits, an odd number", good)
	case rest == "":
		return ""
	case strings.HasPrefix(text, "0x"), strings.HasPrefix(text, "0X"):
		return "begins with 0x"
	case text[0] == '"', text[0] == '\'':
		return "in quotes"
	case strings.Trim(rest, whiteSpace) == "":
		return fmt.Sprintf("%d characters, the last is white space", len(text))
	case strings.Contains(whiteSpace, rest[:1]):
		return fmt.Sprintf("character %d is white space", good+1)
	}
	return fmt.Sprintf("character %d is not a hexadecimal digit", good+1)
}

// MasterKeyFromEnv returns the master key in CACHEKIT_MASTER_KEY, by the rules
// of ParseMasterKey; core.ErrInvalidInput if it is not set. Overwrite it with
// clear when the keys are derived; the environment itself keeps its copy.
func MasterKeyFromEnv() ([]byte, error) {
	digits := os.Getenv(MasterKeyVariable)
	if digits == "" {
		return nil, fmt.Errorf("%w: %s is not set", core.ErrInvalidInput, MasterKeyVariable)
	}
	return parseMasterKey(MasterKeyVariable, digits)
}

// previousMasterKeysFromEnv returns the keys in CACHEKIT_PREVIOUS_MASTER_KEYS,
// none if it is unset. As in the family's Python library, white space around an
// item and empty items do not count, so that one variable serves both.
func previousMasterKeysFromEnv() (keys [][]byte, err error) {
	for digits := range strings.SplitSeq(os.Getenv(PreviousMasterKeysVariable), ",") {
		digits = strings.Trim(digits, whiteSpace)
		if digits == "" {
			continue
		}
		var key []byte
		if len(keys) == MaxDecryptOnlyKeys {
			err = fmt.Errorf("%w, in %s", ErrTooManyKeys, PreviousMasterKeysVariable)
		} else {
			key, err = parseMasterKey(fmt.Sprintf("item %d of %s", len(keys)+1, PreviousMasterKeysVariable), digits)
		}
		if err != nil {
			wipeAll(keys)
			return nil, err
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
