package lz4block

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRegistersAreCleared looks at the assembly, since between a kernel and a
// test there is Go code, whose copies use vector registers: before each return
// stands the clearing of all of them that the function uses.
func TestRegistersAreCleared(t *testing.T) {
	text, err := os.ReadFile("lz4_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	functions := strings.Split(string(text), "\nTEXT ·")[1:]
	if len(functions) != 7 {
		t.Errorf("%d functions, want 7", len(functions))
	}
	used := regexp.MustCompile(`\bX\d+\b`)
	for _, f := range functions {
		name, body, _ := strings.Cut(f, "(SB)")
		parts := strings.Split(body, "\tRET\n")
		if len(parts) < 2 {
			t.Errorf("%s does not return", name)
		}
		for _, before := range parts[:len(parts)-1] {
			lines := strings.Split(strings.TrimSpace(before), "\n")
			var cleared []string
			for i := len(lines) - 1; i >= 0; i-- {
				f := strings.Fields(strings.ReplaceAll(lines[i], ",", ""))
				if len(f) != 3 || f[1] != f[2] || f[0] != "PXOR" && f[0] != "XORL" {
					break
				}
				cleared = append(cleared, f[1])
			}
			for _, x := range used.FindAllString(body, -1) {
				if !slices.Contains(cleared, x) {
					t.Fatalf("%s returns without clearing %s", name, x)
				}
			}
		}
	}
}
