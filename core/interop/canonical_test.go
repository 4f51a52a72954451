package interop

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

func TestWhatHasNoCanonicalForm(t *testing.T) {
	for name, c := range map[string]struct {
		item string
		want error
	}{
		"a key twice":                 {"\x82\xa1a\x01\xa1a\x02", errDuplicate},
		"a key twice, widths differ":  {"\x82\xa1a\x01\xd9\x01a\x02", errDuplicate},
		"a key twice, not neighbours": {"\x83\xa1a\x01\xa1b\x01\xa1a\x01", errDuplicate},
		"the empty key twice":         {"\x82\xa0\x01\xa0\x02", errDuplicate},
		"a key twice, deep inside":    {"\x81\xa1x\x91\x82\xa1a\x01\xa1a\x01", errDuplicate},
		"an integer key":              {"\x81\x01\x02", errMapKey},
		"a bin key":                   {"\x81\xc4\x01a\x02", errMapKey},
		"a nil key":                   {"\x82\xa1a\x01\xc0\x02", errMapKey},
		"an extension":                {"\xd4\x05a", errExtension},
		"a timestamp":                 {"\xd6\xff\x00\x00\x00\x00", errExtension},
		"an extension in a map":       {"\x81\xa1a\xc7\x00\x05", errExtension},
		"a string that is not UTF-8":  {"\xa2\xc3\x28", errUTF8},
		"a surrogate":                 {"\xa3\xed\xa0\x80", errUTF8},
		"an overlong NUL":             {"\xa2\xc0\x80", errUTF8},
		"a key that is not UTF-8":     {"\x81\xa1\xff\x01", errUTF8},
		"NaN":                         {"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", errNotFinite},
		"infinity":                    {"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", errNotFinite},
		"infinity as float32":         {"\xca\xff\x80\x00\x00", errNotFinite},
		"half of it":                  {"\xa2a", errOverclaim},
	} {
		if got, err := Canonical([]byte(c.item)); got != nil || err != c.want {
			t.Errorf("%s: %x, %v; want %v", name, got, err, c.want)
		}
		if got, err := KeyFromMsgpack("t", "op", []byte("\x91"+c.item)); got != "" || err != c.want {
			t.Errorf("%s, as an argument: %q, %v; want %v", name, got, err, c.want)
		}
		dst := bytes.Repeat([]byte{0xee}, 64)
		if n, err := EncodeCanonical(dst, []byte(c.item)); n != 0 || err != c.want {
			t.Errorf("%s: EncodeCanonical: %d, %v", name, n, err)
		}
		if left := bytes.Trim(dst, "\xee\x00"); len(left) > 0 {
			t.Errorf("%s: EncodeCanonical left %x behind", name, left)
		}
		if !errors.Is(c.want, core.ErrInvalidInput) {
			t.Errorf("%s: not invalid input", name)
		}
	}
}

func TestKeyArgumentsAreOneArray(t *testing.T) {
	for _, args := range []string{"\x80", "\x2a", "\xa1a", "\xc0", "\xc4\x00"} {
		if got, err := KeyFromMsgpack("t", "op", []byte(args)); got != "" || err != errNotArray {
			t.Errorf("% x: %q, %v", args, got, err)
		}
	}
}

