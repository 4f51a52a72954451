package encryption_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

// masterKey stands for 32 random bytes that the environment or a secret store
// holds; see MasterKeyFromEnv.
func masterKey(n byte) []byte {
	key := make([]byte, 32)
	key[0] = n
	return key
}

func Example() {
	keyring, err := encryption.NewKeyring(masterKey(1))
	if err != nil {
		log.Fatal(err)
	}
	tenant, err := keyring.ForTenant([]byte(encryption.DefaultTenant))
	keyring.Wipe()
	if err != nil {
		log.Fatal(err)
	}
	defer tenant.Wipe()

	// Compressed, encrypted, and bound to its key in the cache.
	entry, err := tenant.Seal([]byte("users:42"), []byte(`{"name":"Ada"}`), "json")
	if err != nil {
		log.Fatal(err)
	}

	data, _, err := tenant.Open([]byte("users:42"), entry, "json")
	fmt.Printf("%s %v\n", data, err)

	_, _, err = tenant.Open([]byte("users:43"), entry, "json")
	fmt.Println(err)
	// Output:
	// {"name":"Ada"} <nil>
	// cachekit: decryption failed: keys tried: 1, ciphertext: 66 bytes, AAD: 40 bytes
}

func ExampleEncryptor() {
	keys, err := encryption.DeriveTenantKeys(masterKey(1), []byte("acme"))
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Wipe()

	encryptor, err := encryption.NewEncryptor()
	if err != nil {
		log.Fatal(err)
	}
	ciphertext, err := encryptor.Encrypt(keys.Encryption[:], []byte("secret"), []byte("users:42"))
	if err != nil {
		log.Fatal(err)
	}
	plaintext, err := encryptor.Decrypt(keys.Encryption[:], ciphertext, []byte("users:42"))
	fmt.Printf("%d bytes, %s, %v\n", len(ciphertext), plaintext, err)
	fmt.Println(encryptor.Counter(), "encryption, rotation needed:", encryptor.RotationNeeded())
	// Output:
	// 34 bytes, secret, <nil>
	// 1 encryption, rotation needed: false
}

// A new master key comes, the old one keeps opening what it wrote, and goes
// when nothing needs it any more.
func ExampleKeyring_rotation() {
	bind := func(current []byte, decryptOnly ...[]byte) *encryption.TenantKeyring {
		keyring, err := encryption.NewKeyring(current, decryptOnly...)
		if err != nil {
			log.Fatal(err)
		}
		defer keyring.Wipe()
		tenant, err := keyring.ForTenant([]byte("acme"))
		if err != nil {
			log.Fatal(err)
		}
		return tenant
	}
	entry, err := bind(masterKey(1)).Seal([]byte("k"), []byte("written long ago"), "text")
	if err != nil {
		log.Fatal(err)
	}

	rotated := bind(masterKey(2), masterKey(1))
	data, keyIndex, err := rotated.Open([]byte("k"), entry, "text")
	fmt.Printf("%s, by key %d, %v\n", data, keyIndex, err)

	_, _, err = bind(masterKey(2)).Open([]byte("k"), entry, "text")
	fmt.Println(errors.Is(err, core.ErrDecryptionFailed))
	// Output:
	// written long ago, by key 1, <nil>
	// true
}

func ExampleTenantKeyring_SealInto() {
	tenant, err := encryption.NewTenantKeyring(masterKey(1), nil, []byte("acme"))
	if err != nil {
		log.Fatal(err)
	}
	defer tenant.Wipe()
	data := []byte("no allocation for this entry")
	buffer := make([]byte, encryption.SealBound(len(data), len("text")))
	n, rotate, err := tenant.SealInto(buffer, []byte("k"), data, "text")
	fmt.Println(n <= len(buffer), rotate, err)
	if rotate {
		log.Print("more than half of this key's nonces are used: time for the next key")
	}
	// Output: true false <nil>
}

// A new master key, as text for CACHEKIT_MASTER_KEY.
func ExampleGenerateKey() {
	key, err := encryption.GenerateKey()
	if err != nil {
		log.Fatal(err)
	}
	defer clear(key[:])
	digits := hex.EncodeToString(key[:])

	parsed, err := encryption.ParseMasterKey(digits)
	fmt.Println(len(digits), "digits,", len(parsed), "bytes,", bytes.Equal(parsed, key[:]), err)
	// Output:
	// 64 digits, 32 bytes, true <nil>
}

// One call for the entries that a cache has returned for several keys.
func ExampleTenantKeyring_OpenMany() {
	keyring, err := encryption.NewTenantKeyring(bytes.Repeat([]byte{1}, 32), nil, []byte("acme"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer keyring.Wipe()
	items := []core.Item{
		{CacheKey: []byte("users:1"), In: []byte(`{"name":"Ada"}`)},
		{CacheKey: []byte("users:2"), In: []byte(`{"name":"Grace"}`)},
	}
	if err := keyring.SealMany(items, "json"); err != nil {
		fmt.Println(err)
		return
	}
	for i := range items {
		items[i].In = items[i].Out
	}
	items[1].CacheKey = []byte("users:3") // somebody copied it there
	if err := keyring.OpenMany(items, "json"); err != nil {
		fmt.Println(err)
	}
	for _, item := range items {
		fmt.Printf("%s: %s\n", item.CacheKey, item.Out)
	}
	// Output:
	// cachekit: decryption failed: items[1]: keys tried: 1, ciphertext: 70 bytes, AAD: 36 bytes
	// users:1: {"name":"Ada"}
	// users:3:
}
