// Command go compresses and encrypts a value, then brings it back.
package main

import (
	"crypto/rand"
	"fmt"
	"log"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

func main() {
	value := []byte(`[{"id":1,"name":"Ada","role":"reader"},` +
		`{"id":2,"name":"Grace","role":"reader"},` +
		`{"id":3,"name":"Radia","role":"reader"},` +
		`{"id":4,"name":"Barbara","role":"reader"}]`)
	cacheKey := []byte("users:all")

	// Compressed and checked, not secret.
	storage := core.NewByteStorage("json")
	envelope, err := storage.Store(value)
	check(err)
	back, err := storage.Retrieve(envelope)
	check(err)
	fmt.Printf("%d bytes: %d in an envelope, %d back\n", len(value), len(envelope), len(back))

	// Secret too, and bound to tenant and cache key. encryption.KeyringFromEnv
	// reads real master keys; this one is for this run.
	master := make([]byte, encryption.KeySize)
	rand.Read(master)
	keyring, err := encryption.NewTenantKeyring(master, nil, []byte("acme"))
	clear(master)
	check(err)
	defer keyring.Wipe()

	sealed, err := keyring.Seal(cacheKey, value, "json")
	check(err)
	back, _, err = keyring.Open(cacheKey, sealed, "json")
	check(err)
	fmt.Printf("%d bytes: %d encrypted, %d back\n%s\n", len(value), len(sealed), len(back), back)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