// Documents that mean the same have the same canonical form; it is its own
// canonical form; it has the size that was announced; Go values give it too;
// and a reader takes it and gets the value back.
func TestEqualValuesHaveEqualBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	for i := range 2000 {
		value := randomValue(rng, 4)
		want, err := Value(value)
		if err != nil {
			t.Fatalf("%d: %#v: %v", i, value, err)
		}
		if err := Check(want); err != nil {
			t.Fatalf("%d: a reader refuses %x: %v", i, want, err)
		}
		if got, err := Parse(want); err != nil || !reflect.DeepEqual(got, value) {
			t.Fatalf("%d: %#v came back as %#v, %v", i, value, got, err)
		}
		for range 3 {
			doc := loosen(rng, want, values)
			s, err := scan(doc, values)
			if err != nil || s.size != len(want) || s.canonical != bytes.Equal(doc, want) {
				t.Fatalf("%d: %x announces %+v, %v; want %d bytes", i, doc, s, err, len(want))
			}
			if bound := CanonicalBound(len(doc)); s.size > bound {
				t.Fatalf("%d: %d bytes become %d, above the bound of %d", i, len(doc), s.size, bound)
			}
			got, err := Canonical(doc)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d: from %x:\n%x, %v; want\n%x", i, doc, got, err, want)
			}
			again, err := Canonical(got)
			if err != nil || !bytes.Equal(again, want) {
				t.Fatalf("%d: canonical form %x has the canonical form %x, %v", i, got, again, err)
			}
		}
	}
}

func TestEqualArgumentsHaveEqualKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 13))
	for i := range 500 {
		args := []any{randomValue(rng, 3), randomValue(rng, 3)}
		want, err := Key("t", "op", args...)
		if err != nil {
			t.Fatalf("%d: %#v: %v", i, args, err)
		}
		doc, err := Value(args)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			loose := loosen(rng, doc, arguments)
			if got, err := KeyFromMsgpack("t", "op", loose); err != nil || got != want {
				t.Fatalf("%d: from %x: %q, %v; want %q", i, loose, got, err, want)
			}
		}
	}
}

func TestCanonicalBound(t *testing.T) {
	floats := append([]byte("\xdc\x00\xff"), bytes.Repeat([]byte("\xca\x3f\xc0\x00\x00"), 255)...)
	for _, doc := range [][]byte{floats[3:8], floats, []byte("\xc0")} {
		got, err := Canonical(doc)
		if err != nil || len(got) > CanonicalBound(len(doc)) {
			t.Errorf("%d bytes become %d, above the bound of %d (%v)", len(doc), len(got), CanonicalBound(len(doc)), err)
		}
	}
	if got := CanonicalBound(5); got != 9 {
		t.Errorf("CanonicalBound(5) is %d: a float32 takes exactly 9", got)
	}
	if got := CanonicalBound(math.MaxInt); got != math.MaxInt {
		t.Errorf("CanonicalBound overflows to %d", got)
	}
}

