package crypt

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/batch"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/meter"
)

// counts are metrics without times, which differ.
func counts(m meter.Metrics) meter.Metrics {
	for _, s := range []*meter.Snapshot{&m.Store, &m.Retrieve, &m.Encrypt, &m.Decrypt} {
		s.TimedOperations, s.TotalNS, s.LastNS = 0, 0, 0
	}
	return m
}

// damages are what becomes of an entry.
var damages = []func(t *testing.T, k *TenantKeyring, r *rand.Rand, item *batch.Item, data []byte){
	func(*testing.T, *TenantKeyring, *rand.Rand, *batch.Item, []byte) {},
	func(_ *testing.T, _ *TenantKeyring, r *rand.Rand, item *batch.Item, _ []byte) {
		item.In = bytes.Clone(item.In)
		item.In[r.IntN(len(item.In))] ^= 1
	},
	func(_ *testing.T, _ *TenantKeyring, r *rand.Rand, item *batch.Item, _ []byte) {
		item.In = item.In[:r.IntN(len(item.In))]
	},
	func(_ *testing.T, _ *TenantKeyring, _ *rand.Rand, item *batch.Item, _ []byte) {
		item.CacheKey = []byte("another")
	},
	func(_ *testing.T, _ *TenantKeyring, _ *rand.Rand, item *batch.Item, _ []byte) {
		item.CacheKey = make([]byte, limits.MaxCacheKeySize+1)
	},
	func(t *testing.T, k *TenantKeyring, _ *rand.Rand, item *batch.Item, data []byte) {
		item.In = sealRaw(t, k, string(item.CacheKey), "json", encoded(t, data, "text"))
	},
	func(t *testing.T, k *TenantKeyring, r *rand.Rand, item *batch.Item, data []byte) {
		made := bytes.Clone(encoded(t, data, "json"))
		made[r.IntN(len(made))] ^= 0x55
		item.In = sealRaw(t, k, string(item.CacheKey), "json", made)
	},
	func(t *testing.T, k *TenantKeyring, _ *rand.Rand, item *batch.Item, _ []byte) {
		old := []byte{0x94, 0x95, 0x40, 'd', 'a', 't', 'a'} // spelled as integers
		made := encoded(t, []byte("data"), "json")
		item.In = sealRaw(t, k, string(item.CacheKey), "json", append(old, made[8:]...))
	},
}

func randomPayload(r *rand.Rand) []byte {
	n := r.IntN(1 + r.IntN(1<<r.IntN(15)))
	if r.IntN(2) == 0 {
		return bytetest.Noise(n)
	}
	return bytes.Repeat([]byte("text, and more of it; "), n/22+1)[:n]
}

// Whatever is among them, many items come to what each comes to alone, and count as
// that, however memory is had. What is not a result is wiped.
func TestOpenManyIsOpenOfEach(t *testing.T) {
	one := testKeyring(t, testKey(2), [][]byte{testKey(1)}, "t")
	many := testKeyring(t, testKey(2), [][]byte{testKey(1)}, "t")
	old := testKeyring(t, testKey(1), nil, "t")
	r := rand.New(rand.NewPCG(1, 2))
	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	for round := range rounds {
		clean := round%3 == 0
		for _, k := range []*TenantKeyring{one, many} {
			if err := k.SetMaxPayload(1 + round*100); err != nil {
				t.Fatal(err)
			}
		}
		items := make([]batch.Item, r.IntN(20))
		for i := range items {
			item, data, writer := &items[i], randomPayload(r), old
			if r.IntN(2) == 0 {
				writer = one
			}
			if err := writer.SetMaxPayload(limits.MaxPayloadSize); err != nil {
				t.Fatal(err)
			}
			item.CacheKey = fmt.Appendf(nil, "key %d", i)
			sealed, _, err := writer.Seal(fresh(), item.CacheKey, data, "json")
			if err != nil {
				t.Fatal(err)
			}
			item.In = sealed
			if !clean {
				damages[r.IntN(len(damages))](t, old, r, item, data)
			}
			if err := one.SetMaxPayload(1 + round*100); err != nil {
				t.Fatal(err)
			}
		}
		checkOpenMany(t, fmt.Sprintf("round %d", round), one, many, items)
	}
}

