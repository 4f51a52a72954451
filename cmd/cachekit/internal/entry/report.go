// Package entry says what the bytes of a cache entry are, whether they are damaged and
// where, and which key opens them. It is a tool of diagnosis: unlike a reader, it tries
// one way after the other, and its Report names every way that it tried.
package entry

// Kind is what an entry is.
type Kind string

// The kinds. They are words of the command's JSON, and do not change.
const (
	Empty       Kind = "empty"
	Envelope    Kind = "envelope"
	PythonFrame Kind = "python-frame"
	ContainerV2 Kind = "interop-v2-container"
	Document    Kind = "interop-document" // MessagePack in the canonical form
	MessagePack Kind = "messagepack"
	JSON        Kind = "json"
	Sealed      Kind = "sealed-entry"     // a ciphertext with an envelope inside
	Ciphertext  Kind = "ciphertext"       // any other that a key opened
	Unopened    Kind = "maybe-ciphertext" // nothing speaks against it
	Checksummed Kind = "checksummed"      // XXH3-64 and Arrow or JSON, inside a Python frame
	Text        Kind = "text"
	Foreign     Kind = "foreign" // the format of something else
	Unknown     Kind = "unknown"
)

// State is what a script wants to know.
type State string

// The states. They are words of the command's JSON, and do not change.
const (
	Intact    State = "intact"    // it was read to its end, and nothing is wrong
	Damaged   State = "damaged"   // it is recognised, and no reader will take it
	Encrypted State = "encrypted" // perhaps, and no key opened it
	Strange   State = "unknown"   // nothing of this family
)

// Report is what was found out about an entry. Its JSON is that of the command.
type Report struct {
	Kind     Kind      `json:"kind"`
	State    State     `json:"state"`
	Why      string    `json:"why"` // by what it was recognised
	Size     int       `json:"size"`
	Parts    []Part    `json:"parts"`            // their sizes add up to Size
	Damage   string    `json:"damage,omitempty"` // what is wrong, and where
	Code     string    `json:"code,omitempty"`   // the error that a reader of the family gives
	Envelope *Header   `json:"envelope,omitempty"`
	Frame    *Frame    `json:"python_frame,omitempty"`
	Opened   *Opening  `json:"opened,omitempty"`
	Tried    []Binding `json:"tried,omitempty"`   // in this order; if it was opened, the last one did
	KeyCount int       `json:"keys_tried"`        // with each of them
	Missing  string    `json:"missing,omitempty"` // what to name so that more can be tried
	Inside   *Report   `json:"inside,omitempty"`  // of the payload
	Payload  []byte    `json:"-"`                 // plaintext: to be shown only to those who ask
}

// Part is some of an entry's bytes.
type Part struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

// Header is what an envelope, or a container of interop v2, says of its payload.
type Header struct {
	PayloadSize int     `json:"payload_size"`
	BlockSize   int     `json:"block_size"`
	Ratio       float64 `json:"ratio"` // payload size / size of the whole
	Checksum    string  `json:"checksum,omitempty"`
	Verified    bool    `json:"checksum_matches"`
	Format      string  `json:"format,omitempty"`
	Form        string  `json:"form"` // how its writer spelled it
}

// Frame is what the header of a frame of the Python SDK claims. Nothing authenticates it.
type Frame struct {
	Serializer   string `json:"serializer"`
	Version      string `json:"version"`
	Format       string `json:"format"`
	OriginalType string `json:"original_type,omitempty"`
	Compressed   bool   `json:"compressed"`
	Encrypted    bool   `json:"encrypted"`
	Tenant       string `json:"tenant,omitempty"`
	Fingerprint  string `json:"key_fingerprint,omitempty"`
}

// Opening is the way that opened the entry, or what is inside its frame; nil for none.
func (r *Report) Opening() *Opening {
	for ; r != nil; r = r.Inside {
		if r.Opened != nil {
			return r.Opened
		}
	}
	return nil
}

// Opening is the way that opened a ciphertext.
type Opening struct {
	KeyIndex    int     `json:"key_index"` // 0: the current key
	Fingerprint string  `json:"key_fingerprint"`
	Binding     Binding `json:"binding"`
}

// Binding is what a ciphertext may be bound to: additional authenticated data.
type Binding struct {
	AAD          string `json:"aad"` // "v3", "cache key" or "none"
	Tenant       string `json:"tenant"`
	Format       string `json:"format,omitempty"`
	Compressed   bool   `json:"compressed"`
	OriginalType string `json:"original_type,omitempty"`
}

// String is the binding for people.
func (b Binding) String() string {
	switch b.AAD {
	case aadNone:
		return "no additional data"
	case aadCacheKey:
		return "the cache key alone as additional data"
	}
	text := "AAD v3: format " + Printable(b.Format) + ", "
	if b.Compressed {
		text += "compressed"
	} else {
		text += "not compressed"
	}
	if b.OriginalType != "" {
		text += ", original type " + Printable(b.OriginalType)
	}
	return text
}
