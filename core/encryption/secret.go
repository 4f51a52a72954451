package encryption

import (
	"fmt"
	"log/slog"

	"github.com/cachekit-go/cachekit-core/core"
)

// secret keeps the type that embeds it out of what is printed, logged or stored. Its
// methods serve pointers and values alike, and no key is copied for their sake.
//
// Of a field that is not exported fmt calls no method. It shows what it finds in
// memory, and follows pointers too where the verb is none for a pointer, as in %s:
// all but those inside an atomic.Pointer. So keys stand behind one.
type secret struct{}

const redacted = "(holds keys, not shown)"

var errSecret = fmt.Errorf("%w: what holds keys is not to be marshalled", core.ErrInvalidInput)

// Format keeps the keys out of whatever package fmt prints.
func (secret) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// LogValue keeps the keys out of structured logs.
func (secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps the keys out of JSON and other text.
func (secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalBinary returns an error: gob and its like would otherwise write the keys.
func (secret) MarshalBinary() ([]byte, error) { return nil, errSecret }