func checkOpenMany(t *testing.T, name string, one, many *TenantKeyring, items []batch.Item) {
	t.Helper()
	for _, grow := range []string{"none", "nil", "in place"} {
		name := fmt.Sprintf("%s, grow %s", name, grow)
		o := opening{grow: grow}
		oneBefore, manyBefore := one.Metrics(), many.Metrics()
		results, err := o.openMany(many, items)
		var first error
		at := 0
		for i, item := range items {
			var scratch memory.Scratch
			want, index, wantErr := one.Open(fresh(), scratch.Alloc, nil, item.CacheKey, item.In, "json")
			scratch.Done()
			if fmt.Sprint(item.Err) != fmt.Sprint(wantErr) || codes.IsMiss(item.Err) != codes.IsMiss(wantErr) ||
				item.KeyIndex != index || !bytes.Equal(item.Out, want) || (item.Out == nil) != (want == nil) {
				t.Errorf("%s, item %d: %d bytes by key %d, %v; alone %d, %d, %v", name, i, len(item.Out), item.KeyIndex, item.Err, len(want), index, wantErr)
			}
			if first == nil {
				first = wantErr
			}
			if wantErr != nil {
				continue
			}
			if where := uintptr(unsafe.Pointer(unsafe.SliceData(item.Out))) - uintptr(unsafe.Pointer(unsafe.SliceData(results))); int(where) != at && len(item.Out) > 0 || cap(item.Out) != len(item.Out) {
				t.Errorf("%s, item %d lies at %d with room %d, not at %d", name, i, where, cap(item.Out), at)
			}
			at = batch.Add(at, len(want))
		}
		if codes.Of(err) != codes.Of(first) {
			t.Errorf("%s: %v, and the first is %v", name, err, first)
		}
		if got, want := added(manyBefore, many.Metrics()), added(oneBefore, one.Metrics()); got != want {
			t.Errorf("%s: counts\n%+v, one by one\n%+v", name, got, want)
		}
		if !bytetest.Only(o.scratch, 0) {
			t.Errorf("%s: envelopes are left", name)
		}
		if o.grown != nil && (o.dest != nil || !bytetest.Only(o.grown[len(results):], 0)) {
			t.Errorf("%s: a second buffer was taken, or something is left behind", name)
		}
		if o.dest != nil && len(results) <= len(o.dest) {
			// Between the results and behind them, what was written to is wiped.
			covered := 0
			for _, item := range items {
				if item.Err == nil {
					covered = batch.Add(covered, len(item.Out))
				}
			}
			if covered <= len(o.dest) && !bytetest.Only(o.dest[covered:], 0, 0xdd) {
				t.Errorf("%s: something is left behind the results", name)
			}
		}
	}
}

// added is what was counted between two readings.
func added(before, after meter.Metrics) meter.Metrics {
	before, after = counts(before), counts(after)
	after.LastCompressionRatio = 0
	for i, s := range []*meter.Snapshot{&after.Store, &after.Retrieve, &after.Encrypt, &after.Decrypt} {
		b := []*meter.Snapshot{&before.Store, &before.Retrieve, &before.Encrypt, &before.Decrypt}[i]
		s.Operations, s.Errors = s.Operations-b.Operations, s.Errors-b.Errors
		s.BytesIn, s.BytesOut = s.BytesIn-b.BytesIn, s.BytesOut-b.BytesOut
	}
	return after
}

