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
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
)

// A value and every document that means the same have one canonical form, and a
// reader takes it and gets the value back.
func TestEqualValuesHaveEqualBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	for i := range 2000 {
		value := documenttest.Value(rng, 4)
		want, err := Value(value)
		if err != nil || !bytes.Equal(want, documenttest.Canonical(value)) {
			t.Fatalf("%d: %#v gives %x, %v; want %x", i, value, want, err, documenttest.Canonical(value))
		}
		if err := Check(want); err != nil {
			t.Fatalf("%d: a reader refuses %x: %v", i, want, err)
		}
		if got, err := Parse(want); err != nil || !reflect.DeepEqual(got, value) {
			t.Fatalf("%d: %#v came back as %#v, %v", i, value, got, err)
		}
		for range 3 {
			doc := documenttest.Loosen(rng, want)
			got, err := Canonical(doc)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d: from %x:\n%x, %v; want\n%x", i, doc, got, err, want)
			}
		}
	}
}

func TestEqualArgumentsHaveEqualKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 13))
	for i := range 500 {
		args := []any{documenttest.Value(rng, 3), documenttest.Value(rng, 3)}
		want, err := Key("t", "op", args...)
		if err != nil {
			t.Fatalf("%d: %#v: %v", i, args, err)
		}
		doc, err := Value(args)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			loose := documenttest.LoosenArguments(rng, doc)
			if got, err := KeyFromMsgpack("t", "op", loose); err != nil || got != want {
				t.Fatalf("%d: from %x: %q, %v; want %q", i, loose, got, err, want)
			}
		}
	}
}

func TestCanonicalIntoFitsTheBuffer(t *testing.T) {
	doc, want := []byte("\x82\xa1b\xca\x3f\xc0\x00\x00\xa1a\xd1\x00\x01"), []byte("\x82\xa1a\x01\xa1b\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00")
	for room := range 2 * len(want) {
		dst := bytes.Repeat([]byte{0xee}, room)
		n, err := CanonicalInto(dst, doc)
		if room < len(want) {
			if n != len(want) || !errors.Is(err, core.ErrBufferTooSmall) || len(bytes.Trim(dst, "\xee")) > 0 {
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

func TestDocumentsAboveTheLimitAreTooLarge(t *testing.T) {
	doc := make([]byte, core.MaxPayloadSize+1) // zero pages that nothing touches
	_, canonical := Canonical(doc)
	_, into := CanonicalInto(nil, doc)
	_, key := KeyFromMsgpack("t", "op", doc)
	_, parse := Parse(doc)
	_, fromGo := Value(doc)
	_, fromGoString := Key("t", "op", doc)
	for by, err := range map[string]error{
		"Check": Check(doc), "Canonical": canonical, "CanonicalInto": into, "KeyFromMsgpack": key,
		"Parse": parse, "Value": fromGo, "Key": fromGoString,
	} {
		if !errors.Is(err, core.ErrInputTooLarge) {
			t.Errorf("%s answers %v", by, err)
		}
	}
	if err := Check(doc[:core.MaxPayloadSize]); !errors.Is(err, document.ErrTrailing) {
		t.Errorf("at the limit: %v", err)
	}
}

// Long common prefixes and many keys, in the random order in which Go has them.
func TestOrderingLargeMaps(t *testing.T) {
	m := make(map[string]any)
	for i := range 20000 {
		m[fmt.Sprintf("%s%05d", strings.Repeat("k", 200), i)] = nil
	}
	want := documenttest.Canonical(m)
	if got, err := Value(m); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of another form, %v", len(got), err)
	}
}

// Buffers are shared between calls through a pool.
func TestCallsAtTheSameTime(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			for range 200 {
				value := documenttest.Value(rng, 3)
				want, err := Value(value)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := Canonical(documenttest.Loosen(rng, want))
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
