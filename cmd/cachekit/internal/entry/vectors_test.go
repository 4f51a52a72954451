package entry

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

func readVectors(t *testing.T, name string, to any) {
	t.Helper()
	if err := json.Unmarshal(need.Vectors(t, name), to); err != nil {
		t.Fatal(err)
	}
}

// Every published envelope is one, intact or damaged as the file says.
func TestVectorsOfEnvelopes(t *testing.T) {
	var f struct {
		Vectors []struct {
			Name, Format string
			InputHex     string `json:"input_hex"`
			EnvelopeHex  string `json:"envelope_hex"`
		}
		Rejects []struct {
			Name        string
			EnvelopeHex string `json:"envelope_hex"`
		} `json:"reject_vectors"`
	}
	readVectors(t, "cachekit/wire-format-1.4.0.json", &f)
	need.Count(t, "envelopes", len(f.Vectors), 18)
	need.Count(t, "rejects", len(f.Rejects), 14)
	for _, v := range f.Vectors {
		value := unhex(t, v.EnvelopeHex)
		r := Look(value, Options{})
		wantSum(t, r)
		if r.Kind != Envelope || r.State != Intact || r.Envelope.Format != v.Format || hex.EncodeToString(r.Payload) != v.InputHex {
			t.Errorf("%s: %s, %s, %+v", v.Name, r.Kind, r.State, r.Envelope)
		}
		if len(value) > 1000 {
			value = value[:1000]
		}
		for n := range value[:len(value)-1] {
			wantSum(t, Look(value[:n], Options{}))
		}
	}
	for _, v := range f.Rejects {
		if v.EnvelopeHex == "" {
			continue // one that is constructed
		}
		r := Look(unhex(t, v.EnvelopeHex), Options{})
		wantSum(t, r)
		if r.Kind == Envelope && r.State != Damaged {
			t.Errorf("%s: %s, %s", v.Name, r.Kind, r.State)
		}
	}
}

// Every published ciphertext is opened, with the binding that its writer used.
func TestVectorsOfCiphertexts(t *testing.T) {
	type vector struct {
		Name, Format  string
		CacheKey      string `json:"cache_key"`
		Compressed    bool
		OriginalType  string `json:"original_type"`
		PlaintextHex  string `json:"plaintext_hex"`
		CiphertextHex string `json:"ciphertext_hex"`
	}
	var f struct {
		MasterKeyHex string `json:"master_key_hex"`
		TenantID     string `json:"tenant_id"`
		Fingerprint  string `json:"derived_key_fingerprint_hex"`
		Vectors      []vector
	}
	readVectors(t, "cachekit/encryption-1.5.0.json", &f)
	need.Count(t, "ciphertexts", len(f.Vectors), 9)
	var i struct {
		Vectors []vector `json:"encryption_vectors"`
	}
	readVectors(t, "cachekit/interop-mode-1.3.0.json", &i)
	need.Count(t, "interop ciphertexts", len(i.Vectors), 1)
	keys := keysOf(t, unhex(t, f.MasterKeyHex))
	for _, v := range append(f.Vectors, i.Vectors...) {
		value := unhex(t, v.CiphertextHex)
		o := Options{Keys: keys, CacheKey: []byte(v.CacheKey), Tenants: []string{f.TenantID}}
		r := Look(value, o)
		wantSum(t, r)
		want := Binding{aadV3, f.TenantID, v.Format, v.Compressed, v.OriginalType}
		if r.Opened == nil || r.Opened.Binding != want || r.Opened.Fingerprint != f.Fingerprint {
			t.Errorf("%s: %s, opened by %+v, want %v", v.Name, r.Kind, r.Opened, want)
		}
		for n := range value {
			wantSum(t, Look(value[:n], o))
		}
	}
}

// Every published frame of the Python SDK is recognised, and what is in it too; none is
// taken for anything else, and the damaged ones are damaged.
func TestVectorsOfPythonFrames(t *testing.T) {
	type vector struct {
		Name        string
		FrameHex    string `json:"frame_hex"`
		PayloadHex  string `json:"expected_payload_hex"`
		RejectedBy  string `json:"rejected_by"`
		HeaderClaim string `json:"header_claims"`
		Header      struct {
			S string
			M struct {
				TenantID string `json:"tenant_id"`
			}
		} `json:"expected_header"`
	}
	var f struct {
		Frames []vector `json:"frame_vectors"`
		Errors []vector `json:"error_vectors"`
		Reader struct {
			MasterKeyHex string `json:"master_key_hex"`
			TenantID     string `json:"tenant_id"`
			CacheKey     string `json:"cache_key"`
		} `json:"encrypted_reader"`
		Encrypted []vector `json:"encrypted_read_vectors"`
	}
	readVectors(t, "cachekit/python-frame.json", &f)
	need.Count(t, "frames", len(f.Frames), 11)
	need.Count(t, "damaged frames", len(f.Errors), 12)
	need.Count(t, "encrypted frames", len(f.Encrypted), 8)
	for _, v := range f.Frames {
		value := unhex(t, v.FrameHex)
		r := Look(value, Options{})
		wantSum(t, r)
		if r.Kind != PythonFrame || r.State != Intact || r.Frame.Serializer != v.Header.S {
			t.Errorf("%s: %s, %s, %s", v.Name, r.Kind, r.State, r.Damage)
		}
		for n := range min(len(value), 1000) {
			wantSum(t, Look(value[:n], Options{}))
		}
	}
	for _, v := range f.Errors {
		r := Look(unhex(t, v.FrameHex), Options{})
		wantSum(t, r)
		if v.RejectedBy == "magic" || v.RejectedBy == "" { // it is something else, or a good frame at the wrong place
			continue
		}
		if r.Kind != PythonFrame || r.State != Damaged {
			t.Errorf("%s: %s, %s", v.Name, r.Kind, r.State)
		}
	}
	keys := keysOf(t, unhex(t, f.Reader.MasterKeyHex))
	opened := 0
	for _, v := range f.Encrypted {
		r := Look(unhex(t, v.FrameHex), Options{Keys: keys, CacheKey: []byte(f.Reader.CacheKey)})
		wantSum(t, r)
		if r.Kind != PythonFrame {
			t.Errorf("%s: %s", v.Name, r.Kind)
		}
		if r.Inside != nil && r.Inside.Opened != nil {
			opened++
			if r.Inside.Opened.Binding.Tenant != v.Header.M.TenantID {
				t.Errorf("%s: tenant %s", v.Name, r.Inside.Opened.Binding.Tenant)
			}
		}
	}
	if opened < 3 {
		t.Errorf("%d encrypted frames were opened", opened)
	}
}
