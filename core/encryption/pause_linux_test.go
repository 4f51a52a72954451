package encryption

import (
	"errors"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/pausetest"
)

// TestPauses stops the world again and again while each function works on
// hundreds of MiB.
func TestPauses(t *testing.T) {
	if !pausetest.Alone(t, "", "CACHEKIT_AES=avx2", "CACHEKIT_LZ4=portable") {
		return
	}
	const size = 384 << 20
	data, sealed, key := make([]byte, size), make([]byte, SealBound(size, 100)), make([]byte, KeySize)
	for i := range data {
		data[i] = byte(i * i >> 11)
	}
	k, err := NewTenantKeyring(key, [][]byte{append(make([]byte, 31), 1)}, []byte("tenant"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEncryptor()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	pausetest.Run(t, "Encryptor.EncryptInto", func() (err error) { n, _, err = e.EncryptInto(sealed, key, data, nil); return err })
	pausetest.Run(t, "Encryptor.DecryptInto", func() error { _, err := e.DecryptInto(data, key, sealed[:n], nil); return err })
	pausetest.Run(t, "EncryptInto", func() (err error) { n, _, err = k.EncryptInto(sealed, data, nil); return err })
	pausetest.Run(t, "DecryptInto", func() error { _, _, err := k.DecryptInto(data, sealed[:n], nil); return err })
	pausetest.Run(t, "DecryptAtInto", func() error { _, err := k.DecryptAtInto(data, 0, sealed[:n], nil); return err })
	pausetest.Run(t, "DecryptInto of a forgery", func() error {
		if _, _, err := k.DecryptInto(data, sealed[:n], []byte("other")); !errors.Is(err, core.ErrDecryptionFailed) {
			return errors.New("it opened")
		}
		return nil
	})
	pausetest.Run(t, "SealInto", func() (err error) { n, _, err = k.SealInto(sealed, []byte("key"), data, "f"); return err })
	pausetest.Run(t, "Open", func() error { _, _, err := k.Open([]byte("key"), sealed[:n], "f"); return err })

	// Little data, and much of what it is bound to.
	pausetest.Run(t, "additional data", func() (err error) { n, _, err = k.EncryptInto(sealed, data[:10], data); return err })
	format := strings.Repeat("é", size/2)
	pausetest.Run(t, "AppendAAD, with room", func() error {
		_, err := AppendAAD(sealed[:0], []byte("t"), data[:100], format, false, "")
		return err
	})
	pausetest.Run(t, "AppendAAD", func() error { _, err := AppendAAD(nil, []byte("t"), data[:100], format, false, ""); return err })
	pausetest.Run(t, "a long master key", func() error { _, err := DeriveTenantKeys(data, []byte("t")); return err })
	pausetest.Run(t, "its fingerprint", func() error { KeyFingerprint(data); return nil })
}
