package entry

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"unicode"
	"unicode/utf8"

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

// Look says what value is. The Report refers to value.
func Look(value []byte, o Options) *Report {
	r := recognise(value, o)
	if r.State != Intact && len(value) >= encryption.Overhead && r.Kind != PythonFrame {
		// Random bytes may look like the start of anything: what a key opens is decided.
		if sealed := o.decrypt(value, o.bindings()); sealed.Opened != nil || r.State == Strange {
			return keepForeign(sealed, r)
		}
	}
	return r
}

// keepForeign is the report on a value that may be a ciphertext, or that on the text or
// the foreign format that it is.
func keepForeign(sealed, r *Report) *Report {
	if sealed.Opened == nil && r.Kind != Unknown {
		return r
	}
	return sealed
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
	_, flaw := core.Inspect(value)
	if !errors.Is(flaw, core.ErrInvalidInput) || looksLikeEnvelope(value) {
		return o.envelope(value, flaw)
	}
	if len(value) <= core.MaxPayloadSize && looksLikeJSON(value) && json.Valid(value) {
		return whole(value, JSON, "it is JSON from the first byte to the last")
	}
	if text, ok := foreign(value); ok {
		r := whole(value, Foreign, text)
		r.State = Strange
		return r
	}
	// A single byte is a MessagePack number and a letter.
	if err := interop.Check(value); err == nil && !(len(value) == 1 && value[0] >= ' ') {
		r := whole(value, MessagePack, "it is one MessagePack document from the first byte to the last")
		if canonical, err := interop.Canonical(value); err == nil && bytes.Equal(canonical, value) {
			r.Kind = Document
			r.Why = "it is one MessagePack document in the canonical form, as interop mode stores values"
		}
		return r
	}
	if isText(value) {
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

// damaged notes an error of this module.
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

func looksLikeJSON(value []byte) bool {
	start := bytes.TrimLeft(value, " \t\r\n")
	return len(start) > 0 && (start[0] == '{' || start[0] == '[' || start[0] == '"')
}

// isText tells whether value is UTF-8 without control characters but those of lines.
func isText(value []byte) bool {
	for in := value; len(in) > 0; {
		c, n := utf8.DecodeRune(in)
		if c == utf8.RuneError && n == 1 || unicode.IsControl(c) && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
		in = in[n:]
	}
	return true
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

func hexOf(b []byte) string { return hex.EncodeToString(b) }
