package interop

import (
	"encoding/hex"
)

// UUID is a UUID among arguments. UUID types of other packages that are arrays
// of 16 bytes convert to it, and are recognised without.
type UUID [16]byte

const uuidTextSize = 36

// ParseUUID reads the text form with hyphens, in any case.
func ParseUUID(s string) (UUID, error) {
	var id UUID
	if len(s) != uuidTextSize || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return UUID{}, errUUID
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return UUID{}, errUUID
	}
	return id, nil
}

// String returns the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in lower case,
// which is what stands for the UUID in a key.
func (id UUID) String() string {
	text := id.text()
	return string(text[:])
}

func (id UUID) text() (text [uuidTextSize]byte) {
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return text
}