func TestEncodeCanonicalFitsTheBuffer(t *testing.T) {
	doc, want := []byte("\x82\xa1b\xca\x3f\xc0\x00\x00\xa1a\xd1\x00\x01"), []byte("\x82\xa1a\x01\xa1b\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00")
	for room := range 2 * len(want) {
		dst := bytes.Repeat([]byte{0xee}, room)
		n, err := EncodeCanonical(dst, doc)
		if room < len(want) {
			if n != len(want) || err != core.ErrBufferTooSmall || len(bytes.Trim(dst, "\xee")) > 0 {
				t.Errorf("room for %d: %d, %v, dst % x", room, n, err, dst)
			}
			continue
		}
		if err != nil || !bytes.Equal(dst[:n], want) || len(bytes.Trim(dst[n:], "\xee")) > 0 {
			t.Errorf("room for %d: %v, dst % x", room, err, dst)
		}
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	doc := []byte("\x82\xa1b\x02\xa1a\x01")
	for name, f := range map[string]func(dst []byte) ([]byte, error){
		"AppendCanonical": func(dst []byte) ([]byte, error) { return AppendCanonical(dst, doc) },
		"AppendValue":     func(dst []byte) ([]byte, error) { return AppendValue(dst, map[string]any{"b": 2, "a": 1}) },
		"AppendKey":       func(dst []byte) ([]byte, error) { return AppendKey(dst, "t", "op", Set{2, 1}) },
		"AppendKeyFromMsgpack": func(dst []byte) ([]byte, error) {
			return AppendKeyFromMsgpack(dst, "t", "op", append([]byte{0x91}, doc...))
		},
	} {
		alone, err := f(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, dst := range [][]byte{[]byte("before "), append(make([]byte, 0, 500), "before "...)} {
			if got, err := f(dst); err != nil || string(got) != "before "+string(alone) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	}
	before := []byte("before ")
	for name, f := range map[string]func() ([]byte, error){
		"AppendCanonical":      func() ([]byte, error) { return AppendCanonical(before, []byte("\x82\xa1b\x02\xa1b\x01")) },
		"AppendValue":          func() ([]byte, error) { return AppendValue(before, []any{1, math.NaN()}) },
		"AppendKey":            func() ([]byte, error) { return AppendKey(before, "t", "op", math.NaN()) },
		"AppendKeyFromMsgpack": func() ([]byte, error) { return AppendKeyFromMsgpack(before, "T", "op", []byte{0x90}) },
	} {
		if got, err := f(); err == nil || string(got) != "before " {
			t.Errorf("%s after an error: %q, %v", name, got, err)
		}
	}
}

// Long common prefixes, many keys, reverse order: more than half of the time
// goes into comparing, and none of it grows with the square of the length.
func TestOrderingLargeMaps(t *testing.T) {
	const n = 20000
	m := make(map[string]any, n)
	doc := []byte("\xde\x4e\x20")
	for i := n - 1; i >= 0; i-- {
		name := fmt.Sprintf("%s%05d", strings.Repeat("k", 200), i)
		m[name] = nil
		doc = append(append(append(doc, 0xd9, byte(len(name))), name...), 0xc0)
	}
	want, err := Value(m)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Canonical(doc); err != nil || !bytes.Equal(got, want) {
		t.Errorf("from MessagePack: %v, equal: %v", err, bytes.Equal(got, want))
	}
}

// Buffers are shared between calls through a pool.
func TestCallsAtTheSameTime(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			for range 200 {
				value := randomValue(rng, 3)
				want, err := Value(value)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := Canonical(loosen(rng, want, values))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%x, %v; want %x", got, err, want)
				}
				k1, err1 := Key("t", "op", value)
				k2, err2 := KeyFromMsgpack("t", "op", append([]byte{0x91}, want...))
				if k1 != k2 || err1 != nil || err2 != nil {
					t.Errorf("%q, %v and %q, %v", k1, err1, k2, err2)
				}
			}
		})
	}
	wg.Wait()
}

// Nor does the pool keep what a caller appends to, after a refusal.
func TestPoolKeepsNothingOfTheCaller(t *testing.T) {
	const secret = "do not keep me"
	e := newEncoder(values, []byte(secret)[:len(secret):len(secret)])
	if err := e.value([]any{1, "x", make(chan int)}, 0); err == nil {
		t.Fatal("a channel is no value")
	}
	all := e.out[:cap(e.out)]
	if !bytes.Contains(all, []byte(secret)) {
		t.Fatal("it is not where this test looks for it")
	}
	e.free()
	if bytes.Contains(all, []byte(secret)) {
		t.Error("what the caller appends to stays in a pooled buffer")
	}
}

// What a call leaves in the pool is zeros, arguments above all.
func TestPooledBuffersAreWiped(t *testing.T) {
	const secret = "do not keep me"
	e := newArgsEncoder()
	if err := e.array([]any{Set{secret, "b", "a", secret}, map[string]any{"b": secret, "a": secret}}, 0); err != nil {
		t.Fatal(err)
	}
	own, spare := e.out[:cap(e.out)], e.spare[:cap(e.spare)]
	if !bytes.Contains(own, []byte(secret)) {
		t.Fatal("the argument is not where this test looks for it")
	}
	e.free()
	if bytes.Contains(own, []byte(secret)) || bytes.Contains(spare, []byte(secret)) {
		t.Error("an argument stays in a pooled buffer")
	}
}
