package interop

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/pausetest"
)

// TestPauses stops the world again and again while each function works on
// documents of hundreds of MiB: many small items of each kind, and few large ones.
func TestPauses(t *testing.T) {
	if !pausetest.Alone(t) {
		return
	}
	const size, longSize = 64 << 20, 255 << 20
	header := func(first byte, n int) []byte { return binary.BigEndian.AppendUint32([]byte{first}, uint32(n)) }
	// array is a document of copies of an item.
	array := func(item string) []byte {
		n := size / len(item)
		return append(header(0xdd, n), bytes.Repeat([]byte(item), n)...)
	}
	long := func(first byte, text string) []byte {
		return slices.Concat([]byte("\xdd\x00\x00\x00\x01"), header(first, longSize/len(text)*len(text)), bytes.Repeat([]byte(text), longSize/len(text)))
	}
	names := func(order func(i, n int) int) []byte {
		const n = 1 << 20
		doc := header(0xdf, n)
		for i := range n {
			doc = fmt.Appendf(doc, "\xaf%015d\xc0", order(i, n))
		}
		return slices.Concat([]byte("\xdd\x00\x00\x00\x01"), doc)
	}
	twoNames := func() []byte {
		name := bytes.Repeat([]byte("n"), longSize)
		return slices.Concat([]byte("\xdd\x00\x00\x00\x01\xdf\x00\x00\x00\x02"), header(0xdb, longSize), name[:longSize-1], []byte("z\xc0"), header(0xdb, longSize-1), name[:longSize-1], []byte("\xc0"))
	}
	room := make([]byte, core.MaxPayloadSize)
	for _, c := range []struct {
		name string
		doc  func() []byte
		few  bool // items: Parse does not take all memory
	}{
		{"nil", func() []byte { return array("\xc0") }, false},
		{"integers", func() []byte { return array("\xce\x00\x01\x02\x03") }, false},
		{"floats", func() []byte { return array("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00") }, false},
		{"short strings", func() []byte { return array("\xa3abc") }, false},
		{"strings", func() []byte { return array("\xd9\x03abc") }, false},
		{"arrays", func() []byte { return array("\x91\x01") }, false},
		{"a long string", func() []byte { return long(0xdb, "text") }, true},
		{"a long string, not ASCII", func() []byte { return long(0xdb, "€") }, true},
		{"long bytes", func() []byte { return long(0xc6, "\xff") }, true},
		{"a map in order", func() []byte { return names(func(i, n int) int { return i }) }, false},
		{"a map in reverse", func() []byte { return names(func(i, n int) int { return n - i }) }, false},
		{"a map at random", func() []byte { return names(func(i, n int) int { return i * 0x9e3b1 % n }) }, false},
		{"two long names", twoNames, true},
	} {
		doc := c.doc()
		check := func(name string, work func() error) { pausetest.Run(t, c.name+"/"+name, work) }
		if !c.few {
			check("check", func() error { return Check(doc) })
		}
		check("key", func() error { _, err := KeyFromMsgpack("t", "op", doc); return err })
		check("canonical", func() error { _, err := CanonicalInto(room, doc); return err })
		if c.few {
			var v any
			check("parse", func() (err error) { v, err = Parse(doc); return err })
			if items := v.([]any); len(items) > 0 {
				if pairs, long := items[0].(Pairs); long { // a map for Value
					m := map[string]any{}
					for _, pair := range pairs {
						m[pair.Key.(string)] = pair.Value
					}
					items[0] = m
				}
			}
			check("value", func() error { _, err := Value(v); return err })
			check("key of Go values", func() error { _, err := Key("t", "op", v); return err })
		}
	}

	doc := bytes.Repeat([]byte("\xc0"), longSize)
	doc = append(header(0xdd, longSize), doc...)
	keys, err := encryption.NewTenantKeyring(make([]byte, 32), nil, []byte("tenant"))
	if err != nil {
		t.Fatal(err)
	}
	var n int
	pausetest.Run(t, "seal", func() (err error) { n, _, err = keys.SealInteropInto(room, "key", doc); return err })
	pausetest.Run(t, "open", func() error { _, _, err := keys.OpenInteropInto(doc, "key", room[:n]); return err })
}
