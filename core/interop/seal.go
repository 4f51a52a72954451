package interop

import (
	"sync"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/internal/memory"
)

// format is what the authenticated data of an interop entry says of it,
// together with "not compressed".
const format = core.DefaultFormat

// Seal encrypts a value under the current key of k and binds it to k's tenant
// and to its cache key, which is one that [Key] made: the encrypted entry that
// the SDKs store, [encryption.Overhead] bytes longer than the value.
//
// The value has to pass [Check]; it need not be canonical. Other errors are
// those of [encryption.TenantKeyring.Encrypt]. Where no tenant is named, all
// SDKs take [encryption.DefaultTenant].
func Seal(k *encryption.TenantKeyring, key string, value []byte) ([]byte, error) {
	return AppendSeal(nil, k, key, value)
}

// AppendSeal appends the entry that [Seal] returns to dst, whose free capacity
// must not overlap value. After an error dst comes back as it was.
func AppendSeal(dst []byte, k *encryption.TenantKeyring, key string, value []byte) ([]byte, error) {
	out := dst
	if len(value) <= core.MaxPayloadSize {
		out = memory.Grow(dst, len(value)+encryption.Overhead)
	}
	n, _, err := SealInto(out[len(out):cap(out)], k, key, value)
	if err != nil {
		return dst, err
	}
	return out[:len(out)+n], nil
}

// SealInto writes the entry that [Seal] returns to dst and returns its size.
// rotate is that of [encryption.TenantKeyring.EncryptInto], which also says
// what dst may be.
func SealInto(dst []byte, k *encryption.TenantKeyring, key string, value []byte) (n int, rotate bool, err error) {
	if err := Check(value); err != nil {
		return 0, false, err
	}
	room := aadRooms.Get().(*aadRoom)
	defer aadRooms.Put(room)
	aad, err := appendAAD(room, k, key)
	if err != nil {
		return 0, false, err
	}
	return k.EncryptInto(dst, value, aad)
}

// Open returns the value of an entry that [Seal] or an SDK made for the same
// tenant and cache key, and the index of the key that opened it, 0 for the
// current one.
//
// Errors are those of [encryption.TenantKeyring.Decrypt], and those of [Check]
// for a value that was sealed though it is not one document. No error leads to
// another attempt: nothing comes back that was not authenticated.
func Open(k *encryption.TenantKeyring, key string, sealed []byte) (value []byte, keyIndex int, err error) {
	return AppendOpen(nil, k, key, sealed)
}

// AppendOpen appends the value that [Open] returns to dst, whose free capacity
// must not overlap sealed. After an error dst comes back as it was.
func AppendOpen(dst []byte, k *encryption.TenantKeyring, key string, sealed []byte) (value []byte, keyIndex int, err error) {
	out := dst
	if n := len(sealed) - encryption.Overhead; n >= 0 && n <= core.MaxPayloadSize {
		out = memory.Grow(dst, n)
	}
	n, keyIndex, err := OpenInto(out[len(out):cap(out)], k, key, sealed)
	if err != nil {
		return dst, 0, err
	}
	return out[:len(out)+n], keyIndex, nil
}

// OpenInto writes the value that [Open] returns to dst and returns its size.
// [encryption.TenantKeyring.DecryptInto] says what dst may be. After any error
// dst holds no plaintext.
func OpenInto(dst []byte, k *encryption.TenantKeyring, key string, sealed []byte) (n, keyIndex int, err error) {
	room := aadRooms.Get().(*aadRoom)
	defer aadRooms.Put(room)
	aad, err := appendAAD(room, k, key)
	if err != nil {
		return 0, 0, err
	}
	n, keyIndex, err = k.DecryptInto(dst, sealed, aad)
	if err != nil {
		return n, keyIndex, err
	}
	if err := Check(dst[:n]); err != nil {
		memory.Clear(dst[:n])
		return 0, 0, err
	}
	return n, keyIndex, nil
}

// aadRoom holds the authenticated data of an entry whose tenant has up to some
// 100 bytes. It comes from a pool, since on the stack it would not stay there:
// the compiler cannot see that no cipher keeps what it is given. Nothing in it
// is secret.
type aadRoom struct {
	key [MaxKeySize]byte
	aad [MaxKeySize + 128]byte
}

var aadRooms = sync.Pool{New: func() any { return new(aadRoom) }}

func appendAAD(room *aadRoom, k *encryption.TenantKeyring, key string) ([]byte, error) {
	if len(key) > MaxKeySize {
		return nil, core.ErrInputTooLarge
	}
	return k.AppendAAD(room.aad[:0], append(room.key[:0], key...), format, false)
}
