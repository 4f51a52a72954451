package entry

import (
	"errors"
)

// ErrFrame is the answer of Reseal for a ciphertext in a frame of the Python SDK, whose
// header names the key: only that SDK can write it anew.
var ErrFrame = errors.New("encrypted inside a frame of the Python SDK, which that SDK alone can seal again")

// Reseal returns the ciphertext that a key, but not the current one, opened as r says,
// encrypted under the current key and bound to the same. It is nil where there is nothing
// to do: the current key opened it, or none, or it is no ciphertext.
func (o Options) Reseal(value []byte, r *Report) ([]byte, error) {
	if r.Frame != nil && r.Frame.Encrypted && r.Inside != nil && r.Inside.Opened != nil && r.Inside.Opened.KeyIndex > 0 {
		return nil, ErrFrame
	}
	if r.Opened == nil || r.Opened.KeyIndex == 0 {
		return nil, nil
	}
	b := r.Opened.Binding
	keyring, err := o.Keys.Tenant(b.Tenant)
	if err != nil {
		return nil, err
	}
	aad, err := b.aad(o.CacheKey)
	if err != nil {
		return nil, err
	}
	// What was opened may be a part of the plaintext, so it is opened once more.
	plaintext, err := keyring.DecryptAt(r.Opened.KeyIndex, value, aad)
	if err != nil {
		return nil, err
	}
	defer clear(plaintext)
	return keyring.Encrypt(plaintext, aad)
}