// Decoding in place, no payload reaches an envelope that is not decoded yet: with large
// and small ones in any order, with some that do not compress.
func TestOpenManyInPlace(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 60 {
		items := make([]batch.Item, 1+r.IntN(12))
		var want [][]byte
		for i := range items {
			data := bytetest.Noise(r.IntN(1 << r.IntN(16)))
			switch r.IntN(3) {
			case 0:
				data = bytes.Repeat([]byte{byte(i)}, r.IntN(100_000))
			case 1:
				data = append(data, bytes.Repeat([]byte("end "), r.IntN(5000))...)
			}
			sealed, _, err := k.Seal(fresh(), nil, data, "json")
			if err != nil {
				t.Fatal(err)
			}
			items[i].In = sealed
			want = append(want, data)
		}
		o := opening{grow: "in place"}
		results, err := o.openMany(k, items)
		if err != nil || o.grown == nil || o.dest != nil || !bytetest.Only(o.grown[len(results):], 0) {
			t.Fatalf("round %d: %v, grown: %t, or something is left", round, err, o.grown != nil)
		}
		for i := range items {
			if !bytes.Equal(items[i].Out, want[i]) {
				t.Errorf("round %d, item %d of %d: other bytes come back", round, i, len(items))
			}
		}
		// Memory as large as the results or the envelopes, and some for each.
		most, envelopes := 0, 0
		for i := range items {
			most, envelopes = batch.Add(most, len(want[i])), batch.Add(envelopes, len(items[i].In)-limits.Overhead)
		}
		if room := max(most, envelopes) + len(want[len(want)-1])/255 + 64*len(items) + 200; len(o.grown) > room {
			t.Errorf("round %d: %d bytes for results of %d and envelopes of %d", round, len(o.grown), most, envelopes)
		}
	}
}

func TestOpenManyWithoutMemory(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	data := bytes.Repeat([]byte("text "), 100)
	items := make([]batch.Item, 4)
	for i := range items {
		sealed, _, err := k.Seal(fresh(), nil, data, "json")
		if err != nil {
			t.Fatal(err)
		}
		items[i].In = sealed
	}
	items[2].In = []byte("short")
	check := func(name string, o opening, err error) {
		t.Helper()
		if err != codes.OutOfMemory || !bytetest.Only(o.scratch, 0) {
			t.Errorf("%s: %v, or something is left", name, err)
		}
		for i, item := range items {
			want := codes.OutOfMemory
			if i == 2 {
				want = codes.InvalidInput
			}
			if item.Out != nil || item.KeyIndex != 0 || codes.Of(item.Err) != want {
				t.Errorf("%s, item %d: %d bytes, %v", name, i, len(item.Out), item.Err)
			}
		}
	}
	before := k.Metrics()
	o := opening{noScratch: true, grow: "none"}
	_, err := o.openMany(k, items)
	check("no scratch", o, err)
	// But for the item that failed by itself, nothing is counted.
	if m := added(before, k.Metrics()); m.Decrypt.Operations != 1 || m.Decrypt.Errors != 1 || m.Retrieve.Operations != 0 {
		t.Errorf("no scratch: counted as %+v", m)
	}
	for _, grow := range []string{"none", "nil"} {
		before = k.Metrics()
		o = opening{noDest: true, grow: grow}
		_, err = o.openMany(k, items)
		check("no memory for the results", o, err)
		// The decryptions took place.
		if m := added(before, k.Metrics()); m.Retrieve.Operations != 0 || m.Decrypt.Operations != 4 || m.Decrypt.Errors != 1 {
			t.Errorf("no memory for the results: counted as %+v", m)
		}
	}
	k.Wipe() // returns
}

