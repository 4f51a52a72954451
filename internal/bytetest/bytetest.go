// Package bytetest makes bytes for tests, and looks at them.
package bytetest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

// Unhex returns what hexadecimal digits stand for. There may be spaces between them.
func Unhex(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		t.Fatalf("%q: %v", digits, err)
	}
	return b
}

// Hex is a JSON string of hexadecimal digits.
type Hex []byte

// UnmarshalText is for package json.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// Noise is n bytes that do not compress, the same at every call.
func Noise(n int) []byte {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(n))
	b := make([]byte, n)
	rand.NewChaCha8(seed).Read(b)
	return b
}

// Only tells whether b is nothing but bytes of these values.
func Only(b []byte, values ...byte) bool {
	for _, v := range b {
		if bytes.IndexByte(values, v) < 0 {
			return false
		}
	}
	return true
}
