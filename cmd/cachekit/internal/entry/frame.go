package entry

import (
	"encoding/binary"
	"encoding/json"
	"slices"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// frameStart is the size of what comes before the header of a Python frame: "CK", the
// version, and the length of the header.
const frameStart = 2 + 1 + 4

// maxFrameHeader keeps what a hostile header can make of its size within bounds; real
// ones have some 300 bytes.
const maxFrameHeader = 1 << 20

// isFrame recognises a frame of the Python SDK, of whatever version.
func isFrame(value []byte) bool {
	return len(value) > 2 && value[0] == 'C' && value[1] == 'K' && value[2] < ' ' && value[2] != '\n' && value[2] != '\t' && value[2] != '\r'
}

// frame reports on a frame of the Python SDK, which no reader of interop entries decodes.
func (o Options) frame(value []byte) *Report {
	r := &Report{Kind: PythonFrame, State: Intact, Size: len(value), Parts: []Part{{"unreadable", len(value)}},
		Why: `it begins with "CK" and the version 3, as frames of the Python SDK do, which only that reads`}
	if !msgpack.IsPythonFrame(value) {
		r.Why = `it begins with "CK" and a version, as frames of the Python SDK do`
		return r.wrong("version %d at byte 2, only 3 is known", value[2])
	}
	if len(value) < frameStart {
		return r.wrong("truncated at byte %d, in the length of the header", len(value))
	}
	n := uint64(binary.BigEndian.Uint32(value[3:]))
	behind := value[frameStart:]
	switch {
	case n > uint64(len(behind)):
		return r.wrong("truncated at byte %d: the header has %d bytes, and %d are there", len(value), n, len(behind))
	case n > maxFrameHeader:
		return r.wrong("the header has %d bytes", n)
	}
	var header struct {
		S string `json:"s"`
		V string `json:"v"`
		M struct {
			Format       string `json:"format"`
			OriginalType string `json:"original_type"`
			Compressed   bool   `json:"compressed"`
			Encrypted    bool   `json:"encrypted"`
			TenantID     string `json:"tenant_id"`
			Fingerprint  string `json:"key_fingerprint"`
		} `json:"m"`
	}
	if err := json.Unmarshal(behind[:n], &header); err != nil {
		return r.wrong("the header, from byte %d to byte %d, is not the JSON that it should be", frameStart, frameStart+n)
	}
	if header.S == "" {
		return r.wrong("the header names no serializer")
	}
	payload := behind[n:]
	m := header.M
	r.Frame = &Frame{Serializer: header.S, Version: header.V, Format: m.Format, OriginalType: m.OriginalType,
		Compressed: m.Compressed, Encrypted: m.Encrypted, Tenant: m.TenantID, Fingerprint: m.Fingerprint}
	r.Parts = []Part{{"magic, version and length", frameStart}, {"header", int(n)}, {"payload", len(payload)}}
	if m.Encrypted {
		r.Inside = o.claimed(r.Frame, payload)
	} else {
		r.Inside = o.afterChecksum(payload)
	}
	r.State, r.Damage, r.Code, r.Missing = r.Inside.State, r.Inside.Damage, r.Inside.Code, r.Inside.Missing
	if r.State == Strange {
		r.State = Intact // the header says what the payload is
	}
	r.Payload = r.Inside.Payload
	return r
}

// claimed reports on a ciphertext in a frame: bound to what the header claims, and if
// that does not open it, to what is tried without a frame.
func (o Options) claimed(f *Frame, payload []byte) *Report {
	if len(payload) < encryption.Overhead {
		return whole(payload, Unopened, "the header says that it is encrypted").
			wrong("a ciphertext has %d bytes or more", encryption.Overhead)
	}
	if f.Tenant != "" && len(o.Tenants) == 0 {
		o.Tenants = []string{f.Tenant}
	}
	var bindings []Binding
	if o.CacheKey != nil {
		for _, tenant := range o.tenants() {
			bindings = append(bindings, Binding{aadV3, tenant, f.Format, f.Compressed, f.OriginalType})
		}
	}
	for _, b := range o.bindings() {
		if !slices.Contains(bindings, b) {
			bindings = append(bindings, b)
		}
	}
	r := o.decrypt(payload, bindings)
	const why = "the header of the frame says that it is encrypted"
	if r.Opened == nil {
		r.Why = why
	} else {
		r.Why += "; " + why
	}
	return r
}

// checksummed reports on what the Python SDK stores of data frames, and of JSON with
// integrity checking: the XXH3-64 of the rest, and the rest. It is nil for anything else.
func (o Options) checksummed(payload []byte) *Report {
	if len(payload) <= core.ChecksumSize {
		return nil
	}
	rest := payload[core.ChecksumSize:]
	if core.VerifyChecksum(rest, [core.ChecksumSize]byte(payload)) != nil {
		return nil
	}
	return &Report{Kind: Checksummed, State: Intact, Size: len(payload), Payload: rest, Inside: o.inside(rest),
		Why:   "its first 8 bytes are the XXH3-64 of the others, as the Python SDK stores data frames and JSON",
		Parts: []Part{{"checksum", core.ChecksumSize}, {"content", len(rest)}}}
}