// Seals of many open one by one; each has a nonce of its own.
func TestSealManyIsSealOfEach(t *testing.T) {
	one, many := testKeyring(t, testKey(1), nil, "t"), testKeyring(t, testKey(1), nil, "t")
	r := rand.New(rand.NewPCG(5, 6))
	nonces := map[string]bool{}
	for round := range 100 {
		items := make([]batch.Item, r.IntN(20))
		for i := range items {
			items[i] = batch.Item{CacheKey: fmt.Appendf(nil, "key %d", i), In: randomPayload(r)}
			if r.IntN(10) == 0 {
				items[i].CacheKey = make([]byte, limits.MaxCacheKeySize+1)
			}
		}
		most := 1 + r.IntN(10_000)
		if one.SetMaxPayload(most) != nil || many.SetMaxPayload(most) != nil {
			t.Fatal(most)
		}
		var dest []byte
		to := from(func(n int) []byte { dest = bytes.Repeat([]byte{0xdd}, n); return dest })
		oneBefore, manyBefore := one.Metrics(), many.Metrics()
		results, rotate, err := many.SealMany(to, batch.Of(items), "json")
		var first error
		end := 0
		for i, item := range items {
			want, _, wantErr := one.Seal(fresh(), item.CacheKey, item.In, "json")
			if codes.Of(item.Err) != codes.Of(wantErr) || len(item.Out) != len(want) {
				t.Errorf("round %d, item %d: %d bytes, %v; alone %d, %v", round, i, len(item.Out), item.Err, len(want), wantErr)
			}
			if first == nil {
				first = wantErr
			}
			if item.Err != nil {
				continue
			}
			end = batch.Add(end, len(item.Out))
			if nonce := string(item.Out[:limits.NonceSize]); nonces[nonce] {
				t.Errorf("round %d, item %d: a nonce comes twice", round, i)
			} else {
				nonces[nonce] = true
			}
			got, _, err := one.Open(fresh(), memory.Make, nil, item.CacheKey, item.Out, "json")
			if err != nil || !bytes.Equal(got, item.In) {
				t.Errorf("round %d, item %d: %d bytes open, %v", round, i, len(got), err)
			}
		}
		if codes.Of(err) != codes.Of(first) || rotate || end > 0 && len(results) > end {
			t.Errorf("round %d: %v and %t, the first is %v; %d bytes", round, err, rotate, first, len(results))
		}
		got, want := added(manyBefore, many.Metrics()), added(oneBefore, one.Metrics())
		want.Retrieve, want.Decrypt = got.Retrieve, got.Decrypt
		if got != want || many.Metrics().LastCompressionRatio != one.Metrics().LastCompressionRatio {
			t.Errorf("round %d: counts\n%+v, one by one\n%+v", round, got, want)
		}
		// Where an envelope was made and not encrypted, and behind each entry, nothing is left.
		if end <= len(dest) && !bytetest.Only(dest[end:], 0, 0xdd) {
			t.Errorf("round %d: something is left behind the results", round)
		}
	}
}

// The time of an encryption is not that of the compression before it.
func TestSealManyTimesEach(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	if err := k.SetLevel(limits.MaxLevel); err != nil {
		t.Fatal(err)
	}
	items := make([]batch.Item, 8)
	for i := range items {
		items[i].In = append(bytetest.Noise(40_000), bytes.Repeat([]byte("text, and more of it; "), 20_000)...)
	}
	if _, _, err := k.SealMany(fresh(), batch.Of(items), "json"); err != nil {
		t.Fatal(err)
	}
	if m := k.Metrics(); m.Store.TimedOperations != 8 || m.Store.TotalNS == 0 || m.Encrypt.TotalNS > m.Store.TotalNS/2 {
		t.Errorf("%+v stored, %+v encrypted", m.Store, m.Encrypt)
	}
}

// Items that pass the threshold are warned, those beyond the last nonce fail, and leave
// nothing behind.
func TestSealManyWearsOut(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	items := make([]batch.Item, 5)
	for i := range items {
		items[i].In = []byte("a payload")
	}
	seal := func() (dest []byte, rotate bool, err error) {
		_, rotate, err = k.SealMany(from(func(n int) []byte { dest = make([]byte, n); return dest }), batch.Of(items), "json")
		return dest, rotate, err
	}
	k.made.Store(limits.RotationThreshold - 5)
	if _, rotate, err := seal(); rotate || err != nil {
		t.Errorf("before the threshold: %t, %v", rotate, err)
	}
	k.made.Store(limits.RotationThreshold - 2)
	if _, rotate, err := seal(); !rotate || err != nil {
		t.Errorf("at the threshold: %t, %v", rotate, err)
	}
	k.made.Store(limits.MaxEncryptions - 2)
	dest, rotate, err := seal()
	if !rotate || codes.Of(err) != codes.CounterExhausted || bytes.Contains(dest, []byte("payload")) {
		t.Errorf("at the end: %t, %v, or the payload is left", rotate, err)
	}
	for i, item := range items {
		if failed := i >= 2; failed != errors.Is(item.Err, codes.CounterExhausted) || failed != (item.Out == nil) {
			t.Errorf("item %d: %d bytes, %v", i, len(item.Out), item.Err)
		}
	}
	k.Wipe()
	before := k.Metrics()
	if _, _, err := seal(); !errors.Is(err, ErrWiped) {
		t.Errorf("wiped: %v", err)
	}
	if m := added(before, k.Metrics()); m.Encrypt.Errors != 5 || m.Encrypt.Operations != 5 || m.Store.Errors != 0 {
		t.Errorf("wiped: %+v", m)
	}
}

