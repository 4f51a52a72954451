package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// Each way to the payload, into memory of which it takes the start.
var decoders = map[string]func(alloc memory.Alloc, envelope []byte) ([]byte, error){
	"Decode": func(alloc memory.Alloc, envelope []byte) ([]byte, error) {
		to := memory.From(alloc)
		return Decode(&to, envelope)
	},
	"Inspect and Payload": func(alloc memory.Alloc, envelope []byte) ([]byte, error) {
		e, err := Inspect(envelope)
		if err != nil {
			return nil, err
		}
		to := memory.From(alloc)
		return e.Payload(&to)
	},
	"Inspect and Extract": func(alloc memory.Alloc, envelope []byte) ([]byte, error) {
		e, err := Inspect(envelope)
		if err != nil {
			return nil, err
		}
		copied := e // is as good as the first
		room := alloc(e.OriginalSize)
		if room == nil {
			return nil, codes.OutOfMemory
		}
		if err := copied.Extract(room[:e.OriginalSize]); err != nil {
			return nil, err
		}
		return room[:e.OriginalSize], nil
	},
}

func TestDecoders(t *testing.T) {
	for how, decode := range decoders {
		for _, kind := range payloadKinds {
			for _, n := range []int{0, 1, 100, 5000, 70000} {
				name := fmt.Sprintf("%s, %s of %d", how, kind.name, n)
				data := kind.make(n)
				old := fieldsOf(data)
				old.integers = true
				for _, envelope := range [][]byte{written(t, data, "json"), old.envelope()} {
					before := bytes.Clone(envelope)
					k := taker{room: filled(n + 100)}
					got, err := decode(k.alloc, envelope)
					if err != nil || got == nil || !bytes.Equal(got, data) || !slices.Equal(k.asked, []int{n}) {
						t.Errorf("%s: %d bytes, %v, asked for %v", name, len(got), err, k.asked)
						continue
					}
					if n > 0 && &got[0] != &k.room[0] || !bytes.Equal(k.room[n:], filled(100)) {
						t.Errorf("%s: elsewhere, or wrote beyond the payload", name)
					}
					none := taker{none: true}
					if got, err := decode(none.alloc, envelope); got != nil || err != codes.OutOfMemory {
						t.Errorf("%s without memory: %d bytes, %v", name, len(got), err)
					}
					if !bytes.Equal(envelope, before) {
						t.Errorf("%s changed the envelope", name)
					}
				}
			}
		}
	}
}

// What is no envelope, or claims too much, asks for no memory, and the error says
// that it is the entry's.
func TestWhatIsRefusedTakesNoMemory(t *testing.T) {
	large, bomb, empty := fieldsOf([]byte("data")), fieldsOf([]byte("data")), fieldsOf(nil)
	large.size = limits.MaxPayloadSize + 1
	bomb.size = limits.MaxCompressionRatio*len(bomb.block) + 1
	empty.block = nil
	text := fieldsOf([]byte("data"))
	text.format = "\xff"
	for name, c := range map[string]struct {
		envelope []byte
		want     codes.Code
	}{
		"nothing":                  {nil, codes.InvalidInput},
		"something else":           {[]byte("not an envelope"), codes.InvalidInput},
		"one cut short":            {fieldsOf([]byte("data")).envelope()[:20], codes.InvalidInput},
		"one with a byte too many": {append(fieldsOf([]byte("data")).envelope(), 0), codes.InvalidInput},
		"a format not UTF-8":       {text.envelope(), codes.InvalidInput},
		"a claim too large":        {large.envelope(), codes.InputTooLarge},
		"one too large itself":     {tooMuch, codes.InputTooLarge},
		"a bomb":                   {bomb.envelope(), codes.DecompressionBomb},
		"an empty block":           {empty.envelope(), codes.DecompressionBomb},
	} {
		h, err := Inspect(c.envelope)
		if !errors.Is(err, c.want) || codes.Of(err) != c.want || !codes.IsMiss(err) {
			t.Errorf("%s: Inspect gives %v, want %v, and a miss", name, err, c.want)
		}
		if h.OriginalSize != 0 || h.CompressedSize != 0 || h.Format != nil || h.block != nil || h.size != 0 {
			t.Errorf("%s: Inspect gives %+v with its error", name, h)
		}
		var k taker
		for how, decode := range decoders {
			if got, other := decode(k.alloc, c.envelope); got != nil || fmt.Sprint(other) != fmt.Sprint(err) || len(k.asked) > 0 {
				t.Errorf("%s: %s gives %d bytes, %v; asked for %v", name, how, len(got), other, k.asked)
			}
		}
		if other := Default.Validate(k.alloc, c.envelope); fmt.Sprint(other) != fmt.Sprint(err) || len(k.asked) > 0 {
			t.Errorf("%s: Validate gives %v; asked for %v", name, other, k.asked)
		}
	}
}

