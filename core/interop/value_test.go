package interop

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/document"
)

type (
	myString string
	myInt    int16
	myBytes  []byte
	myByte   byte
	myMap    map[myString]myInt

	googleUUID [16]byte // the shape of github.com/google/uuid.UUID
	shouting   [16]byte
	md5Sum     [16]byte
)

func (u googleUUID) String() string { return UUID(u).String() }
func (u shouting) String() string   { return strings.ToUpper(UUID(u).String()) }
func (u md5Sum) String() string     { return hex.EncodeToString(u[:]) }

func TestGoTypes(t *testing.T) {
	seven, text := 7, "x"
	nothing, pointer := (*int)(nil), &seven
	var inside any = &text
	for name, c := range map[string]struct {
		v    any
		want string
	}{
		"int8":                    {int8(-1), "\xff"},
		"int16":                   {int16(300), "\xcd\x01\x2c"},
		"int32":                   {int32(-40), "\xd0\xd8"},
		"uint":                    {uint(200), "\xcc\xc8"},
		"uint8":                   {byte(7), "\x07"},
		"uint16":                  {uint16(7), "\x07"},
		"uint32":                  {uint32(7), "\x07"},
		"uint64":                  {uint64(math.MaxUint64), "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"},
		"float32":                 {float32(1.5), "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"},
		"big.Int":                 {*big.NewInt(-1), "\xff"},
		"*big.Int":                {new(big.Int).SetUint64(math.MaxUint64), "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"},
		"nil *big.Int":            {(*big.Int)(nil), "\xc0"},
		"named string":            {myString("x"), "\xa1x"},
		"named int":               {myInt(7), "\x07"},
		"named bytes":             {myBytes("x"), "\xc4\x01x"},
		"named map":               {myMap{"b": 2, "a": 1}, "\x82\xa1a\x01\xa1b\x02"},
		"array of bytes":          {[2]byte{1, 2}, "\xc4\x02\x01\x02"},
		"16 bytes":                {[16]byte{}, "\xc4\x10" + strings.Repeat("\x00", 16)},
		"16 bytes, other text":    {md5Sum{}, "\xc4\x10" + strings.Repeat("\x00", 16)},
		"array of named bytes":    {[2]myByte{1, 2}, "\xc4\x02\x01\x02"},
		"slice of named bytes":    {[]myByte{1, 2}, "\xc4\x02\x01\x02"},
		"array":                   {[2]string{"x", "y"}, "\x92\xa1x\xa1y"},
		"[]int":                   {[]int{1, 2}, "\x92\x01\x02"},
		"[]string":                {[]string{"x"}, "\x91\xa1x"},
		"slice of slices":         {[][]bool{{true}, nil}, "\x92\x91\xc3\x90"},
		"nil slice":               {[]any(nil), "\x90"},
		"nil slice of ints":       {[]int(nil), "\x90"},
		"nil bytes":               {[]byte(nil), "\xc4\x00"},
		"nil map":                 {map[string]any(nil), "\x80"},
		"map with any keys":       {map[any]any{"a": nil}, "\x81\xa1a\xc0"},
		"pointer":                 {pointer, "\x07"},
		"pointer to a pointer":    {&pointer, "\x07"},
		"nil pointer":             {nothing, "\xc0"},
		"pointer in an interface": {&inside, "\xa1x"},
		"pointers in a slice":     {[]*int{pointer, nil}, "\x92\x07\xc0"},
		"nil interface in a map":  {map[string]error{"a": nil}, "\x81\xa1a\xc0"},
		"duration":                {time.Nanosecond, "\x01"},
	} {
		got, err := Value(c.v)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: % x, %v; want % x", name, got, err, c.want)
		}
		key, err1 := Key("t", "op", c.v)
		fromDoc, err2 := KeyFromMsgpack("t", "op", []byte("\x91"+c.want))
		if key != fromDoc || err1 != nil || err2 != nil {
			t.Errorf("%s, as an argument: %q, %v and %q, %v", name, key, err1, fromDoc, err2)
		}
	}
}

