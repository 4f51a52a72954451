package lz4block

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// FuzzRoundTrip checks that data come back, by every pair of paths.
func FuzzRoundTrip(f *testing.F) {
	for _, kind := range kinds {
		f.Add(generate(kind, 1, 200))
		f.Add(generate(kind, 2, 3000))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		checkRoundTrip(t, nil, "input", data, true)
	})
}

// FuzzDecode checks that all decoders agree about any bytes.
func FuzzDecode(f *testing.F) {
	for _, kind := range kinds {
		f.Add(encode(generate(kind, 3, 300)), uint16(300))
	}
	if dir, ok := need.FindVectors("lz4-pierrec-fuzz/uncompress"); ok {
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, file := range files {
			if block, err := os.ReadFile(file); err == nil {
				f.Add(block, uint16(1000))
			}
		}
	}
	f.Add([]byte("\x30abc\x03\x00\x20de"), uint16(9))
	f.Add([]byte("\x30abc\x03\x00\x2fde"), uint16(9))
	f.Fuzz(func(t *testing.T, block []byte, room uint16) {
		data, err := decodings(t, "input", block, int(room))
		if err != nil {
			return
		}
		eachPath(t, func(path string) {
			checkInPlace(t, "input", path, block, data)
			again := encode(data)
			out := make([]byte, len(data))
			if n, err := Decode(out, again); err != nil || !bytes.Equal(out[:n], data) {
				t.Fatalf("%s: %d bytes do not come back: %v", path, len(data), err)
			}
		})
	})
}