// After an error the memory holds zeros as far as it was written to, and what was
// there before behind that.
func TestFailuresLeaveNothingOfThePayload(t *testing.T) {
	for _, n := range []int{40, 5000, 70000} {
		data := payloadKinds[1].make(n)
		for want, envelope := range damaged(data) {
			e, err := Inspect(envelope)
			if err != nil {
				t.Fatal(err)
			}
			for how, decode := range decoders {
				k := taker{room: filled(e.OriginalSize + 100)}
				got, err := decode(k.alloc, envelope)
				if got != nil || !errors.Is(err, want) || !codes.IsMiss(err) {
					t.Errorf("%s of %d: %d bytes, %v, want %v", how, n, len(got), err, want)
				}
				left := bytes.TrimLeft(k.room[:e.OriginalSize], "\x00")
				if !bytes.Equal(left, filled(len(left))) || len(left) > 0 && want != codes.DecompressionFailed {
					t.Errorf("%s of %d, %v: holds %.20x", how, n, want, left)
				}
				if len(left) == e.OriginalSize {
					t.Errorf("%s of %d, %v: nothing was written, so that nothing is proved", how, n, want)
				}
				if !bytes.Equal(k.room[e.OriginalSize:], filled(100)) {
					t.Errorf("%s of %d, %v: wrote beyond the payload", how, n, want)
				}
			}
		}
	}
}

func TestExtractWantsItsSize(t *testing.T) {
	data := payloadKinds[0].make(1000)
	e, err := Inspect(written(t, data, ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 999, 1001, 5000} {
		dst := filled(n)
		if err := e.Extract(dst); codes.Of(err) != codes.BufferTooSmall || !bytes.Equal(dst, filled(n)) {
			t.Errorf("%d bytes of %d: %v, or something is written", n, len(data), err)
		}
	}
	var zero Header
	if err := zero.Extract(nil); !errors.Is(err, codes.DecompressionFailed) {
		t.Errorf("out of a zero Header: %v", err)
	}
	if err := zero.Extract(make([]byte, 1)); codes.Of(err) != codes.BufferTooSmall {
		t.Errorf("a byte out of a zero Header: %v", err)
	}
}

// Validate finds what Decode finds, and leaves nothing in the memory it was given.
func TestValidate(t *testing.T) {
	for _, n := range []int{0, 1, 40, 5000, 70000} {
		data := payloadKinds[1].make(n)
		envelopes := map[codes.Code][]byte{codes.OK: written(t, data, "json")}
		if n > 1 {
			for want, envelope := range damaged(data) {
				envelopes[want] = envelope
			}
		}
		for want, envelope := range envelopes {
			e, err := Inspect(envelope)
			if err != nil {
				t.Fatal(err)
			}
			k := taker{room: filled(e.OriginalSize + 100)}
			if err := Default.Validate(k.alloc, envelope); codes.Of(err) != want {
				t.Errorf("%d bytes: %v, want %v", n, err, want)
			}
			if !slices.Equal(k.asked, []int{e.OriginalSize}) || holds(k.room) || !bytes.Equal(k.room[e.OriginalSize:], filled(100)) {
				t.Errorf("%d bytes, %v: asked for %v, or something is left", n, want, k.asked)
			}
			none := taker{none: true}
			if err := Default.Validate(none.alloc, envelope); err != codes.OutOfMemory {
				t.Errorf("%d bytes without memory: %v", n, err)
			}
		}
	}
}
