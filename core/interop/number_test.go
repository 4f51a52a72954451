package interop

import (
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/document"
)

// otherNumber is the Number of another JSON package.
type otherNumber string

func (n otherNumber) Int64() (int64, error)     { return 0, nil }
func (n otherNumber) Float64() (float64, error) { return 0, nil }

func TestJSONNumbers(t *testing.T) {
	for text, want := range map[string]any{
		"0": 0, "-0": 0, "1": 1, "-1": -1, "42": 42,
		"9007199254740993":     int64(9007199254740993), // no float64
		"9223372036854775807":  int64(math.MaxInt64),
		"9223372036854775808":  uint64(1 << 63),
		"18446744073709551615": uint64(math.MaxUint64),
		"-9223372036854775808": int64(math.MinInt64),

		"1.0": 1.0, "-0.0": math.Copysign(0, -1), "0.1": 0.1, "1e2": 100.0, "1E+2": 100.0, "12.5e-1": 1.25, "-1.5": -1.5,
		"1e0": 1.0, "0e5": 0.0, "1e-400": 0.0, "5e-324": 5e-324, "1.7976931348623157e308": math.MaxFloat64,
		"18446744073709551616.0": 0x1p64, "9007199254740993.0": 0x1p53, // the nearest, to even
		"0.1000000000000000055511151231257827021181583404541015625": 0.1,
	} {
		n := json.Number(text)
		for name, pair := range map[string][2]any{
			"by itself":       {n, want},
			"of another kind": {otherNumber(text), want},
			"pointer":         {&n, want},
			"map":             {map[string]any{"a": n}, map[string]any{"a": want}},
			"typed map":       {map[string]json.Number{"a": n}, map[string]any{"a": want}},
			"slice":           {[]any{"x", n}, []any{"x", want}},
			"typed slice":     {[]json.Number{n}, []any{want}},
			"array":           {[1]*json.Number{&n}, []any{want}},
			"as a map key":    {map[json.Number]any{n: n}, map[string]any{text: want}},
			"any map key":     {map[any]any{n: n}, map[string]any{text: want}},
		} {
			got, err := Value(pair[0])
			expected, _ := Value(pair[1])
			if err != nil || string(got) != string(expected) {
				t.Errorf("%s, %s: % x, %v; want % x", text, name, got, err, expected)
			}
			key, err := Key("t", "op", pair[0])
			expectedKey, _ := Key("t", "op", pair[1])
			if err != nil || key != expectedKey {
				t.Errorf("%s, %s: key %s, %v; want %s", text, name, key, err, expectedKey)
			}
		}
		if got := args(t, Set{n, n, want}); got[0] != 0x91 {
			t.Errorf("%s: a set of equal elements is % x", text, got)
		}
		if got, expected := args(t, map[json.Number]struct{}{n: {}}), args(t, Set{want}); got != expected {
			t.Errorf("%s: a set as a map is % x, want % x", text, got, expected)
		}
	}
}

func TestJSONNumbersThatAreRefused(t *testing.T) {
	for want, texts := range map[error][]string{
		errInteger: {"18446744073709551616", "-9223372036854775809", "1" + strings.Repeat("0", 400)},
		document.ErrNotFinite: {"1e400", "-1e400", "1.7976931348623159e308", "1e99999999999999999999",
			strings.Repeat("9", 400) + ".0"},
		errNumber: {"", " ", "-", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1.e2", "1e", "1e+", "1e2.5", "1 ", " 1", "1\n",
			"0x10", "0b1", "0o7", "1_000", "Inf", "-Infinity", "NaN", "nan", "null", "one", "1,5", "--1", "1-", "1.5.5", "1e5e5",
			"\u0661", "1\x00", "\"1\"", "0x1p4"},
	} {
		for _, text := range texts {
			for name, v := range map[string]any{
				"number": json.Number(text), "other": otherNumber(text), "inside": []any{map[string]any{"a": json.Number(text)}},
			} {
				_, value := Value(v)
				_, key := Key("t", "op", v)
				if !errors.Is(value, want) || !errors.Is(key, want) || !errors.Is(want, core.ErrInvalidInput) {
					t.Errorf("%s %q: Value answers %v, Key %v, want %v", name, text, value, key, want)
				}
			}
		}
	}
}

// What a decoder makes of JSON is what the document is made of.
func TestDecodedJSON(t *testing.T) {
	d := json.NewDecoder(strings.NewReader(`{"id": 9007199254740993, "price": 2.50, "tags": ["1", 1, 1.0], "none": null}`))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	got, err := Value(v)
	want, _ := Value(map[string]any{"id": int64(9007199254740993), "price": 2.5, "tags": []any{"1", 1, 1.0}, "none": nil})
	if err != nil || string(got) != string(want) {
		t.Errorf("% x, %v; want % x", got, err, want)
	}
}

// Types of the standard library that are more than the kind that they are made of.
func TestStandardTypes(t *testing.T) {
	for name, c := range map[string]struct {
		v    any
		want any // what is the same, or an error
	}{
		"time.Duration": {1500 * time.Millisecond, 1_500_000_000},
		"time.Month":    {time.May, 5},
		"slog.Level":    {slog.LevelWarn, 4},
		"sql.RawBytes":  {sql.RawBytes("x"), []byte("x")},
		"net.HardwareAddr": {net.HardwareAddr{1, 2, 3, 4, 5, 6},
			[]byte{1, 2, 3, 4, 5, 6}},

		"json.RawMessage":          {json.RawMessage("1"), errOwnForm},
		"json.RawMessage, pointer": {new(json.RawMessage), errOwnForm},
		"json.RawMessage, inside":  {map[string]json.RawMessage{"a": nil}, errOwnForm},
		"net.IP":                   {net.IPv4(1, 2, 3, 4), errOwnForm},
		"big.Float":                {big.NewFloat(1), errType},
		"big.Rat":                  {big.NewRat(1, 2), errType},
		"netip.Addr":               {netip.MustParseAddr("1.2.3.4"), errType},
		"netip.Prefix":             {netip.MustParsePrefix("1.2.3.0/24"), errType},
		"sql.NullString":           {sql.NullString{String: "x", Valid: true}, errType},
		"sql.NullInt64":            {sql.NullInt64{Int64: 1, Valid: true}, errType},
		"sql.Null":                 {sql.Null[int]{V: 1, Valid: true}, errType},
		"sql.NullTime":             {sql.NullTime{}, errType},
		"error":                    {errors.New("x"), errType},
		"Pairs":                    {Pairs{{"a", 1}}, errType},
		"Pairs, none":              {Pairs{}, errType},
		"Extension":                {Extension{1, []byte("x")}, errType},
	} {
		got, err := Value(c.v)
		_, keyErr := Key("t", "op", c.v)
		if refusal, ok := c.want.(error); ok {
			if !errors.Is(err, refusal) || !errors.Is(keyErr, refusal) || !errors.Is(err, core.ErrInvalidInput) {
				t.Errorf("%s: Value answers %v, Key %v, want %v", name, err, keyErr, refusal)
			}
			continue
		}
		want, _ := Value(c.want)
		if err != nil || keyErr != nil || string(got) != string(want) {
			t.Errorf("%s: % x, %v, %v; want % x", name, got, err, keyErr, want)
		}
	}
}
