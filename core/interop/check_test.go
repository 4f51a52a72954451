package interop

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

func TestCheckTakesExactlyOneDocument(t *testing.T) {
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"nil":                         {"\xc0", nil},
		"one byte that starts CK":     {"C", nil},
		"extension":                   {"\xc7\x00\x05", nil},
		"NaN":                         {"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", nil},
		"a key twice":                 {"\x82\xa1a\x01\xa1a\x02", nil},
		"a map as a key":              {"\x81\x81\x01\x02\x03", nil},
		"a string that is not UTF-8":  {"\xa1\xff", nil},
		"nothing":                     {"", errMalformed},
		"reserved byte":               {"\xc1", errMalformed},
		"reserved byte inside":        {"\x92\xc0\xc1", errMalformed},
		"half a number":               {"\xcd\x01", errMalformed},
		"half a string":               {"\xa2a", errOverclaim},
		"half an extension":           {"\xd8\x05abc", errOverclaim},
		"extension without a type":    {"\xd4", errMalformed},
		"map without a value":         {"\x81\xa1a", errOverclaim},
		"string in another's bytes":   {"\x92\xa2ab", errOverclaim},
		"items that later claims use": {"\x93\x92\xc0\xc0\xc0", errOverclaim},
		"trailing byte":               {"\xc0\xc0", errTrailing},
		"trailing padding":            {"\x90\x00\x00", errTrailing},
		"frame of the Python SDK":     {"CK\x03\x00\x00\x00\x02{}", errFrame},
		"its first three bytes":       {"CK\x03", errFrame},
		"another version of it":       {"CK\x04\x00\x00\x00\x02{}", errTrailing},
	} {
		err := Check([]byte(c.doc))
		if err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if c.want != nil && !errors.Is(err, core.ErrInvalidInput) {
			t.Errorf("%s: not invalid input", name)
		}
		if _, parseErr := Parse([]byte(c.doc)); parseErr != err {
			t.Errorf("%s: Parse answers %v", name, parseErr)
		}
	}
}

func TestNestingEndsAtTheLimit(t *testing.T) {
	for _, container := range []string{"\x91", "\x81\xa0", "\xdd\x00\x00\x00\x01", "\xdf\x00\x00\x00\x01\xa0"} {
		for _, innermost := range []string{"\xc0", "\x90", "\x80"} {
			levels := core.MaxNesting
			if innermost != "\xc0" {
				levels-- // the innermost is a level too
			}
			doc := []byte(strings.Repeat(container, levels) + innermost)
			if err := Check(doc); err != nil {
				t.Errorf("% x %d times around % x: %v", container, levels, innermost, err)
			}
			if _, err := Canonical(doc); err != nil {
				t.Errorf("% x %d times around % x: Canonical: %v", container, levels, innermost, err)
			}
			deeper := append([]byte(container), doc...)
			if err := Check(deeper); err != errTooDeep {
				t.Errorf("% x %d times around % x: %v", container, levels+1, innermost, err)
			}
			refusedEverywhere(t, deeper)
		}
	}
}

func TestKeysCanNestToo(t *testing.T) {
	doc := []byte(strings.Repeat("\x81", core.MaxNesting+1) + "\xc0" + strings.Repeat("\xc0", core.MaxNesting+1))
	if err := Check(doc); err != errTooDeep {
		t.Errorf("a map as key of a map, %d deep: %v", core.MaxNesting+1, err)
	}
	if err := Check(doc[1 : len(doc)-1]); err != nil {
		t.Errorf("a map as key of a map, %d deep: %v", core.MaxNesting, err)
	}
}

func TestDocumentsAboveTheLimitAreTooLarge(t *testing.T) {
	doc := make([]byte, core.MaxPayloadSize+1) // zero pages that nothing touches
	_, canonical := Canonical(doc)
	_, encode := EncodeCanonical(nil, doc)
	_, key := KeyFromMsgpack("t", "op", doc)
	_, parse := Parse(doc)
	_, fromGo := Value(doc)
	_, fromGoString := Key("t", "op", doc)
	for by, err := range map[string]error{
		"Check": Check(doc), "Canonical": canonical, "EncodeCanonical": encode, "KeyFromMsgpack": key,
		"Parse": parse, "Value": fromGo, "Key": fromGoString,
	} {
		if !errors.Is(err, core.ErrInputTooLarge) {
			t.Errorf("%s answers %v", by, err)
		}
	}
	if err := Check(doc[:core.MaxPayloadSize]); err != errTrailing {
		t.Errorf("at the limit: %v", err)
	}
}

// Claims around 2^31 and 2^32, where what a smaller integer makes of them is
// negative, nothing or little.
func TestClaimsThatIntegersCannotHold(t *testing.T) {
	for _, claim := range []uint32{1<<31 - 1, 1 << 31, 1<<31 + 1, 1<<31 + 2, 1<<32 - 1} {
		for _, first := range []byte{0xc6, 0xc9, 0xdb, 0xdd, 0xdf} { // bin, extension, string, array, map
			doc := append(binary.BigEndian.AppendUint32([]byte{first}, claim), "\xa1a\xa1b\xa1c\xa1d"...)
			refusedEverywhere(t, doc)
			refusedEverywhere(t, doc[:5])
			refusedEverywhere(t, append([]byte("\x91"), doc...))
			refusedEverywhere(t, append([]byte("\x92\x81\xa1a"), doc...))
		}
	}
}

// What a document claims costs nothing: neither a refusal nor an acceptance
// allocates.
func TestCheckAllocatesNothing(t *testing.T) {
	for name, doc := range map[string][]byte{
		"4 Gi items":        []byte("\xdd\xff\xff\xff\xff"),
		"8 Gi items":        []byte("\xdf\xff\xff\xff\xff"),
		"4 GiB string":      []byte("\xdb\xff\xff\xff\xffabc"),
		"nested too deep":   bytes.Repeat([]byte("\xdc\x07\xd0"), 2048),
		"a good document":   []byte("\x82\xa3age\x1e\xa4name\xa5alice"),
		"a Python frame":    []byte("CK\x03\x00\x00\x00\x02{}"),
		"64 Ki small items": append([]byte("\xdd\x00\x01\x00\x00"), make([]byte, 1<<16)...),
	} {
		if n := testing.AllocsPerRun(20, func() { _ = Check(doc) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
