package encryption

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

func TestSealManyAndOpenMany(t *testing.T) {
	current := testKeyring(t, testKey(2), [][]byte{testKey(1)}, "acme")
	old := testKeyring(t, testKey(1), nil, "acme")
	items := make([]core.Item, 12)
	want := make([][]byte, len(items))
	for i := range items {
		want[i] = bytes.Repeat(fmt.Appendf(nil, "payload %d, ", i), i*i*40)
		items[i] = core.Item{CacheKey: fmt.Appendf(nil, "key %d", i), In: want[i]}
	}
	if err := old.SealMany(items[:6], "json"); err != nil {
		t.Fatal(err)
	}
	if err := current.SealMany(items[6:], "json"); err != nil {
		t.Fatal(err)
	}
	for i := range items {
		items[i].In = items[i].Out
	}
	if err := current.OpenMany(items, "json"); err != nil {
		t.Fatal(err)
	}
	for i, item := range items {
		index := 0
		if i < 6 {
			index = 1
		}
		if item.Err != nil || item.KeyIndex != index || !bytes.Equal(item.Out, want[i]) {
			t.Errorf("item %d: %d bytes by key %d, %v", i, len(item.Out), item.KeyIndex, item.Err)
		}
	}
	// One at another place, one for another format: the others open.
	items[3].CacheKey = []byte("another")
	err := current.OpenMany(items, "json")
	if !errors.Is(err, core.ErrDecryptionFailed) || !errors.Is(items[3].Err, core.ErrDecryptionFailed) || !core.IsMiss(err) || items[3].Out != nil {
		t.Errorf("another place: %v, item %v", err, items[3].Err)
	}
	if items[4].Err != nil || !bytes.Equal(items[4].Out, want[4]) || items[2].Err != nil {
		t.Errorf("beside it: %v, %v", items[4].Err, items[2].Err)
	}
	if err := current.OpenMany(items, "text"); !errors.Is(err, core.ErrDecryptionFailed) || items[0].Out != nil {
		t.Errorf("another format: %v", err)
	}
}

func TestManyOfWhatWasNotMadeOrIsWiped(t *testing.T) {
	var unmade TenantKeyring
	wiped := testKeyring(t, testKey(1), nil, "acme")
	items := []core.Item{{In: []byte("a payload")}}
	if err := wiped.SealMany(items, "json"); err != nil {
		t.Fatal(err)
	}
	sealed := []core.Item{{In: items[0].Out}}
	wiped.Wipe()
	for name, c := range map[string]struct {
		k    *TenantKeyring
		want error
	}{"not made": {&unmade, ErrNotMade}, "wiped": {wiped, ErrWiped}} {
		if err := c.k.SealMany(items, "json"); !errors.Is(err, c.want) || !errors.Is(items[0].Err, c.want) || items[0].Out != nil {
			t.Errorf("seal, %s: %v, %+v", name, err, items[0])
		}
		if err := c.k.OpenMany(sealed, "json"); !errors.Is(err, c.want) || !errors.Is(sealed[0].Err, c.want) || sealed[0].Out != nil {
			t.Errorf("open, %s: %v, %+v", name, err, sealed[0])
		}
	}
}
