package show

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/interop"
)

func shown(t testing.TB, data []byte, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Value(&b, data, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestValues(t *testing.T) {
	for _, test := range []struct{ name, data, what, want string }{
		{"nothing", "", "nothing", ""},
		{"JSON", `{"b":1.50,"a":[true,null,"x\"\u00e9",{}],"e":[]}`, "JSON",
			"  {\n    \"b\": 1.50,\n    \"a\": [\n      true,\n      null,\n      \"x\\\"\\u00e9\",\n      {}\n    ],\n    \"e\": []\n  }\n"},
		{"a JSON string", `"a: b, [c]"`, "JSON", "  \"a: b, [c]\"\n"},
		{"a JSON number", "12.0", "JSON", "  12.0\n"},
		{"a map", "\x82\xa1a\x01\x02\xcb\x40\x00\x00\x00\x00\x00\x00\x00", "MessagePack", "  {\n    \"a\": 1,\n    2: 2.0\n  }\n"},
		{"an array", "\x97\xc0\xc2\xff\xc4\x02\x01\x02\x90\x80\xca\x3f\x80\x00\x00", "MessagePack",
			"  [\n    null,\n    false,\n    -1,\n    h'0102',\n    [],\n    {},\n    1.0\n  ]\n"},
		{"a time", "\xd6\xff\x00\x00\x00\x00", "MessagePack", "  1970-01-01T00:00:00Z\n"},
		{"an extension", "\xd4\x05\xaa", "MessagePack", "  ext(5, h'aa')\n"},
		{"long bytes", "\xc4\x21" + strings.Repeat("\xab", 33), "MessagePack", "  h'" + strings.Repeat("ab", 32) + "..' (33 bytes)\n"},
		{"escapes in MessagePack", "\xa6\x1b[31m\n", "MessagePack", "  \"\\x1b[31m\\n\"\n"},
		{"text", "grüße\tan\r\nalle", "text", "  grüße    an\n  alle\n"},
		{"text with a space that does not break", "prix\u00a0: 3", "text", "  prix\\u00a0: 3\n"},
		{"a text of two lines", "a\nb\n", "text", "  a\n  b\n"},
		{"a carriage return alone", "a\rb\r", "text", "  a\\u000db\\u000d\n"},
		{"one where a piece of a long line ends", strings.Repeat("a", 1023) + "\rb", "text", "  " + strings.Repeat("a", 1023) + "\\u000db\n"},
		{"bytes", "\xff\x00ABC", "bytes", "  00000000: ff00 4142 43                             ..ABC\n"},
	} {
		if got := What([]byte(test.data)); got != test.what {
			t.Errorf("%s: %s, want %s", test.name, got, test.what)
		}
		if got := shown(t, []byte(test.data), Options{Indent: "  "}); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// What nests deeply is not shown as mostly white space.
func TestDeepNesting(t *testing.T) {
	const depth = 5000
	for _, data := range []string{strings.Repeat("[", depth) + strings.Repeat("]", depth), strings.Repeat("\x91", 900) + "\x01"} {
		if text := shown(t, []byte(data), Options{}); len(text) > 100*len(data) {
			t.Errorf("%d bytes are shown by %d", len(data), len(text))
		}
	}
}

// check fails if a terminal would obey anything in text.
func check(t testing.TB, data []byte, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Fatalf("%x: not UTF-8: %q", data, text)
	}
	for _, c := range text {
		if c < ' ' && c != '\n' || c >= 0x7f && c < 0xa0 || c >= 0x200b && c <= 0x200f || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
			t.Fatalf("%x: shows %U: %q", data, c, text)
		}
	}
}

func TestTerminalsObeyNothing(t *testing.T) {
	values := [][]byte{[]byte("\x1b]0;title\a"), []byte("\"\x1b\""), []byte("\"a\u202eb\u200b\x7f\u009b\""), []byte("{\"\u202e\": 1}"), []byte("a\u202eb"), []byte("a\rb")}
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		value := make([]byte, random.IntN(100))
		for i := range value {
			value[i] = byte(random.Uint32())
		}
		document, err := interop.Value(map[string]any{strings.ToValidUTF8(string(value), "\u202e"): value})
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, value, document)
	}
	for _, value := range values {
		check(t, value, shown(t, value, Options{Indent: "> "}))
	}
}

func TestLimit(t *testing.T) {
	numbers, err := interop.Value(make([]int, 100_000))
	if err != nil {
		t.Fatal(err)
	}
	long, err := interop.Value(strings.Repeat("ä", 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"numbers": numbers, "a string": long, "a JSON string": []byte(`"` + strings.Repeat("ä", 1<<20) + `"`), "JSON": []byte("[" + strings.Repeat("1,", 100_000) + "1]"),
		"text": []byte(strings.Repeat("a line\n", 100_000)), "one line": bytes.Repeat([]byte("ä"), 100_000), "bytes": make([]byte, 1<<20),
	} {
		for _, limit := range []int{1, 100, 4096} {
			got := shown(t, data, Options{Limit: limit})
			body, last, found := strings.Cut(got, "\n(cut: ")
			if !found || len(body) > limit+1 || !strings.HasSuffix(last, "shows everything)\n") {
				t.Errorf("%s, %d: %d bytes, ends with %q", name, limit, len(body), got[max(0, len(got)-80):])
			}
			check(t, nil, got)
		}
	}
	if got := shown(t, []byte("hello"), Options{Limit: 5}); got != "hello\n" {
		t.Errorf("within the limit: %q", got)
	}
}

// JSON that nests deeper than package json reads is text.
func TestDeepJSON(t *testing.T) {
	deep := []byte(strings.Repeat("[", 100_000))
	if got := shown(t, deep, Options{Limit: 10}); !strings.HasPrefix(got, "[[[[[[[[[[\n(cut") {
		t.Errorf("%q", got)
	}
	for _, depth := range []int{core.MaxNesting, 9000} {
		shown(t, []byte(strings.Repeat("[", depth)+strings.Repeat("]", depth)), Options{Limit: 1000})
	}
}

func FuzzValue(f *testing.F) {
	for _, text := range []string{"", `{"a":1}`, "\x81\xa1a\x01", "text\n", "\xff\x00", "\xd6\xff\x00\x00\x00\x00"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text := shown(t, data, Options{Limit: 4096, Indent: "  "})
		check(t, data, text)
	})
}
