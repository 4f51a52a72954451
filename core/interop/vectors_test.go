package interop

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// readVectors reads a file of the published test vectors.
func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(need.Vectors(t, "cachekit/"+name)))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func count(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%d %s in the file, want %d", got, what, want)
	}
}

// untag turns tagged JSON into the Go value that it stands for.
func untag(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return v.Int64()
	case []any:
		items := make([]any, len(v))
		for i := range v {
			var err error
			if items[i], err = untag(v[i]); err != nil {
				return nil, err
			}
		}
		return items, nil
	case map[string]any:
		for tag, in := range v {
			if strings.HasPrefix(tag, "$") {
				return untagOne(tag, in)
			}
		}
		m := make(map[string]any, len(v))
		for k := range v {
			var err error
			if m[k], err = untag(v[k]); err != nil {
				return nil, err
			}
		}
		return m, nil
	}
	return v, nil // string, bool, nil
}

// errNaive is the answer to a time without an offset: a time.Time always has
// one, so such a time ends where it is parsed.
var errNaive = errors.New("a time without an offset")

func untagOne(tag string, in any) (any, error) {
	if tag == "$set" {
		items, err := untag(in)
		if err != nil {
			return nil, err
		}
		return Set(items.([]any)), nil
	}
	text := in.(string)
	switch tag {
	case "$bytes":
		return hex.DecodeString(text)
	case "$datetime":
		v, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, errNaive
		}
		return v, nil
	case "$uuid":
		return ParseUUID(text)
	case "$float":
		f, err := strconv.ParseFloat(text, 64)
		if errors.Is(err, strconv.ErrRange) {
			err = nil // infinite, which is what these vectors want
		}
		return f, err
	case "$int":
		n, ok := new(big.Int).SetString(text, 10)
		if !ok {
			return nil, fmt.Errorf("$int %q", text)
		}
		return n, nil
	}
	return nil, fmt.Errorf("tag %q", tag)
}

