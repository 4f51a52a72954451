//go:build !race

// The race detector keeps copies of its own.

package interop

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

// Only the hash of arguments goes out, and the place where they were put into
// canonical form is used again.
func TestNothingIsLeftOfArgumentsAndValues(t *testing.T) {
	if !alone.Run(t) {
		return
	}
	const most = 2 << 20
	memory := traces.Pages(t, 6*most)
	in, out, sealed := memory[:2*most], memory[2*most:4*most], memory[4*most:]
	var rings [2]*encryption.TenantKeyring
	for i := range rings {
		var err error
		if rings[i], err = encryption.NewTenantKeyring(make([]byte, 32-i), nil, []byte("t")); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []struct {
		name string
		// The document is [{"b": payload, last: 1}], which is not in order with "a".
		last byte
		call func(doc []byte) error // clears what it gets, if it gets something
		want error
	}{
		{"a key", 'a', func(doc []byte) error { _, err := KeyFromMsgpack("u", "g", doc); return err }, nil},
		{"a key, in order", 'c', func(doc []byte) error { _, err := KeyFromMsgpack("u", "g", doc); return err }, nil},
		{"a key, refused", 'b', func(doc []byte) error { _, err := KeyFromMsgpack("u", "g", doc); return err }, document.ErrDuplicate},
		{"a key with a set", 'a', func(doc []byte) error { _, err := Key("u", "g", Set{doc, doc}); return err }, nil},
		{"a value, appended", 'a', func(doc []byte) error {
			out, err := AppendValue(doc[:len(doc):len(doc)], []any{doc, doc, doc})
			clear(out)
			return err
		}, nil},
		{"a value, refused", 'a', func(doc []byte) error {
			_, err := AppendValue(doc[:len(doc):len(doc)], []any{doc, doc, doc, Set{}})
			return err
		}, errArgsOnly},
		{"canonical form", 'a', func(doc []byte) error { n, err := CanonicalInto(out, doc); clear(out[:n]); return err }, nil},
		{"canonical form, refused", 'b', func(doc []byte) error { _, err := CanonicalInto(out, doc); return err }, document.ErrDuplicate},
		{"an entry", 'a', func(doc []byte) error {
			n, _, err := rings[0].SealInteropInto(sealed, "u:g:1", doc)
			if err == nil {
				n, _, err = rings[0].OpenInteropInto(out, "u:g:1", sealed[:n])
			}
			clear(out[:n])
			return err
		}, nil},
		{"an entry of another keyring", 'a', func(doc []byte) error {
			n, _, err := rings[1].SealInteropInto(sealed, "u:g:1", doc)
			if err == nil {
				_, _, err = rings[0].OpenInteropInto(out, "u:g:1", sealed[:n])
			}
			return err
		}, core.ErrDecryptionFailed},
		{"an entry that is no document", 'a', func(doc []byte) error {
			aad, err := encryption.AppendAAD(nil, rings[0].TenantID(), []byte("u:g:1"), core.DefaultFormat, false, "")
			if err != nil {
				return err
			}
			n, _, err := rings[0].EncryptInto(sealed, doc[:len(doc)-1], aad)
			if err == nil {
				_, _, err = rings[0].OpenInteropInto(out, "u:g:1", sealed[:n])
			}
			return err
		}, core.ErrInvalidInput},
	} {
		for _, n := range []int{40, 64, 100<<10 - 40, most - 40} {
			payload := traces.Payload(n + i)
			doc := append(in[:0], "\x91\x82\xa1b\xc6"...)
			doc = binary.BigEndian.AppendUint32(doc, uint32(n))
			doc = doc[:len(doc)+n]
			payload.Fill(doc[len(doc)-n:])
			doc = append(doc, 0xa1, c.last, 1)
			err := payload.Check(t, c.name, n, func() error { return c.call(doc) }, doc)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}
