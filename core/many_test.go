package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// sameCounts compares metrics without times, which differ.
func sameCounts(a, b core.Metrics) bool {
	for _, m := range []*core.OperationMetrics{&a.Store, &a.Retrieve, &b.Store, &b.Retrieve} {
		m.TimedOperations, m.TotalNS, m.LastNS = 0, 0, 0
	}
	return a == b
}

// sameError compares errors by what they say.
func sameError(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// Whatever is among them, many items come to what each comes to alone, and count as
// that.
func TestManyAreEach(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	one, many := core.NewByteStorage(core.DefaultFormat), core.NewByteStorage(core.DefaultFormat)
	var others [][]byte
	for _, want := range []error{core.ErrChecksumMismatch, core.ErrDecompressionFailed, core.ErrSizeValidationFailed} {
		others = append(others, damaged(hello)[want])
	}
	rounds := 400
	if testing.Short() {
		rounds = 80
	}
	for round := range rounds {
		most := 1 + r.IntN(5000)
		if one.SetMaxPayload(most) != nil || many.SetMaxPayload(most) != nil {
			t.Fatal(most)
		}
		n := r.IntN(20)
		if round%40 == 1 {
			n = 300 // more than there are headers kept of
		}
		items := make([]core.Item, n)
		for i := range items {
			kind := payloadKinds[r.IntN(len(payloadKinds))]
			items[i].In = kind.make(r.IntN(1 + r.IntN(6000)))
		}
		// A small batch, and one too large for memory that is kept.
		if round%10 == 0 && len(items) > 0 {
			items[0].In = bytes.Repeat([]byte("text"), 50_000)
		}
		err := many.StoreMany(items, "json")
		var first error
		for i, item := range items {
			want, wantErr := one.AppendStore(nil, item.In, "json")
			if !sameError(item.Err, wantErr) || !bytes.Equal(item.Out, want) || wantErr != nil && item.Out != nil {
				t.Errorf("round %d, stored item %d: %d bytes, %v; alone %d, %v", round, i, len(item.Out), item.Err, len(want), wantErr)
			}
			if first == nil && wantErr != nil {
				first = item.Err
			}
		}
		if !errors.Is(err, first) {
			t.Errorf("round %d: %v, and the first is %v", round, err, first)
		}
		for i := range items {
			data := items[i].In
			if items[i].In = items[i].Out; items[i].In == nil {
				items[i].In = store(t, data)
			}
			switch r.IntN(8) {
			case 0:
				items[i].In = others[r.IntN(len(others))]
			case 1:
				items[i].In = items[i].In[:r.IntN(len(items[i].In))]
			}
		}
		err, first = many.RetrieveMany(items), nil
		for i, item := range items {
			want, wantErr := one.Retrieve(item.In)
			if !sameError(item.Err, wantErr) || core.IsMiss(item.Err) != core.IsMiss(wantErr) || !bytes.Equal(item.Out, want) || wantErr != nil && item.Out != nil {
				t.Errorf("round %d, item %d: %d bytes, %v; alone %d, %v", round, i, len(item.Out), item.Err, len(want), wantErr)
			}
			if first == nil && wantErr != nil {
				first = item.Err
			}
			if len(item.Out) != cap(item.Out) {
				t.Errorf("round %d, item %d: appending to it would write to the next", round, i)
			}
		}
		if !errors.Is(err, first) {
			t.Errorf("round %d: %v, and the first is %v", round, err, first)
		}
		if a, b := many.Metrics(), one.Metrics(); !sameCounts(a, b) {
			t.Fatalf("round %d: counts\n%+v, one by one\n%+v", round, a, b)
		}
	}
}

// What an earlier call left in the items is forgotten, whatever becomes of this one.
func TestManyForgetWhatWasThere(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	var unmade core.ByteStorage
	sound := store(t, hello)
	for name, c := range map[string]struct {
		call func(items []core.Item) error
		in   []byte
		want error
	}{
		"stored":      {func(items []core.Item) error { return s.StoreMany(items, "json") }, hello, nil},
		"retrieved":   {s.RetrieveMany, sound, nil},
		"damaged":     {s.RetrieveMany, sound[1:], core.ErrInvalidInput},
		"refused":     {func(items []core.Item) error { return s.StoreMany(items, "\xff") }, hello, core.ErrInvalidInput},
		"not made":    {unmade.RetrieveMany, sound, core.ErrInvalidHandle},
		"not made, 2": {func(items []core.Item) error { return unmade.StoreMany(items, "json") }, hello, core.ErrInvalidHandle},
	} {
		items := []core.Item{{In: c.in, Out: []byte("old"), KeyIndex: 3, Err: errors.New("old")}}
		err := c.call(items)
		if !errors.Is(err, c.want) || !errors.Is(items[0].Err, c.want) || items[0].KeyIndex != 0 || string(items[0].Out) == "old" {
			t.Errorf("%s: %v, %+v", name, err, items[0])
		}
		if c.want != nil && items[0].Out != nil {
			t.Errorf("%s: %d bytes with an error", name, len(items[0].Out))
		}
	}
	if err := s.StoreMany(nil, "json"); err != nil {
		t.Errorf("none to store: %v", err)
	}
	if err := s.RetrieveMany([]core.Item{}); err != nil {
		t.Errorf("none to retrieve: %v", err)
	}
}

// A batch of small results does not keep the memory that they might have needed.
func TestStoreManyKeepsLittle(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	items := make([]core.Item, 20)
	for i := range items {
		items[i].In = make([]byte, 100_000)
	}
	if err := s.StoreMany(items, "json"); err != nil {
		t.Fatal(err)
	}
	for i, item := range items {
		if got, err := s.Retrieve(item.Out); err != nil || !bytes.Equal(got, item.In) || cap(item.Out) > 1000 {
			t.Errorf("item %d: %d bytes with room %d, %v", i, len(got), cap(item.Out), err)
		}
	}
}
