package encryption

import "github.com/cachekit-go/cachekit-core/internal/memory"

// SealInterop encrypts a value under the current key and binds it to the tenant and
// to its cache key, which is one that interop.Key made: the encrypted entry that the
// SDKs of other languages store, Overhead bytes longer than the value. A key above
// interop.MaxKeySize is core.ErrInputTooLarge.
//
// The value has to pass interop.Check, or counts as an encryption that failed; it
// need not be canonical. Other errors are those of Encrypt. Where no tenant is named,
// all SDKs take DefaultTenant.
func (k *TenantKeyring) SealInterop(key string, value []byte) ([]byte, error) {
	return k.AppendSealInterop(nil, key, value)
}

// AppendSealInterop appends the entry that SealInterop returns to dst, whose free
// capacity must not overlap value. After an error dst comes back as it was.
func (k *TenantKeyring) AppendSealInterop(dst []byte, key string, value []byte) ([]byte, error) {
	to := memory.Behind(dst)
	entry, _, err := k.keyring.SealInterop(&to, key, value)
	if err != nil {
		return dst, err
	}
	return to.With(entry), nil
}

// SealInteropInto writes the entry that SealInterop returns to dst and returns its
// size. rotate is that of EncryptInto, which also says what dst may be.
func (k *TenantKeyring) SealInteropInto(dst []byte, key string, value []byte) (n int, rotate bool, err error) {
	to := memory.Into(dst)
	entry, rotate, err := k.keyring.SealInterop(&to, key, value)
	n, err = to.Size(entry, err)
	return n, rotate, err
}

// OpenInterop returns the value of an entry that SealInterop or an SDK made for the
// same tenant and cache key, and the index of the key that opened it, 0 for the
// current one.
//
// Errors are those of Decrypt, and those of interop.Check for a value that was sealed
// though it is not one document, which counts as a decryption that failed. No error
// leads to another attempt: nothing comes back that was not authenticated.
func (k *TenantKeyring) OpenInterop(key string, sealed []byte) (value []byte, keyIndex int, err error) {
	return k.AppendOpenInterop(nil, key, sealed)
}

// AppendOpenInterop appends the value that OpenInterop returns to dst, whose free
// capacity must not overlap sealed. After an error dst comes back as it was.
func (k *TenantKeyring) AppendOpenInterop(dst []byte, key string, sealed []byte) (value []byte, keyIndex int, err error) {
	to := memory.Behind(dst)
	value, keyIndex, err = k.keyring.OpenInterop(&to, key, sealed)
	if err != nil {
		return dst, 0, err
	}
	return to.With(value), keyIndex, nil
}

// OpenInteropInto writes the value that OpenInterop returns to dst and returns its
// size. DecryptInto says what dst may be. After any error dst holds no plaintext.
func (k *TenantKeyring) OpenInteropInto(dst []byte, key string, sealed []byte) (n, keyIndex int, err error) {
	to := memory.Into(dst)
	value, keyIndex, err := k.keyring.OpenInterop(&to, key, sealed)
	n, err = to.Size(value, err)
	return n, keyIndex, err
}
