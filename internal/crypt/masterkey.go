package crypt

import (
	"encoding/hex"
	"strings"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// The environment variables that every library of the family reads.
const (
	MasterKeyVariable          = "CACHEKIT_MASTER_KEY"
	PreviousMasterKeysVariable = "CACHEKIT_PREVIOUS_MASTER_KEYS"
)

// minHexMasterKey is the shortest key, in bytes, that may come as hex.
const minHexMasterKey = 32

// ParseMasterKey decodes a master key from hexadecimal digits, by the rule that
// encryption.ParseMasterKey documents, into half as many bytes.
//
// Errors: InvalidInput, and InvalidKeyLength for too few digits. They tell what is
// wrong and where, and show no character of it.
func ParseMasterKey(dst *memory.Dest, digits string) ([]byte, error) {
	if err := checkMasterKey(digits); err != nil {
		return nil, codes.In(err, "a master key")
	}
	return decodeMasterKey(dst, digits)
}

// MasterKey is ParseMasterKey for the value of MasterKeyVariable, InvalidInput if that
// is empty.
func MasterKey(dst *memory.Dest, value string) ([]byte, error) {
	if value == "" {
		return nil, codes.InvalidInput.Because("CACHEKIT_MASTER_KEY is not set")
	}
	if err := checkMasterKey(value); err != nil {
		return nil, codes.In(err, "CACHEKIT_MASTER_KEY")
	}
	return decodeMasterKey(dst, value)
}

// decodeMasterKey is ParseMasterKey for digits that were checked.
func decodeMasterKey(dst *memory.Dest, digits string) ([]byte, error) {
	n := len(digits) / 2
	key, err := dst.Take(n)
	if err != nil {
		return nil, err
	}
	_, _ = hex.Decode(key, memory.Bytes(digits)) // all are digits
	return key[:n], nil
}

// whiteSpace is what the C library's isspace takes for it.
const whiteSpace = " \t\n\v\f\r"

// checkMasterKey tells what is wrong with a master key in digits.
func checkMasterKey(text string) error {
	rest := strings.TrimLeft(text, "0123456789abcdefABCDEF")
	good := len(text) - len(rest) // digits, one byte each
	switch {
	case rest == "" && good%2 != 0:
		return codes.InvalidInput.Because("%d digits, an odd number", good)
	case rest == "" && good/2 < minHexMasterKey:
		return codes.InvalidKeyLength.Because("%d digits are %d bytes, %d or more are needed", good, good/2, minHexMasterKey)
	case rest == "":
		return nil
	case strings.HasPrefix(text, "0x"), strings.HasPrefix(text, "0X"):
		return codes.InvalidInput.Because("begins with 0x")
	case text[0] == '"', text[0] == '\'':
		return codes.InvalidInput.Because("in quotes")
	case strings.Trim(rest, whiteSpace) == "":
		return codes.InvalidInput.Because("%d characters, the last is white space", len(text))
	case strings.Contains(whiteSpace, rest[:1]):
		return codes.InvalidInput.Because("character %d is white space", good+1)
	}
	return codes.InvalidInput.Because("character %d is not a hexadecimal digit", good+1)
}

// Masters are the master keys of a keyring that come from the two variables.
type Masters struct {
	Current     []byte
	DecryptOnly [][]byte

	all []byte // the memory of all of them
}

// Read decodes the values of the two variables into memory from alloc. The rule for the
// first one is that of MasterKey. The second one is a list, separated by commas, which
// may be empty; as in the family's Python library, white space around an item and empty
// items do not count, so that one variable serves both. After an error there are no
// keys.
//
// Errors: those of MasterKey, ErrTooManyKeys, and OutOfMemory if alloc has none.
func (m *Masters) Read(alloc memory.Alloc, current, previous string) error {
	m.all = alloc(len(current)/2 + len(previous)/2)
	if m.all == nil {
		return codes.OutOfMemory
	}
	clear(m.all) // so that Wipe may clear what was not written to
	err := m.read(current, previous)
	if err != nil {
		m.Wipe()
	}
	return err
}

func (m *Masters) read(current, previous string) (err error) {
	to := memory.Into(m.all)
	if m.Current, err = MasterKey(&to, current); err != nil {
		return err
	}
	rest := m.all[len(m.Current):]
	for digits := range strings.SplitSeq(previous, ",") {
		digits = strings.Trim(digits, whiteSpace)
		if digits == "" {
			continue
		}
		if len(m.DecryptOnly) == limits.MaxDecryptOnlyKeys {
			return codes.At(ErrTooManyKeys, "in CACHEKIT_PREVIOUS_MASTER_KEYS")
		}
		if err := checkMasterKey(digits); err != nil {
			return codes.In(err, "item %d of CACHEKIT_PREVIOUS_MASTER_KEYS", len(m.DecryptOnly)+1)
		}
		to = memory.Into(rest)
		key, err := decodeMasterKey(&to, digits)
		if err != nil {
			return err
		}
		m.DecryptOnly = append(m.DecryptOnly, key)
		rest = rest[len(key):]
	}
	return nil
}

// Wipe overwrites the keys with zeros and forgets them. The memory is whose it was.
func (m *Masters) Wipe() {
	clear(m.all)
	*m = Masters{}
}

// GenerateKey fills key with random bytes of the operating system; zeros after an
// error, which is RNGFailure.
func GenerateKey(key *[limits.KeySize]byte) error {
	if err := random(key[:]); err != nil {
		clear(key[:])
		return rngFailure(err)
	}
	return nil
}
