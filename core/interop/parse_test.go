package interop

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
)

func TestParse(t *testing.T) {
	for doc, want := range map[string]any{
		"\xc0":                                 nil,
		"\x92\xc2\xc3":                         []any{false, true},
		"\x7f":                                 int64(127),
		"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff": int64(math.MaxInt64),
		"\xcf\x80\x00\x00\x00\x00\x00\x00\x00": uint64(1 << 63),
		"\xd3\x80\x00\x00\x00\x00\x00\x00\x00": int64(math.MinInt64),
		"\xca\xff\x80\x00\x00":                 math.Inf(-1),
		"\xa1\xff":                             "\xff",
		"\xc4\x00":                             []byte{},
		"\x90":                                 []any{},
		"\x80":                                 map[string]any{},
		"\xc7\x00\xfe":                         Extension{-2, []byte{}},
		"\x82\xa1a\x01\xa1b\xc0":               map[string]any{"a": int64(1), "b": nil},
		"\x82\xa1a\x01\xa1a\x02":               Pairs{{"a", int64(1)}, {"a", int64(2)}},
		"\x82\xa1a\x01\xc4\x01a\x02":           Pairs{{"a", int64(1)}, {[]byte("a"), int64(2)}},
		"\x81\x90\x80":                         Pairs{{[]any{}, map[string]any{}}},
		"\x81\xa1a\x81\x01\x02":                map[string]any{"a": Pairs{{int64(1), int64(2)}}},
	} {
		if got, err := Parse([]byte(doc)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("% x reads as %#v, %v; want %#v", doc, got, err, want)
		}
	}
}

// A map with a long key comes as Pairs; one with keys of that size and below as a map.
func TestParseOfLongKeys(t *testing.T) {
	for n, want := range map[int]string{maxMapKey: "map[string]interface {}", maxMapKey + 1: "interop.Pairs"} {
		doc, err := Value(map[string]any{strings.Repeat("k", n): 1, "a": Extension{}.Data})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(doc)
		if typ := fmt.Sprintf("%T", got); err != nil || typ != want {
			t.Errorf("a key of %d bytes gives %s, %v, not %s", n, typ, err, want)
		}
	}
}

func TestParsedValuesAreCopies(t *testing.T) {
	doc := []byte("\x94\xa5hello\xc4\x05hello\xd6\x01hell\x81\xa5hello\xc0")
	v, err := Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	clear(doc)
	want := []any{"hello", []byte("hello"), Extension{1, []byte("hell")}, map[string]any{"hello": nil}}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("changes with the document: %#v", v)
	}
}

// A document of a few bytes cannot make the reader take memory for what it
// claims, and equal keys at every level do not multiply the work.
func TestParseTakesMemoryForWhatIsThere(t *testing.T) {
	for name, doc := range map[string]string{
		"4 Gi items":        "\xdd\xff\xff\xff\xff",
		"8 Gi items":        "\xdf\xff\xff\xff\xff",
		"within 4 Gi items": "\x91\xdd\xff\xff\xff\xff\x90",
	} {
		if n := bytetest.Allocated(func() { _, _ = Parse([]byte(doc)) }); n > bytetest.ErrorSize {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
	}
	pairs := strings.Repeat("\x82\x01\xc0\x01", 99) + "\xc0"
	if _, err := Parse([]byte(pairs)); err != nil {
		t.Error(err)
	}
}

// What Parse says of its memory, for the documents that take most.
func TestParseTakesMemoryInProportion(t *testing.T) {
	const count = 10000
	for name, item := range map[string]string{
		"maps of one pair":   "\x81\xa0\xc0",
		"maps in maps":       strings.Repeat("\x81\xa0", 90) + "\xc0",
		"maps of two pairs":  "\x82\xa0\xc0\xa1a\xc0",
		"maps that repeat":   "\x82\xa0\xc0\xa0\xc0",
		"empty maps":         "\x80",
		"empty arrays":       "\x90",
		"arrays of an array": "\x91\x90",
		"extensions":         "\xd4\x00\x00",
		"nil":                "\xc0",
	} {
		doc := []byte("\xdc\x27\x10" + strings.Repeat(item, count))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(doc)
		runtime.ReadMemStats(&after)
		if n := int(after.TotalAlloc - before.TotalAlloc); n > 190*len(doc) || err != nil {
			t.Errorf("%s: %d bytes for a document of %d, %v", name, n, len(doc), err)
		}
	}
}

// Whoever shares the memory of a document may write to it between the check and the
// use: that gives an error or anything, but no panic, no endless recursion and no
// memory without end.
func TestADocumentThatChangesWhileItIsParsed(t *testing.T) {
	parse := func(doc []byte) error { // as if it had been accepted
		p := parser{doc: doc, owed: 1}
		_, err := p.next(0)
		return err
	}
	for doc, want := range map[string]error{
		strings.Repeat("\x91", 1<<20):                    document.ErrTooDeep,
		strings.Repeat("\x81\xa0", 1<<20):                document.ErrTooDeep,
		strings.Repeat("\xdf\xff\xff\xff\xff", 10):       document.ErrOverclaim,
		"\x91" + strings.Repeat("\x82\xa1b\xc0\xa1a", 9): document.ErrMalformed,
		"\xdd\xff\xff\xff\xff":                           document.ErrOverclaim,
		"\xdb\xff\xff\xff\xff":                           document.ErrOverclaim,
		"\xc6\xff\xff\xff\xff":                           document.ErrOverclaim,
		"\xd4\x01":                                       document.ErrOverclaim, "\x82\xc6\x00": document.ErrOverclaim, "\x82": document.ErrOverclaim,
		"": document.ErrMalformed, "\xc1": document.ErrMalformed, "\x91\xc1": document.ErrMalformed,
	} {
		if err := parse([]byte(doc)); !errors.Is(err, want) {
			t.Errorf("%.20x: %v, want %v", doc, err, want)
		}
	}
	rng := rand.New(rand.NewPCG(4, 9))
	refused := 0
	for range 600 {
		doc := documenttest.Loosen(rng, documenttest.Canonical(documenttest.Value(rng, 4)))
		for range 1 + rng.IntN(4) {
			doc[rng.IntN(len(doc))] = []byte{0x82, 0xdf, 0x93, 0xc6, 0xa3, byte(rng.Uint32())}[rng.IntN(6)]
		}
		if parse(doc) != nil {
			refused++
		}
	}
	if refused < 100 {
		t.Errorf("only %d documents were spoilt", refused)
	}

	var claims []byte
	for range 99 {
		claims = append(claims, 0xdd, 0, 0, 0xf0, 0)
	}
	claims = append(claims, make([]byte, 64<<10)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := parse(claims); !errors.Is(err, document.ErrOverclaim) {
		t.Errorf("claims that add up: %v", err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("%d bytes for a document of %d", n, len(claims))
	}
}
