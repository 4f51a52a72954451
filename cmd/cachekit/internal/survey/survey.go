// Package survey adds up what was found out about many entries, in memory that does not
// grow with their number.
package survey

import (
	"cmp"
	"encoding/hex"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

const (
	// Listed is of how many entries the names are kept: the largest, and the first
	// damaged ones.
	Listed = 10

	// maxName is how much of a name is kept in bytes; one may have 512 MiB.
	maxName = 512

	// What is stored at other levels, to see what that would save: enough for a ratio,
	// and little enough not to be waited for.
	sampledEntries = 500
	sampledBytes   = 16 << 20
)

// Levels are those that are tried.
var Levels = []int{1, 3, 6, core.MaxLevel}

// Survey is what is known of all entries. Its JSON is that of the command.
type Survey struct {
	Total   Sum            `json:"total"`
	Kinds   []*KindSum     `json:"kinds"`
	Keys    []*KeySum      `json:"keys"` // by index, those that opened an entry
	Sizes   []*SizeSum     `json:"sizes"`
	Levels  []*LevelSum    `json:"levels"` // of the sample
	Largest []Named        `json:"largest"`
	Damaged []Named        `json:"damaged"` // the first ones
	Skipped map[string]int `json:"skipped"` // keys without an entry, by reason
}

// Sum adds up entries.
type Sum struct {
	Entries      int   `json:"entries"`
	Bytes        int64 `json:"bytes"`
	PayloadBytes int64 `json:"payload_bytes"` // of those whose payload was seen
	SealedBytes  int64 `json:"bytes_of_these"`
}

// Ratio is payload size / entry size of those whose payload was seen, 0 for none.
func (s Sum) Ratio() float64 {
	if s.SealedBytes == 0 {
		return 0
	}
	return float64(s.PayloadBytes) / float64(s.SealedBytes)
}

func (s *Sum) add(r *entry.Report) {
	s.Entries++
	s.Bytes += int64(r.Size)
	if r.State == entry.Intact && (r.Envelope != nil || r.Opened != nil || r.Frame != nil) {
		s.PayloadBytes += int64(len(r.Payload))
		s.SealedBytes += int64(r.Size)
	}
}

// KindSum is of one kind in one state.
type KindSum struct {
	Kind  entry.Kind  `json:"kind"`
	State entry.State `json:"state"`
	Sum
}

// KeySum is of the entries that one key opened.
type KeySum struct {
	Index        int               `json:"index"`
	Fingerprints map[string]string `json:"fingerprints"` // by tenant
	Sum
}

// SizeSum is of the entries of up to so many bytes, and more than half as many.
type SizeSum struct {
	UpTo int64 `json:"up_to"`
	Sum
}

// LevelSum is what envelopes of the sample would take at a level.
type LevelSum struct {
	Level   int   `json:"level"`
	Entries int   `json:"entries"`
	Bytes   int64 `json:"bytes"`
	Now     int64 `json:"bytes_now"`
}

// Saving is by which part they would be smaller.
func (l LevelSum) Saving() float64 { return 1 - float64(l.Bytes)/float64(max(l.Now, 1)) }

// Named is one entry.
type Named struct {
	Key    string `json:"key"` // the first 512 bytes
	KeyHex string `json:"key_hex,omitempty"`
	Bytes  int    `json:"bytes"`
	Damage string `json:"damage,omitempty"`
}

// HexUnlessText is a key or the name of a file in hexadecimal digits, where it is not UTF-8,
// since the strings of JSON cannot hold other bytes.
func HexUnlessText(name string) string {
	if utf8.ValidString(name) {
		return ""
	}
	return hex.EncodeToString([]byte(name))
}

// New returns a survey of nothing.
func New() *Survey {
	return &Survey{Skipped: map[string]int{}, Kinds: []*KindSum{}, Keys: []*KeySum{}, Sizes: []*SizeSum{},
		Levels: []*LevelSum{}, Largest: []Named{}, Damaged: []Named{}}
}

// Skip counts a key without an entry.
func (s *Survey) Skip(why string) { s.Skipped[why]++ }

// Add counts an entry.
func (s *Survey) Add(key string, r *entry.Report) {
	s.Total.add(r)
	s.kind(r.Kind, r.State).add(r)
	s.size(r.Size).add(r)
	if opened := r.Opening(); opened != nil {
		k := s.key(opened.KeyIndex)
		k.add(r)
		if len(k.Fingerprints) < Listed {
			k.Fingerprints[opened.Binding.Tenant] = opened.Fingerprint
		}
	}
	s.sample(r)
	key = beginning(key)
	named := Named{key, HexUnlessText(key), r.Size, r.Damage}
	if r.State == entry.Damaged && len(s.Damaged) < Listed {
		s.Damaged = append(s.Damaged, named)
	}
	at, _ := slices.BinarySearchFunc(s.Largest, named, func(a, b Named) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Key, b.Key)) // the same in whatever order they come
	})
	if at < Listed {
		s.Largest = slices.Insert(s.Largest, at, named)
		s.Largest = s.Largest[:min(len(s.Largest), Listed)]
	}
}