func TestGoTypesThatAreRefused(t *testing.T) {
	huge := new(big.Int).Lsh(big.NewInt(1), 64)
	type open struct{ A int }
	for name, c := range map[string]struct {
		v    any
		want error
	}{
		"struct":               {open{1}, errType},
		"pointer to a struct":  {&open{1}, errType},
		"channel":              {make(chan int), errType},
		"function":             {func() {}, errType},
		"nil function":         {(func())(nil), errType},
		"complex":              {1i, errType},
		"uintptr":              {uintptr(1), errType},
		"struct in a map":      {map[string]open{"a": {1}}, errType},
		"int keys":             {map[int]string{1: "x"}, document.ErrMapKey},
		"int among any keys":   {map[any]any{1: "x"}, document.ErrMapKey},
		"nil among any keys":   {map[any]any{nil: "x"}, document.ErrMapKey},
		"equal keys":           {map[any]any{"a": 1, myString("a"): 1}, document.ErrDuplicate},
		"2^64":                 {huge, errInteger},
		"-2^63-1":              {new(big.Int).Sub(big.NewInt(math.MinInt64), big.NewInt(1)), errInteger},
		"below -2^63":          {new(big.Int).Neg(huge), errInteger},
		"NaN":                  {math.NaN(), document.ErrNotFinite},
		"infinity in a slice":  {[]float32{float32(math.Inf(1))}, document.ErrNotFinite},
		"not UTF-8":            {"\xff", document.ErrUTF8},
		"key that is no UTF-8": {map[string]any{"\xff": 1}, document.ErrUTF8},
		"named, not UTF-8":     {[]myString{"\xff"}, document.ErrUTF8},
	} {
		_, value := Value(c.v)
		_, key := Key("t", "op", c.v)
		for by, err := range map[string]error{"Value": value, "Key": key} {
			if !errors.Is(err, c.want) || c.want != nil && !errors.Is(err, core.ErrInvalidInput) {
				t.Errorf("%s: %s answers %v, want %v", name, by, err, c.want)
			}
		}
	}
}

func TestArgumentsThatAreNoValues(t *testing.T) {
	for name, v := range map[string]any{
		"Set": Set{1}, "map as a set": map[string]struct{}{"a": {}}, "time": time.Unix(0, 0), "UUID": UUID{},
		"UUID of another package": googleUUID{}, "pointer to a time": &time.Time{}, "set in a map": map[string]any{"a": Set{}},
	} {
		if _, err := Value(v); err != errArgsOnly {
			t.Errorf("%s: Value answers %v", name, err)
		}
		if _, err := Key("t", "op", v); err != nil {
			t.Errorf("%s: Key answers %v", name, err)
		}
	}
}

// args returns the canonical form of one argument.
func args(t *testing.T, v any) string {
	t.Helper()
	e := newArgsEncoder()
	defer e.free()
	if err := e.value(v, 1); err != nil {
		t.Errorf("%v: %v", v, err)
	}
	return string(e.out)
}

func TestEqualNumbersAreOneArgument(t *testing.T) {
	for want, equal := range map[string][]any{
		"\x02":                                 {2, int8(2), uint64(2), 2.0, float32(2), big.NewInt(2), myInt(2)},
		"\x00":                                 {0, 0.0, math.Copysign(0, -1), float32(math.Copysign(0, -1))},
		"\xff":                                 {-1, -1.0, int64(-1)},
		"\xd3\x80\x00\x00\x00\x00\x00\x00\x00": {int64(math.MinInt64), -0x1p63},
		"\xcf\xff\xff\xff\xff\xff\xff\xf8\x00": {uint64(math.MaxUint64 - 0x7ff), 0x1p64 - 0x1p11},
		"\xcb\x43\xf0\x00\x00\x00\x00\x00\x00": {0x1p64},
		"\xcb\xc3\xe0\x00\x00\x00\x00\x00\x01": {-0x1p63 - 0x1p11},
		"\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00": {0.5, float32(0.5)},
	} {
		for _, v := range equal {
			if got := args(t, v); got != want {
				t.Errorf("%T %v: % x, want % x", v, v, got, want)
			}
		}
	}
	if got, err := Value([]any{math.Copysign(0, -1), 2.0}); err != nil ||
		string(got) != "\x92\xcb\x80\x00\x00\x00\x00\x00\x00\x00\xcb\x40\x00\x00\x00\x00\x00\x00\x00" {
		t.Errorf("as values they stay floats, but: % x, %v", got, err)
	}
}

