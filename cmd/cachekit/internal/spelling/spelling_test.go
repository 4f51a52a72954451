package spelling

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// escaped is what redis-cli prints: sdscatrepr in its sources.
func escaped(in []byte) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range in {
		switch {
		case c == '\\' || c == '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\a':
			b.WriteString(`\a`)
		case c == '\b':
			b.WriteString(`\b`)
		case c >= ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func TestWhatWritersSpellIsReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		value := make([]byte, n)
		for i := range value {
			value[i] = byte(random.Uint32())
		}
		digits, code := hex.EncodeToString(value), base64.StdEncoding.EncodeToString(value)
		for _, test := range []struct {
			form Form
			text string
		}{
			{Raw, string(value)},
			{Escapes, escaped(value)}, {Escapes, escaped(value) + "\n"}, {Escapes, "1) " + escaped(value) + "\n"},
			{Hex, digits}, {Hex, strings.ToUpper(digits) + "\n"}, {Hex, "0x" + digits}, {Hex, lines(digits, 60)},
			{Base64, code}, {Base64, lines(code, 76)}, {Base64, strings.TrimRight(code, "=")},
			{Base64, base64.URLEncoding.EncodeToString(value)}, {Base64, base64.RawURLEncoding.EncodeToString(value)},
		} {
			out, err := Decode(test.form, []byte(test.text))
			if err != nil || !bytes.Equal(out, value) {
				t.Fatalf("%s %q: %x, %v; want %x", test.form, test.text, out, err, value)
			}
		}
	}
}

func lines(text string, width int) string {
	var b strings.Builder
	for len(text) > width {
		b.WriteString(text[:width] + "\r\n")
		text = text[width:]
	}
	return b.String() + text + "\n"
}

func TestErrorsTellWhere(t *testing.T) {
	for _, test := range []struct {
		form       Form
		text, want string
	}{
		{Hex, "94c4zz", "byte 4"}, {Hex, " 0x94c4z", "byte 7"}, {Hex, "94c", "3 hexadecimal digits"},
		{Base64, "abc$", "byte 3"}, {Base64, "abcde", "5 digits"}, {Base64, "ab=\nc", "byte 4"}, {Base64, "ab===", "3 bytes"},
		{Escapes, "abc", "byte 0"}, {Escapes, `"abc`, "quote that ends"}, {Escapes, `"a"b"`, "byte 2"},
		{Escapes, `"a\x9"`, "byte 2"}, {Escapes, `"a\xzz"`, "byte 2"}, {Escapes, `"a\q"`, "byte 2"}, {Escapes, `"a\"`, "byte 2"},
		{Escapes, `"`, "quote that ends"}, {Escapes, "", "byte 0"},
	} {
		out, err := Decode(test.form, []byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: %x, %v; want %q", test.form, test.text, out, err, test.want)
		}
	}
}

func TestCandidatesAreInOrder(t *testing.T) {
	for _, test := range []struct {
		text string
		want []Form
	}{
		{"", []Form{Raw}}, {"hello", []Form{Raw}}, {"hello wo", []Form{Raw}},
		{"94c4", []Form{Hex, Raw}}, {"94c412f0\n", []Form{Hex, Raw}}, {"94c", []Form{Raw}},
		{"lMQS8AFoZWxsbw==", []Form{Base64, Raw}}, {"lMQ=", []Form{Raw}},
		{`"\x94\xc4"`, []Form{Escapes, Raw}}, {"\x94\xc4\x12", []Form{Raw}},
	} {
		var got []Form
		for _, c := range Candidates([]byte(test.text)) {
			got = append(got, c.Form)
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%q: %v, want %v", test.text, got, test.want)
		}
	}
}

func TestForms(t *testing.T) {
	for name, want := range map[string]Form{"raw": Raw, "hex": Hex, "base64": Base64, "redis-cli": Escapes} {
		if form, err := ParseForm(name); err != nil || form != want {
			t.Errorf("%s: %v, %v", name, form, err)
		}
	}
	if _, err := ParseForm("auto"); err == nil {
		t.Error("auto is a form")
	}
}

func FuzzCandidates(f *testing.F) {
	for _, text := range []string{"", "94c4", `"\x94"`, "lMQS8AFoZWxsbw==", `1) "a"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		all := Candidates(in)
		if last := all[len(all)-1]; last.Form != Raw || !bytes.Equal(last.Bytes, in) {
			t.Fatalf("the last is %v", last)
		}
		for _, c := range all {
			if len(c.Bytes) > len(in) {
				t.Errorf("%s: %d bytes of %d", c.Form, len(c.Bytes), len(in))
			}
		}
	})
}
