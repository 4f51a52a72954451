package crypt

import (
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// SealInterop returns the entry of a value that other languages read: the value as it
// is, encrypted and bound to its key, in memory from dst, which may overlap value as
// encryption.Encryptor.EncryptInto allows. See encryption.TenantKeyring.
func (k *TenantKeyring) SealInterop(dst *memory.Dest, key string, value []byte) (entry []byte, rotate bool, err error) {
	if err := k.Check(); err != nil {
		return nil, false, err
	}
	var room [aadRoom]byte
	aad, err := k.interopAAD(room[:], key)
	if err != nil {
		k.encrypt.Fail(k.encrypt.Begin(0))
		return nil, false, err
	}
	return k.encryptAs(aDocument, dst, value, aad)
}

// OpenInterop returns the value of what SealInterop made. One that is no document is
// wiped.
func (k *TenantKeyring) OpenInterop(dst *memory.Dest, key string, sealed []byte) (value []byte, keyIndex int, err error) {
	if err := k.Check(); err != nil {
		return nil, 0, err
	}
	var room [aadRoom]byte
	aad, err := k.interopAAD(room[:], key)
	if err != nil {
		k.decrypt.Fail(k.decrypt.Begin(0))
		return nil, 0, err
	}
	return k.decryptAs(aDocument, allKeys, dst, sealed, aad)
}

func (k *TenantKeyring) interopAAD(room []byte, key string) ([]byte, error) {
	if len(key) > limits.MaxInteropKeySize {
		return nil, codes.InputTooLarge.Because("an interop key of %d bytes, at most %d", len(key), limits.MaxInteropKeySize)
	}
	return k.aad(room, memory.Bytes(key), limits.DefaultFormat, false)
}
