package document

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
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
		"nothing":                     {"", ErrMalformed},
		"reserved byte":               {"\xc1", ErrMalformed},
		"reserved byte inside":        {"\x92\xc0\xc1", ErrMalformed},
		"half a number":               {"\xcd\x01", ErrMalformed},
		"half a string":               {"\xa2a", ErrOverclaim},
		"half an extension":           {"\xd8\x05abc", ErrOverclaim},
		"extension without a type":    {"\xd4", ErrMalformed},
		"map without a value":         {"\x81\xa1a", ErrOverclaim},
		"string in another's bytes":   {"\x92\xa2ab", ErrOverclaim},
		"items that later claims use": {"\x93\x92\xc0\xc0\xc0", ErrOverclaim},
		"trailing byte":               {"\xc0\xc0", ErrTrailing},
		"trailing padding":            {"\x90\x00\x00", ErrTrailing},
		"frame of the Python SDK":     {"CK\x03\x00\x00\x00\x02{}", ErrFrame},
		"its first three bytes":       {"CK\x03", ErrFrame},
		"another version of it":       {"CK\x04\x00\x00\x00\x02{}", ErrTrailing},
	} {
		if c.want != nil {
			refusedEverywhere(t, name, []byte(c.doc), c.want)
		} else if err := Check([]byte(c.doc)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNestingEndsAtTheLimit(t *testing.T) {
	for _, container := range []string{"\x91", "\x81\xa0", "\xdd\x00\x00\x00\x01", "\xdf\x00\x00\x00\x01\xa0"} {
		for _, innermost := range []string{"\xc0", "\x90", "\x80"} {
			levels := limits.MaxNesting
			if innermost != "\xc0" {
				levels-- // the innermost is a level too
			}
			doc := []byte(strings.Repeat(container, levels) + innermost)
			if err := Check(doc); err != nil {
				t.Errorf("% x %d times around % x: %v", container, levels, innermost, err)
			}
			if _, err := canonical(doc); err != nil {
				t.Errorf("% x %d times around % x: Canonical: %v", container, levels, innermost, err)
			}
			deeper := append([]byte(container), doc...)
			refusedEverywhere(t, fmt.Sprintf("% x %d times around % x", container, levels+1, innermost), deeper, ErrTooDeep)
		}
	}
}

func TestKeysCanNestToo(t *testing.T) {
	doc := []byte(strings.Repeat("\x81", limits.MaxNesting+1) + "\xc0" + strings.Repeat("\xc0", limits.MaxNesting+1))
	if err := Check(doc); !errors.Is(err, ErrTooDeep) {
		t.Errorf("a map as key of a map, %d deep: %v", limits.MaxNesting+1, err)
	}
	if err := Check(doc[1 : len(doc)-1]); err != nil {
		t.Errorf("a map as key of a map, %d deep: %v", limits.MaxNesting, err)
	}
}

func TestDocumentsAboveTheLimitAreTooLarge(t *testing.T) {
	doc := make([]byte, limits.MaxPayloadSize+1) // zero pages that nothing touches
	_, canonicalErr := canonical(doc)
	_, keyErr := keyOf(doc)
	for by, err := range map[string]error{"Check": Check(doc), "Canonical": canonicalErr, "AppendKeyFromMsgpack": keyErr} {
		if !errors.Is(err, codes.InputTooLarge) {
			t.Errorf("%s answers %v", by, err)
		}
	}
	if err := Check(doc[:limits.MaxPayloadSize]); !errors.Is(err, ErrTrailing) {
		t.Errorf("at the limit: %v", err)
	}
}

// What counts is the document and its canonical form, in which a float32 grows.
func TestFormsAboveTheLimitAreTooLarge(t *testing.T) {
	const head, float32Size, growth = 1 + 5, 5, 4
	for _, c := range []struct {
		size int
		want error
	}{{limits.MaxPayloadSize - growth, nil}, {limits.MaxPayloadSize - growth + 1, codes.InputTooLarge}, {limits.MaxPayloadSize, codes.InputTooLarge}} {
		doc := make([]byte, c.size) // zero pages that nothing touches
		copy(doc, "\x92\xc6")
		binary.BigEndian.PutUint32(doc[2:], uint32(c.size-head-float32Size))
		copy(doc[c.size-float32Size:], "\xca\x3f\xc0\x00\x00")
		for _, p := range []Profile{Values, Arguments} {
			if s, err := Scan(doc, p); !errors.Is(err, c.want) || err == nil && s.size != limits.MaxPayloadSize {
				t.Errorf("%d bytes, profile %d: a form of %d, %v, want %v", c.size, p, s.size, err, c.want)
			}
		}
		if err := Check(doc); err != nil {
			t.Errorf("%d bytes: a reader answers %v", c.size, err)
		}
	}
}

// Claims around 2^31 and 2^32, where what a smaller integer makes of them is
// negative, nothing or little.
func TestClaimsThatIntegersCannotHold(t *testing.T) {
	for _, claim := range []uint32{1<<31 - 1, 1 << 31, 1<<31 + 1, 1<<31 + 2, 1<<32 - 1} {
		for _, first := range []byte{0xc6, 0xc9, 0xdb, 0xdd, 0xdf} { // bin, extension, string, array, map
			doc := append(binary.BigEndian.AppendUint32([]byte{first}, claim), "\xa1a\xa1b\xa1c\xa1d"...)
			for _, doc := range [][]byte{doc, doc[:5], append([]byte("\x91"), doc...), append([]byte("\x92\x81\xa1a"), doc...)} {
				refusedEverywhere(t, fmt.Sprintf("% x", doc), doc, nil)
			}
		}
	}
}

// What a document claims costs nothing: an acceptance allocates nothing, and a refusal
// no more than its error.
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
		var err error
		n := bytetest.Allocated(func() { err = Check(doc) })
		if err == nil && n > 0 || n > bytetest.ErrorSize {
			t.Errorf("%s: %d bytes allocated, %v", name, n, err)
		}
	}
}
