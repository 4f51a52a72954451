package setting

import (
	"strings"
	"testing"
)

func TestUnknownValuesAreNamed(t *testing.T) {
	for value, want := range map[string]string{
		"":         "",
		"a":        "",
		"b":        "",
		"A":        "V=A is unknown",
		"a ":       "V=a  is unknown",
		"ab":       "V=ab is unknown",
		"\x1b[2J~": "V=?[2J~ is unknown",
		"\x7f\n\t": "V=??? is unknown",
		"ü":        "V=?? is unknown",

		strings.Repeat("x", 32):       "V=" + strings.Repeat("x", 32) + " is unknown",
		strings.Repeat("x", 33):       "V=" + strings.Repeat("x", 32) + " is unknown",
		strings.Repeat("\xff", 1<<16): "V=" + strings.Repeat("?", 32) + " is unknown",
	} {
		t.Setenv("V", value)
		if got, warning := Read("V", "a", "b"); got != value || warning != want {
			t.Errorf("%.40q: %.40q, %q; want %q", value, got, warning, want)
		}
	}
	if value, warning := Read("V_NOT_SET", "a"); value != "" || warning != "" {
		t.Errorf("not set: %q, %q", value, warning)
	}
}