// What is wrong with the call is the error of every item.
func TestManyRefusedAsAWhole(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	var unmade TenantKeyring
	none := from(func(int) []byte { t.Error("memory for what is refused"); return nil })
	items := make([]batch.Item, 3)
	for _, c := range []struct {
		k      *TenantKeyring
		format string
		want   codes.Code
	}{
		{k, "\xff", codes.InvalidInput},
		{k, string(make([]byte, limits.MaxFormatSize+1)), codes.InputTooLarge},
		{&unmade, "json", codes.InvalidHandle},
	} {
		for name, err := range map[string]error{
			"seal": func() error { _, _, err := c.k.SealMany(none, batch.Of(items), c.format); return err }(),
			"open": func() error {
				_, err := c.k.OpenMany(none, memory.Make, nil, batch.Of(items), c.format)
				return err
			}(),
		} {
			if codes.Of(err) != c.want {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
			for i, item := range items {
				if codes.Of(item.Err) != c.want {
					t.Errorf("%s, item %d: %v", name, i, item.Err)
				}
			}
		}
	}
	if m := k.Metrics(); m.Store.Errors != 6 || m.Decrypt.Errors != 6 || m.Encrypt.Operations != 0 || m.Retrieve.Operations != 0 {
		t.Errorf("counted as %+v", m)
	}
}

// Whoever panics amid a call makes the items errors that count; Wipe does not wait for
// them, and nothing of a payload is left.
func TestManyPanics(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "t")
	items := make([]batch.Item, 3)
	for i := range items {
		sealed, _, err := k.Seal(fresh(), nil, []byte("a payload"), "json")
		if err != nil {
			t.Fatal(err)
		}
		items[i].In = sealed
	}
	var dest, scratch []byte
	makeDest := from(func(n int) []byte { dest = make([]byte, n); return dest })
	makeScratch := func(n int) []byte { scratch = make([]byte, n); return scratch }
	bad := func(int) []byte { panic("no more of this") }
	for name, f := range map[string]func(){
		"seal, dest":    func() { k.SealMany(from(bad), batch.Of(items), "json") },
		"seal, fill":    func() { k.SealMany(makeDest, &panicking{Slice: batch.Of(items)}, "json") },
		"open, scratch": func() { k.OpenMany(fresh(), bad, nil, batch.Of(items), "json") },
		"open, dest":    func() { k.OpenMany(from(bad), makeScratch, nil, batch.Of(items), "json") },
		"open, grow": func() {
			k.OpenMany(fresh(), makeScratch, func([]byte, int) []byte { panic("grow") }, batch.Of(items), "json")
		},
		"open, fill": func() { k.OpenMany(makeDest, makeScratch, nil, &panicking{Slice: batch.Of(items)}, "json") },
	} {
		dest, scratch = nil, nil
		if !panics(f) {
			t.Errorf("%s: no panic", name)
		}
		if !bytetest.Only(dest, 0) || !bytetest.Only(scratch, 0) {
			t.Errorf("%s: something is left", name)
		}
	}
	if m := k.Metrics(); m.Decrypt.Errors == 0 || m.Retrieve.Errors == 0 {
		t.Errorf("counted as %+v", m)
	}
	k.Wipe() // returns
}

// panicking panics when the second item is done.
type panicking struct{ batch.Slice }

func (p *panicking) Done(i int, out []byte, err error) {
	if i == 1 {
		panic("done")
	}
	p.Slice.Done(i, out, err)
}
