package tagged

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// The published vectors spell their arguments and values in this way.
func TestVectors(t *testing.T) {
	var f struct {
		Keys []struct {
			Name, Namespace, Operation string
			Args                       json.RawMessage
			Key                        string `json:"expected_key"`
		} `json:"key_vectors"`
		Values []struct {
			Name  string
			Value json.RawMessage
			Hex   string `json:"canonical_msgpack_hex"`
		} `json:"value_vectors"`
	}
	if err := json.Unmarshal(need.Vectors(t, "cachekit/interop-mode-1.3.0.json"), &f); err != nil {
		t.Fatal(err)
	}
	need.Count(t, "keys", len(f.Keys), 44)
	need.Count(t, "values", len(f.Values), 6)
	for _, v := range f.Keys {
		args, err := Parse(v.Args)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		key, err := interop.Key(v.Namespace, v.Operation, args.([]any)...)
		if err != nil || key != v.Key {
			t.Errorf("%s: %s, %v; want %s", v.Name, key, err, v.Key)
		}
	}
	for _, v := range f.Values {
		value, err := Parse(v.Value)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		document, err := interop.Value(value)
		if err != nil || hex.EncodeToString(document) != v.Hex {
			t.Errorf("%s: %x, %v; want %s", v.Name, document, err, v.Hex)
		}
	}
}

func TestErrorsSayWhereAndShowNothing(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{"secret"`, "ends too early"},
		{`{"secret" 1}`, "at byte 11"},
		{`[1] secret`, "at byte"},
		{`[1] [2]`, "at byte"},
		{`{"$bytes":"secret"}`, "$bytes"},
		{`{"$bytes":1}`, "in quotes"},
		{`{"$set":1}`, "$set"},
		{`{"$datetime":"secret"}`, "$datetime"},
		{`{"$datetime":"2026-01-31T12:00:00"}`, "offset"},
		{`{"$uuid":"secret"}`, ""},
		{`{"$float":"secret"}`, "$float"},
		{`{"$int":"secret"}`, "$int"},
		{`{"$secret":"x"}`, "one of"},
		{`[{"a":[{"$int":"1.5"}]}]`, "$int"},
	} {
		_, err := Parse([]byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", test.text, err, test.want)
		}
	}
}

// What package json would change without a word is refused.
func TestWhatWouldBeChanged(t *testing.T) {
	for text, want := range map[string]string{
		"[\"a\xff\"]": "not UTF-8, at byte 3", `["\ud800"]`: "surrogate pair, which is no character, at byte 2", `["\udc00\ud800"]`: "at byte 2",
		`["\ud800x"]`: "at byte 2", `["ok\n\\","\ud83d\u0041"]`: "at byte 11", `{"a":1,"b":{"a":2,"c":[{"d":1,"d":2}]}}`: "twice", `{"a":1,"a":1}`: "twice",
	} {
		if value, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", text, value, err, want)
		}
	}
	for _, text := range []string{`["\ud83d\ude00","\ufffd","\\ud800"]`, `{"a":{"a":1},"b":[{"a":1},{"a":1}]}`, "[\"\ufffd\"]"} {
		if _, err := Parse([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if value, err := Parse([]byte(strings.Repeat("[", 1_000_000))); err == nil {
		t.Errorf("a million arrays: %v", value)
	}
}