// beginning is what is kept of a key.
func beginning(key string) string {
	if len(key) <= maxName {
		return key
	}
	cut := strings.Clone(key[:maxName]) // and no more is kept in memory
	if utf8.ValidString(key) {
		cut = strings.ToValidUTF8(cut, "") // without a part of a character
	}
	return cut
}

func (s *Survey) kind(kind entry.Kind, state entry.State) *KindSum {
	for _, k := range s.Kinds {
		if k.Kind == kind && k.State == state {
			return k
		}
	}
	k := &KindSum{Kind: kind, State: state}
	s.Kinds = append(s.Kinds, k)
	return k
}

func (s *Survey) key(index int) *KeySum {
	for len(s.Keys) <= index {
		s.Keys = append(s.Keys, &KeySum{Index: len(s.Keys), Fingerprints: map[string]string{}})
	}
	return s.Keys[index]
}

// minSize is the first group of sizes.
const minSize = 64

func (s *Survey) size(n int) *SizeSum {
	i := 0
	if n > minSize {
		i = bits.Len(uint(n-1) / minSize)
	}
	for len(s.Sizes) <= i {
		s.Sizes = append(s.Sizes, &SizeSum{UpTo: minSize << len(s.Sizes)})
	}
	return s.Sizes[i]
}

// sample stores a payload at other levels. SCAN gives keys in no order that depends on
// their content, so the first entries are as good as any.
func (s *Survey) sample(r *entry.Report) {
	overhead, envelope := 0, r
	for envelope != nil && envelope.Kind != entry.Envelope {
		if envelope.Kind == entry.Sealed {
			overhead = encryption.Overhead
		}
		envelope = envelope.Inside
	}
	if envelope == nil || envelope.State != entry.Intact {
		return
	}
	if len(s.Levels) == 0 {
		for _, level := range Levels {
			s.Levels = append(s.Levels, &LevelSum{Level: level})
		}
	}
	if first := s.Levels[0]; first.Entries == sampledEntries || first.Now+int64(len(envelope.Payload)) > sampledBytes {
		return
	}
	for _, l := range s.Levels {
		storage := core.NewByteStorage(envelope.Envelope.Format)
		if storage.SetLevel(l.Level) != nil {
			return
		}
		again, err := storage.Store(envelope.Payload)
		if err != nil {
			return // a format that is longer than this library writes
		}
		l.Entries++
		l.Bytes += int64(len(again) + overhead)
		l.Now += int64(envelope.Size + overhead)
	}
}

// Sort puts the kinds into the order in which people read them: the most bytes first.
func (s *Survey) Sort() {
	slices.SortFunc(s.Kinds, func(a, b *KindSum) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.State, b.State))
	})
}