func TestSets(t *testing.T) {
	sixteen := Set{}
	for i := range 16 {
		sixteen = append(sixteen, i)
	}
	numbers := string(args(t, sixteen)[3:])
	for _, c := range []struct {
		set  any
		want string
	}{
		{Set(nil), "\x90"},
		{Set{3, 1, 2}, "\x93\x01\x02\x03"},
		{Set{2, 2.0, uint8(2)}, "\x91\x02"},
		{Set{-5, "a", 1.5}, "\x93\xa1a\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xfb"},
		{Set{"aa", "b"}, "\x92\xa1b\xa2aa"}, // by encoded bytes, so the length counts first
		{Set{Set{2, 1}, Set{1, 2}, []int{1, 2}}, "\x91\x92\x01\x02"},
		{Set{map[string]any{"b": 1, "a": 2}, map[string]int{"a": 2, "b": 1}}, "\x91\x82\xa1a\x02\xa1b\x01"},
		{sixteen, "\xdc\x00\x10" + numbers},
		{append(slices.Clone(sixteen), 15, 0), "\xdc\x00\x10" + numbers},       // 18 elements, 16 different
		{append(slices.Clone(sixteen[:15]), 0), "\x9f" + numbers[:15]},         // the header shrinks
		{[]any{Set{2, 1, 1}, "end"}, "\x92\x92\x01\x02\xa3end"},                // what follows moves up
		{map[string]any{"b": Set{1, 1}, "a": 1}, "\x82\xa1a\x01\xa1b\x91\x01"}, // and the map around it stays whole
		{map[int]struct{}{3: {}, 1: {}}, "\x92\x01\x03"},
		{map[any]struct{}{2: {}, 2.0: {}, "a": {}}, "\x92\x02\xa1a"},
		{&Set{1}, "\x91\x01"},
	} {
		if got := args(t, c.set); got != c.want {
			t.Errorf("%v: % x, want % x", c.set, got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	utc := time.Date(2024, 1, 1, 12, 30, 45, 123456000, time.UTC)
	fractional := "\xcb\x41\xd9\x64\xac\x1d\x47\xe6\xb4"
	for _, c := range []struct {
		time time.Time
		want string
	}{
		{utc, fractional},
		{utc.In(time.FixedZone("", 5*3600+1800)), fractional},
		{utc.Add(999 * time.Nanosecond), fractional}, // rounded down
		{time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), "\xce\x65\x92\x00\x80"},
		{time.Date(1969, 12, 31, 23, 59, 59, 123456000, time.UTC), "\xcb\xbf\xec\x0c\xa6\x00\xb0\x29\x28"},
		{time.Date(1969, 12, 31, 23, 59, 59, 123456999, time.UTC), "\xcb\xbf\xec\x0c\xa6\x00\xb0\x29\x28"},
		{time.Unix(-1, 0), "\xff"},
	} {
		if got := args(t, c.time); got != c.want {
			t.Errorf("%v: % x, want % x", c.time, got, c.want)
		}
		if got := args(t, &c.time); got != c.want {
			t.Errorf("pointer to %v: % x, want % x", c.time, got, c.want)
		}
	}
	for _, far := range []time.Time{time.Unix(math.MaxInt64/1_000_000, 0), time.Unix(math.MinInt64/1_000_000-1, 0)} {
		if _, err := Key("t", "op", far); !errors.Is(err, errTime) {
			t.Errorf("%d seconds from 1970: %v", far.Unix(), err)
		}
	}
}

func TestUUIDs(t *testing.T) {
	const text = "550e8400-e29b-41d4-a716-446655440000"
	id, err := ParseUUID(strings.ToUpper(text))
	if err != nil || id.String() != text {
		t.Fatalf("%v, %v", id, err)
	}
	for _, v := range []any{id, googleUUID(id), shouting(id), &id, text} {
		if got := args(t, v); got != "\xd9\x24"+text {
			t.Errorf("%T: % x", v, got)
		}
	}
	for _, bad := range []string{"", text[:35], text + "0", strings.ReplaceAll(text, "-", ""), strings.Replace(text, "-", "0", 1),
		"550e8400-e29b-41d4-a716-44665544000g", "{" + text[2:] + "}", "550e840-0e29b-41d4-a716-446655440000"} {
		if _, err := ParseUUID(bad); err != errUUID {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Values that contain themselves end at the limit of nesting, and values that
// are small in memory but huge when written out at the limit of size.
func TestGoValuesWithoutEnd(t *testing.T) {
	slice := make([]any, 2)
	slice[0], slice[1] = slice, slice
	ring := map[string]any{}
	ring["a"] = ring
	set := Set{nil}
	set[0] = set
	type list []list
	typed := make(list, 1)
	typed[0] = typed
	type link *link
	var pointer link
	pointer = &pointer
	var any1 any
	any1 = &any1
	for name, v := range map[string]any{"slice": slice, "map": ring, "set": set, "typed": typed, "pointer": pointer, "interface": any1} {
		if _, err := Key("t", "op", v); !errors.Is(err, document.ErrTooDeep) {
			t.Errorf("%s: Key answers %v", name, err)
		}
		if _, err := Value(v); !errors.Is(err, document.ErrTooDeep) && name != "set" {
			t.Errorf("%s: Value answers %v", name, err)
		}
	}

	var doubling any = "x"
	var shrinking any = 1
	for range core.MaxNesting - 1 {
		doubling = []any{doubling, doubling}
		shrinking = Set{shrinking, shrinking}
	}
	for name, v := range map[string]any{"slices": doubling, "sets": shrinking} {
		e := newEncoder(document.Arguments, nil)
		e.dropped = core.MaxPayloadSize - 1<<20 // as if that much had been written
		if err := e.value(v, 1); !errors.Is(err, core.ErrInputTooLarge) {
			t.Errorf("doubling %s: %v", name, err)
		}
		e.free()
	}
}

// A pointer is no level of the document.
func TestPointersAreNoNesting(t *testing.T) {
	type node map[string]*node
	innermost := new(node)
	top := innermost
	for range core.MaxNesting - 1 {
		top = &node{"a": top}
	}
	doc, err := Value(top)
	if want := strings.Repeat("\x81\xa1a", core.MaxNesting-1) + "\x80"; string(doc) != want || err != nil {
		t.Errorf("%x, %v", doc, err)
	}
	*innermost = node{"a": nil, "b": {}}
	if _, err := Value(top); !errors.Is(err, document.ErrTooDeep) {
		t.Errorf("one level more: %v", err)
	}
}

func TestGoValuesNestAsDeepAsDocuments(t *testing.T) {
	var v any
	for range core.MaxNesting {
		v = []any{v}
	}
	doc, err := Value(v)
	if err != nil || !bytes.Equal(doc, append(bytes.Repeat([]byte{0x91}, core.MaxNesting), 0xc0)) {
		t.Errorf("%x, %v", doc, err)
	}
	if _, err := Value([]any{v}); !errors.Is(err, document.ErrTooDeep) {
		t.Errorf("one level more: %v", err)
	}
	if _, err := Key("t", "op", v); !errors.Is(err, document.ErrTooDeep) {
		t.Errorf("the array of arguments is a level too, but: %v", err)
	}
	if _, err := Key("t", "op", v.([]any)[0]); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}
