package entry

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/text"
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// Options say how to look.
type Options struct {
	Keys       *Keys    // none: nothing is decrypted
	CacheKey   []byte   // nil: not known
	Tenants    []string // none: encryption.DefaultTenant
	Formats    []string // none: all that the SDKs write
	MaxPayload int      // 0: core.MaxPayloadSize
}

// Check finds out whether tenants and formats are such as the libraries take.
func (o Options) Check() error {
	for _, tenant := range o.Tenants {
		if tenant == "" {
			return errors.New("a tenant is empty")
		}
		var key [encryption.KeySize]byte
		if err := encryption.DeriveDomainKeyInto(&key, make([]byte, encryption.KeySize), []byte(tenant), []byte("encryption")); err != nil {
			return fmt.Errorf("a tenant: %w", err)
		}
	}
	for _, format := range o.Formats {
		if format == "" {
			return errors.New("a format is empty")
		}
		if _, err := encryption.AppendAAD(nil, []byte(encryption.DefaultTenant), nil, format, true, ""); err != nil {
			return fmt.Errorf("a format: %w", err)
		}
	}
	return nil
}

// Look says what value is. The Report refers to value.
func Look(value []byte, o Options) *Report {
	r := recognise(value, o)
	if len(value) < encryption.Overhead || r.proven() {
		return r
	}
	// Random bytes may look like the start of anything, and one ciphertext of some thousands
	// is a MessagePack document too: what a key opens is decided.
	if sealed := o.decrypt(value, o.bindings()); sealed.Opened != nil || r.Kind == Unknown {
		return sealed
	}
	return r
}

// proven reports whether no ciphertext looks like this by chance.
func (r *Report) proven() bool {
	switch r.Kind {
	case JSON, Text:
		return true
	case Envelope:
		return r.Envelope != nil && r.Envelope.Verified
	case PythonFrame:
		return r.Frame != nil
	}
	return false
}

// recognise looks at the bytes, without keys.
func recognise(value []byte, o Options) *Report {
	switch {
	case len(value) == 0:
		return &Report{Kind: Empty, State: Damaged, Why: "there are no bytes", Damage: "no writer of the family stores an empty value"}
	case isFrame(value):
		return o.frame(value)
	case value[0] == containerMagic && len(value) > 1 && value[1] == containerVersion:
		return o.container(value)
	}
	header, flaw := core.Inspect(value)
	if !errors.Is(flaw, core.ErrInvalidInput) || looksLikeEnvelope(value) {
		return o.envelope(value, header, flaw)
	}
	if len(value) <= core.MaxPayloadSize && text.IsJSON(value) {
		return whole(value, JSON, "it is JSON from the first byte to the last")
	}
	if why, ok := foreign(value); ok {
		r := whole(value, Foreign, why)
		r.State = Strange
		return r
	}
	// A letter or digit alone would be a MessagePack number too.
	if err := interop.Check(value); err == nil && !(len(value) == 1 && value[0] >= ' ' && value[0] <= '~') {
		r := whole(value, MessagePack, "it is one MessagePack document from the first byte to the last")
		if canonical, err := interop.Canonical(value); err == nil && bytes.Equal(canonical, value) {
			r.Kind = Document
			r.Why = "it is one MessagePack document in the canonical form, as interop mode stores values"
		}
		return r
	}
	if text.Is(value) {
		r := whole(value, Text, "it is UTF-8 without control characters")
		r.State = Strange
		return r
	}
	r := whole(value, Unknown, "it begins like none of the formats of this family")
	r.State = Strange
	return r
}

// whole is the report on a value that is one part, and read to its end.
func whole(value []byte, kind Kind, why string) *Report {
	return &Report{Kind: kind, State: Intact, Why: why, Size: len(value),
		Parts: []Part{{"content", len(value)}}, Payload: value}
}

// inside is the report on a payload, which is not searched for ciphertexts.
func (o Options) inside(payload []byte) *Report {
	if len(payload) == 0 {
		r := whole(payload, Empty, "there are no bytes")
		r.Parts = []Part{}
		return r
	}
	o.Keys = nil
	return recognise(payload, o)
}

// afterChecksum is inside for what the Python SDK may have put behind a checksum.
func (o Options) afterChecksum(payload []byte) *Report {
	if r := o.checksummed(payload); r != nil {
		return r
	}
	return o.inside(payload)
}

// wrong notes what is wrong with an entry that the library has no reader for.
func (r *Report) wrong(format string, numbers ...any) *Report {
	r.State, r.Damage = Damaged, fmt.Sprintf(format, numbers...)
	return r
}

// damaged notes an error of the library.
func (r *Report) damaged(err error) *Report {
	r.State = Damaged
	r.Damage = err.Error()
	r.Code = codes.Of(err).Name()
	return r
}

// Printable is text from an entry, in quotes unless it is one plain word.
func Printable(s string) string {
	if q := strconv.Quote(s); len(q) == len(s)+2 && s != "" && !bytes.ContainsAny([]byte(s), " ,") {
		return s
	}
	return strconv.Quote(s)
}

// foreignFormats are what caches hold too, by their first bytes.
var foreignFormats = []struct{ start, what string }{
	{"\x1f\x8b\x08", "gzip"},
	{"\x28\xb5\x2f\xfd", "Zstandard"},
	{"\x04\x22\x4d\x18", "an LZ4 frame (not a block, which an envelope holds)"},
	{"\x80\x02", "a Python pickle"},
	{"\x80\x03", "a Python pickle"},
	{"\x80\x04\x95", "a Python pickle"},
	{"\x80\x05\x95", "a Python pickle"},
	{"ARROW1\x00\x00", "an Arrow file"},
	{"PAR1", "a Parquet file"},
	{"\x04\x08", "a Ruby Marshal dump"},
}

func foreign(value []byte) (why string, ok bool) {
	for _, f := range foreignFormats {
		if bytes.HasPrefix(value, []byte(f.start)) && interop.Check(value) != nil {
			return "it begins like " + f.what, true
		}
	}
	return "", false
}
