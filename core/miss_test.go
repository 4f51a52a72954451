package core_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// readers are all calls that read an entry.
func readers(s *core.ByteStorage) map[string]func(entry []byte) error {
	room := make([]byte, 4096)
	return map[string]func(entry []byte) error{
		"Retrieve":         func(entry []byte) error { _, err := s.Retrieve(entry); return err },
		"AppendRetrieve":   func(entry []byte) error { _, err := s.AppendRetrieve(nil, entry); return err },
		"RetrieveInto":     func(entry []byte) error { _, err := s.RetrieveInto(room, entry); return err },
		"Validate":         s.Validate,
		"Decompress":       func(entry []byte) error { _, err := core.Decompress(entry); return err },
		"AppendDecompress": func(entry []byte) error { _, err := core.AppendDecompress(nil, entry); return err },
		"DecompressInto":   func(entry []byte) error { _, err := core.DecompressInto(room, entry); return err },
		"Inspect":          func(entry []byte) error { _, err := core.Inspect(entry); return err },
	}
}

// Whatever is wrong with an entry, each call that finds it says that it is a miss, as
// it is and wrapped; and errors.Is finds what it is.
func TestEveryDamagedEntryIsAMiss(t *testing.T) {
	type damage struct {
		name  string
		entry []byte
		want  error
	}
	sound := store(t, hello)
	entries := []damage{
		{"no bytes", nil, core.ErrInvalidInput},
		{"something else", []byte("not an envelope"), core.ErrInvalidInput},
		{"one cut short", sound[:len(sound)-1], core.ErrInvalidInput},
		{"one byte too many", append(store(t, hello), 0), core.ErrInvalidInput},
		{"a format that is not UTF-8", with(func(p *parts) { p.format = str("\xff") }), core.ErrInvalidInput},
		{"an unsound map", mapOf(partsOf(hello).pairs()[0]), core.ErrInvalidInput},
		{"a claim above 512 MiB", with(func(p *parts) { p.size = integer(core.MaxPayloadSize + 1) }), core.ErrInputTooLarge},
		{"512 MiB and a byte", make([]byte, core.MaxEnvelopeSize+1), core.ErrInputTooLarge}, // zero pages that nothing touches
		{"a bomb", with(func(p *parts) { p.size = integer(core.MaxPayloadSize) }), core.ErrDecompressionBomb},
		{"an empty block", with(func(p *parts) { p.block = bin(nil) }), core.ErrDecompressionBomb},
		{"a broken block", with(func(p *parts) { p.block = bin([]byte{0x0f, 0, 0}) }), core.ErrDecompressionFailed},
		{"a broken block of integers", with(func(p *parts) { p.block = integers([]byte{0x0f, 0, 0}) }), core.ErrDecompressionFailed},
	}
	for want, entry := range damaged(jsonLike(1000)) {
		entries = append(entries, damage{want.Error(), entry, want})
	}
	seen := map[error]bool{}
	for _, e := range entries {
		for how, read := range readers(core.NewByteStorage(core.DefaultFormat)) {
			err := read(e.entry)
			if err == nil && how == "Inspect" && e.want != core.ErrInvalidInput && e.want != core.ErrInputTooLarge && e.want != core.ErrDecompressionBomb {
				continue // only decompression shows it
			}
			seen[e.want] = true
			for _, err := range []error{err, fmt.Errorf("key %q: %w", "k", err), errors.Join(io.EOF, err)} {
				if !errors.Is(err, e.want) || !core.IsMiss(err) {
					t.Errorf("%s: %s gives %v, a miss: %t, want %v", e.name, how, err, core.IsMiss(err), e.want)
				}
			}
			if reason, ok := strings.CutPrefix(fmt.Sprint(err), e.want.Error()+": "); !ok || reason == "" {
				t.Errorf("%s: %s says %q, want %q and a reason", e.name, how, err, e.want)
			}
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d errors came up, want 6", len(seen))
	}
}

// What another entry, or another try, would meet too is no miss, though it be the same
// error.
func TestWrongArgumentsAreNoMiss(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	tooMuch := make([]byte, core.MaxPayloadSize+1) // zero pages that nothing touches
	long := strings.Repeat("f", core.MaxFormatSize+1)
	sound := store(t, hello)
	var zero core.ByteStorage
	calls := map[string]struct {
		call func() error
		want error
	}{
		"Store of too much":                 {func() error { _, err := s.Store(tooMuch); return err }, core.ErrInputTooLarge},
		"AppendStore of too much":           {func() error { _, err := s.AppendStore(nil, tooMuch, ""); return err }, core.ErrInputTooLarge},
		"StoreInto of too much":             {func() error { _, err := s.StoreInto(nil, tooMuch, ""); return err }, core.ErrInputTooLarge},
		"Compress of too much":              {func() error { _, err := core.Compress(tooMuch); return err }, core.ErrInputTooLarge},
		"AppendCompress of too much":        {func() error { _, err := core.AppendCompress(nil, tooMuch); return err }, core.ErrInputTooLarge},
		"CompressInto of too much":          {func() error { _, err := core.CompressInto(nil, tooMuch); return err }, core.ErrInputTooLarge},
		"EstimateCompression of too much":   {func() error { _, err := s.EstimateCompression(tooMuch); return err }, core.ErrInputTooLarge},
		"a format too long":                 {func() error { _, err := s.AppendStore(nil, hello, long); return err }, core.ErrInputTooLarge},
		"a format that is not UTF-8":        {func() error { _, err := s.AppendStore(nil, hello, "\xff"); return err }, core.ErrInvalidInput},
		"a default format that is not":      {func() error { _, err := core.NewByteStorage("\xff").Store(hello); return err }, core.ErrInvalidInput},
		"StoreInto a buffer too short":      {func() error { _, err := s.StoreInto(nil, hello, ""); return err }, core.ErrBufferTooSmall},
		"CompressInto a buffer too short":   {func() error { _, err := core.CompressInto(nil, hello); return err }, core.ErrBufferTooSmall},
		"RetrieveInto a buffer too short":   {func() error { _, err := s.RetrieveInto(nil, sound); return err }, core.ErrBufferTooSmall},
		"DecompressInto a buffer too short": {func() error { _, err := core.DecompressInto(nil, sound); return err }, core.ErrBufferTooSmall},
	}
	for how, read := range readers(&zero) {
		if strings.Contains(how, "ecompress") || how == "Inspect" {
			continue // these are no methods
		}
		for i, entry := range [][]byte{sound, nil} {
			calls[fmt.Sprintf("%s by a zero ByteStorage, %d", how, i)] = struct {
				call func() error
				want error
			}{func() error { return read(entry) }, core.ErrInvalidHandle}
		}
	}
	for name, c := range calls {
		if err := c.call(); !errors.Is(err, c.want) || core.IsMiss(err) {
			t.Errorf("%s: %v, a miss: %t, want %v", name, err, core.IsMiss(err), c.want)
		}
	}
	for how, read := range readers(s) {
		if err := read(sound); err != nil || core.IsMiss(err) {
			t.Errorf("%s of what is sound: %v, a miss: %t", how, err, core.IsMiss(err))
		}
	}
}

// By themselves, those are misses that nothing but an entry can cause.
func TestWhichErrorsAreMisses(t *testing.T) {
	misses := map[error]bool{
		core.ErrChecksumMismatch: true, core.ErrDecompressionFailed: true, core.ErrDecryptionFailed: true,
		core.ErrDecompressionBomb: true, core.ErrSizeValidationFailed: true,
	}
	for _, p := range pinned {
		if p.sentinel == nil {
			continue
		}
		for _, err := range []error{p.sentinel, fmt.Errorf("wrapped: %w", p.sentinel)} {
			if core.IsMiss(err) != misses[p.sentinel] {
				t.Errorf("%v: a miss: %t", err, core.IsMiss(err))
			}
		}
		delete(misses, p.sentinel)
	}
	if len(misses) > 0 {
		t.Errorf("not among all errors: %v", misses)
	}
	for _, err := range []error{nil, io.EOF, errors.New(core.ErrChecksumMismatch.Error())} {
		if core.IsMiss(err) {
			t.Errorf("%v is a miss", err)
		}
	}
}