func mustUntag(t *testing.T, v any) any {
	t.Helper()
	out, err := untag(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type interopVectors struct {
	Key []struct {
		Name, Namespace, Operation string
		Args                       []any
		Canonical                  string `json:"canonical_args_hex"`
		Key                        string `json:"expected_key"`
	} `json:"key_vectors"`
	Value []struct {
		Name      string
		Value     any
		Canonical string `json:"canonical_msgpack_hex"`
	} `json:"value_vectors"`
	Error []struct {
		Name                 string
		Namespace, Operation *string
		Args                 []any
	} `json:"error_vectors"`
	Accept []struct {
		Name  string
		Input string `json:"input_hex"`
		Value any
	} `json:"reader_accept_vectors"`
	Reject []struct {
		Name  string
		Input string `json:"input_hex"`
	} `json:"reader_reject_vectors"`
	AAD []struct {
		Name     string
		Tenant   string `json:"tenant_id"`
		CacheKey string `json:"cache_key"`
		AAD      string `json:"aad_hex"`
	} `json:"aad_vectors"`
	Encryption []struct {
		Name        string
		Master      string `json:"master_key_hex"`
		Tenant      string `json:"tenant_id"`
		Fingerprint string `json:"derived_key_fingerprint_hex"`
		CacheKey    string `json:"cache_key"`
		AAD         string `json:"aad_hex"`
		Plaintext   string `json:"plaintext_hex"`
		Ciphertext  string `json:"ciphertext_hex"`
	} `json:"encryption_vectors"`
}

func readInteropVectors(t testing.TB) (v interopVectors) {
	t.Helper()
	readVectors(t, "interop-mode-1.3.0.json", &v)
	return v
}

func TestKeyVectors(t *testing.T) {
	v := readInteropVectors(t)
	count(t, "key vectors", len(v.Key), 44)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range v.Key {
		t.Run(c.Name, func(t *testing.T) {
			args := mustUntag(t, c.Args).([]any)
			if got, err := Key(c.Namespace, c.Operation, args...); err != nil || got != c.Key {
				t.Errorf("from Go values: %q, %v; want %q", got, err, c.Key)
			}
			e := newArgsEncoder()
			defer e.free()
			if err := e.array(args, 0); err != nil || hex.EncodeToString(e.out) != c.Canonical {
				t.Errorf("arguments are %x, %v; want %s", e.out, err, c.Canonical)
			}
			canonical := bytetest.Unhex(t, c.Canonical)
			if got, err := KeyFromMsgpack(c.Namespace, c.Operation, canonical); err != nil || got != c.Key {
				t.Errorf("from canonical MessagePack: %q, %v; want %q", got, err, c.Key)
			}
			for range 20 {
				loose := documenttest.LoosenArguments(rng, canonical)
				if got, err := KeyFromMsgpack(c.Namespace, c.Operation, loose); err != nil || got != c.Key {
					t.Errorf("from %x: %q, %v; want %q", loose, got, err, c.Key)
				}
			}
		})
	}
}

func TestValueVectors(t *testing.T) {
	v := readInteropVectors(t)
	count(t, "value vectors", len(v.Value), 6)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range v.Value {
		t.Run(c.Name, func(t *testing.T) {
			want := bytetest.Unhex(t, c.Canonical)
			value := mustUntag(t, c.Value)
			if got, err := Value(value); err != nil || !bytes.Equal(got, want) {
				t.Errorf("from a Go value: %x, %v; want %x", got, err, want)
			}
			for _, doc := range [][]byte{want, documenttest.Loosen(rng, want), documenttest.Loosen(rng, want)} {
				if got, err := Canonical(doc); err != nil || !bytes.Equal(got, want) {
					t.Errorf("from %x: %x, %v; want %x", doc, got, err, want)
				}
				if got, err := Parse(doc); err != nil || !reflect.DeepEqual(got, value) {
					t.Errorf("%x reads as %#v, %v; want %#v", doc, got, err, value)
				}
			}
		})
	}
}

func TestErrorVectors(t *testing.T) {
	v := readInteropVectors(t)
	count(t, "error vectors", len(v.Error), 34)
	naive := 0
	for _, c := range v.Error {
		t.Run(c.Name, func(t *testing.T) {
			namespace, operation := "t", "op"
			if c.Namespace != nil {
				namespace, operation = *c.Namespace, *c.Operation
			}
			args, err := untag(c.Args)
			if errors.Is(err, errNaive) {
				naive++
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Key(namespace, operation, args.([]any)...); got != "" || !errors.Is(err, core.ErrInvalidInput) {
				t.Errorf("Key gives %q, %v", got, err)
			}
			if c.Namespace != nil {
				if got, err := KeyFromMsgpack(namespace, operation, []byte{0x90}); got != "" || !errors.Is(err, core.ErrInvalidInput) {
					t.Errorf("KeyFromMsgpack gives %q, %v", got, err)
				}
			}
		})
	}
	count(t, "times without an offset", naive, 2)
}

func TestReaderVectors(t *testing.T) {
	v := readInteropVectors(t)
	count(t, "accept vectors", len(v.Accept), 6)
	count(t, "reject vectors", len(v.Reject), 1)
	noJSON := map[string]any{
		"reader_non_string_map_key": Pairs{{int64(1), int64(42)}},
		"reader_ext_type":           Extension{1, []byte{42}},
	}
	for _, c := range v.Accept {
		t.Run(c.Name, func(t *testing.T) {
			doc := bytetest.Unhex(t, c.Input)
			if err := Check(doc); err != nil {
				t.Error(err)
			}
			want, ok := noJSON[c.Name]
			if !ok {
				want = mustUntag(t, c.Value)
			}
			if got, err := Parse(doc); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("reads as %#v, %v; want %#v", got, err, want)
			}
		})
	}
	for _, c := range v.Reject {
		t.Run(c.Name, func(t *testing.T) {
			refusedEverywhere(t, bytetest.Unhex(t, c.Input))
		})
	}
}

func TestDecodeBoundsVectors(t *testing.T) {
	var v struct {
		Reject, Accept []struct {
			Name         string
			Input        string `json:"input_hex"`
			Construction struct {
				Repeat string `json:"repeat_hex"`
				Suffix string `json:"suffix_hex"`
				Count  int
			}
		}
	}
	var file struct {
		Reject json.RawMessage `json:"reject_vectors"`
		Accept json.RawMessage `json:"accept_vectors"`
	}
	readVectors(t, "decode-bounds-1.2.0.json", &file)
	if err := errors.Join(json.Unmarshal(file.Reject, &v.Reject), json.Unmarshal(file.Accept, &v.Accept)); err != nil {
		t.Fatal(err)
	}
	count(t, "reject vectors", len(v.Reject), 19)
	count(t, "accept vectors", len(v.Accept), 3)
	for _, c := range v.Reject {
		t.Run(c.Name, func(t *testing.T) {
			built := bytetest.Unhex(t, strings.Repeat(c.Construction.Repeat, c.Construction.Count)+c.Construction.Suffix)
			if doc := bytetest.Unhex(t, c.Input); !bytes.Equal(doc, built) {
				t.Error("the input is not what its construction says")
			}
			refusedEverywhere(t, built)
		})
	}
	for _, c := range v.Accept {
		t.Run(c.Name, func(t *testing.T) {
			doc := bytetest.Unhex(t, c.Input)
			if err := Check(doc); err != nil {
				t.Error(err)
			}
			if _, err := Parse(doc); err != nil {
				t.Error("Parse:", err)
			}
		})
	}
}

// Every CK frame of the file is recognised and refused, whatever is wrong with
// it; what is no such frame is judged as the MessagePack that it is.
func TestPythonFrameVectors(t *testing.T) {
	var v map[string]json.RawMessage
	readVectors(t, "python-frame.json", &v)
	type frame struct {
		Name  string
		Frame string `json:"frame_hex"`
	}
	frames, others := 0, 0
	for set, raw := range v {
		if !strings.HasSuffix(set, "_vectors") {
			continue
		}
		var cases []frame
		if err := json.Unmarshal(raw, &cases); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				b := bytetest.Unhex(t, c.Frame)
				if !bytes.HasPrefix(b, []byte("CK\x03")) {
					others++
					if err := Check(b); errors.Is(err, document.ErrFrame) {
						t.Error("taken for a frame of the Python SDK")
					}
					return
				}
				frames++
				refusedEverywhere(t, b)
				if err := Check(b); !strings.Contains(err.Error(), "Python SDK") {
					t.Errorf("the error does not name the frame: %v", err)
				}
			})
		}
	}
	count(t, "frames", frames, 26)
	count(t, "other inputs", others, 5)
}

// refusedEverywhere proves that no function that takes a document takes b.
func refusedEverywhere(t *testing.T, b []byte) {
	t.Helper()
	_, canonical := Canonical(b)
	_, into := CanonicalInto(make([]byte, 2*len(b)), b)
	_, key := KeyFromMsgpack("t", "op", b)
	_, parse := Parse(b)
	for by, err := range map[string]error{
		"Check": Check(b), "Canonical": canonical, "CanonicalInto": into, "KeyFromMsgpack": key, "Parse": parse,
	} {
		if !errors.Is(err, core.ErrInvalidInput) {
			t.Errorf("%s answers %v", by, err)
		}
	}
}
