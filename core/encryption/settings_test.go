package encryption

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
)

func TestSealAtLevels(t *testing.T) {
	k := testKeyring(t, testKey(1), nil, "acme")
	data := bytes.Repeat([]byte("a cache entry, and one more "), 300)
	for i := range data {
		data[i] += byte(i / 100 % 7)
	}
	sizes := map[int]int{}
	for level := core.DefaultLevel; level <= core.MaxLevel; level++ {
		if err := k.SetLevel(level); err != nil {
			t.Fatal(err)
		}
		entry, err := k.Seal([]byte("k"), data, "json")
		if err != nil {
			t.Fatal(err)
		}
		sizes[level] = len(entry)
		if got, _, err := k.Open([]byte("k"), entry, "json"); err != nil || !bytes.Equal(got, data) {
			t.Errorf("level %d: %d bytes come back, %v", level, len(got), err)
		}
	}
	if sizes[core.MaxLevel] >= sizes[core.DefaultLevel] {
		t.Errorf("sizes are %v", sizes)
	}
}

// An entry as long as no writer makes one of so little is refused before it is
// decrypted; the longest that a writer makes is not.
func TestMaxPayloadOfEntries(t *testing.T) {
	const most = 2000
	limited, other := testKeyring(t, testKey(1), nil, "acme"), testKeyring(t, testKey(1), nil, "acme")
	if err := limited.SetMaxPayload(most); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]error{0: nil, most: nil, most + 1: core.ErrInputTooLarge, 10 * most: core.ErrInputTooLarge} {
		data := bytetest.Noise(n)
		entry, err := other.Seal([]byte("k"), data, "json")
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := limited.Open([]byte("k"), entry, "json")
		if !errors.Is(err, want) || want == nil && !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d come back, %v, want %v", n, len(got), err, want)
		}
		if want != nil && !core.IsMiss(err) {
			t.Errorf("%d bytes: what is above the limit is no miss", n)
		}
		if _, err := limited.Seal([]byte("k"), data, "json"); !errors.Is(err, want) {
			t.Errorf("Seal of %d bytes: %v, want %v", n, err, want)
		}
		ciphertext, err := other.Encrypt(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := limited.Decrypt(ciphertext, nil); !errors.Is(err, want) {
			t.Errorf("Decrypt of %d bytes: %v, want %v", n, err, want)
		}
		if _, err := limited.Encrypt(data, nil); !errors.Is(err, want) {
			t.Errorf("Encrypt of %d bytes: %v, want %v", n, err, want)
		}
	}
}
