package survey

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/core"
)

func envelope(t testing.TB, payload string) []byte {
	t.Helper()
	e, err := core.Compress([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSums(t *testing.T) {
	s := New()
	small, large := envelope(t, "hello"), envelope(t, strings.Repeat("hello, cachekit! ", 5000))
	for i := range 20 {
		s.Add(fmt.Sprint("small", i), entry.Look(small, entry.Options{}))
	}
	s.Add("large", entry.Look(large, entry.Options{}))
	for i := range 20 {
		s.Add(strings.Repeat("x", 1000)+fmt.Sprint(i), entry.Look(small[:10], entry.Options{}))
	}
	s.Add("text", entry.Look([]byte("hello"), entry.Options{}))
	s.Skip("a list")
	s.Skip("a list")
	s.Sort()

	bytes := int64(20*len(small) + len(large) + 20*10 + 5)
	if s.Total.Entries != 42 || s.Total.Bytes != bytes || s.Total.PayloadBytes != 20*5+17*5000 || s.Total.SealedBytes != int64(20*len(small)+len(large)) {
		t.Errorf("total %+v, want %d bytes", s.Total, bytes)
	}
	if len(s.Kinds) != 3 || s.Kinds[0].Kind != entry.Envelope || s.Kinds[0].State != entry.Intact || s.Kinds[0].Entries != 21 {
		t.Errorf("kinds %+v", s.Kinds)
	}
	counted := 0
	for i, size := range s.Sizes {
		counted += size.Entries
		if size.Entries > 0 && (size.Bytes > size.UpTo*int64(size.Entries) || i > 0 && size.Bytes <= size.UpTo/2*int64(size.Entries)) {
			t.Errorf("up to %d: %d entries of %d bytes", size.UpTo, size.Entries, size.Bytes)
		}
	}
	if counted != 42 {
		t.Errorf("%d entries have a size", counted)
	}
	if len(s.Largest) != Listed || s.Largest[0].Key != "large" || s.Largest[1].Key != "small0" || len(s.Damaged) != Listed || len(s.Damaged[0].Key) != maxName {
		t.Errorf("largest %v, damaged %v", s.Largest, s.Damaged)
	}
	if s.Skipped["a list"] != 2 {
		t.Errorf("skipped %v", s.Skipped)
	}
	if len(s.Levels) != len(Levels) || s.Levels[0].Bytes != s.Levels[0].Now || s.Levels[3].Entries != 21 {
		t.Errorf("levels %+v", s.Levels)
	}
}

// What is found of a level is what storing at that level gives.
func TestLevels(t *testing.T) {
	payload := strings.Repeat(`{"name":"a","role":"reader"},{"name":"bb","role":"writer"},`, 200)
	s := New()
	s.Add("k", entry.Look(envelope(t, payload), entry.Options{}))
	for i, level := range Levels {
		storage := core.NewByteStorage(core.DefaultFormat)
		if err := storage.SetLevel(level); err != nil {
			t.Fatal(err)
		}
		again, err := storage.Store([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		if l := s.Levels[i]; l.Level != level || l.Bytes != int64(len(again)) || l.Entries != 1 {
			t.Errorf("%+v, want %d bytes", l, len(again))
		}
	}
}

// What grows with the number of entries is bounded.
func TestMemoryIsBounded(t *testing.T) {
	s := New()
	value := envelope(t, strings.Repeat("a", 1000))
	report := entry.Look(value, entry.Options{})
	for i := range 10_000 {
		s.Add(fmt.Sprint(i), report)
	}
	if s.Levels[0].Entries != sampledEntries || len(s.Largest) != Listed || len(s.Kinds) != 1 {
		t.Errorf("%d entries sampled, %d listed, %d kinds", s.Levels[0].Entries, len(s.Largest), len(s.Kinds))
	}
}

func TestPlotIsSVG(t *testing.T) {
	full := New()
	for _, n := range []int{1, 100, 1000, 100_000} {
		full.Add("k", entry.Look(bytes.Repeat([]byte{0xff}, n), entry.Options{}))
	}
	many := New()
	for i := range 20 {
		many.Kinds = append(many.Kinds, &KindSum{Kind: entry.Kind(fmt.Sprint("kind", i)), Sum: Sum{Bytes: int64(20 - i)}})
		many.key(i).Entries = i
	}
	for name, s := range map[string]*Survey{"nothing": New(), "some": full, "many": many} {
		var picture bytes.Buffer
		if err := s.Plot(&picture, `users:* <&">`); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if text := picture.String(); strings.Contains(text, "others") != (name == "many") || strings.Contains(text, "master key") != (name == "many") {
			t.Errorf("%s: not the kinds or keys that there are: %s", name, text)
		}
		for d := xml.NewDecoder(&picture); ; {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 64 << 20: "64 MiB", 5 << 30: "5 GiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
