package interop_test

import (
	"errors"
	"fmt"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"
)

// The key under which every SDK stores get_user(42).
func ExampleKey() {
	key, err := interop.Key("users", "get_user", 42)
	if err != nil {
		panic(err)
	}
	fmt.Println(key)
	// Output: users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875
}

// The order of maps and sets, and the types of equal numbers, do not matter.
func ExampleKey_equal() {
	a, _ := interop.Key("search", "find", map[string]any{"page": 2, "tags": interop.Set{"red", "blue"}})
	b, _ := interop.Key("search", "find", map[string]any{"tags": interop.Set{"blue", "red", "red"}, "page": 2.0})
	fmt.Println(a == b)
	// Output: true
}

func ExampleKeyFromMsgpack() {
	args := []byte{0x91, 0xcd, 0x00, 0x2a} // [42], wider than it has to be
	key, err := interop.KeyFromMsgpack("users", "get_user", args)
	if err != nil {
		panic(err)
	}
	fmt.Println(key)
	// Output: users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875
}

func ExampleValue() {
	value, err := interop.Value(map[string]any{"name": "alice", "age": 30})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%x\n", value)
	// Output: 82a36167651ea46e616d65a5616c696365
}

func ExampleCanonical() {
	doc := []byte("\x82\xa1b\xcd\x00\x02\xa1a\x01") // {"b": 2, "a": 1}
	canonical, err := interop.Canonical(doc)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%x\n", canonical)
	// Output: 82a16101a16202
}

func ExampleParse() {
	v, err := interop.Parse([]byte("\x82\xa3age\x1e\xa4name\xa5alice"))
	if err != nil {
		panic(err)
	}
	user := v.(map[string]any)
	fmt.Println(user["name"], user["age"])
	// Output: alice 30
}

// A reader finds out before it builds anything.
func ExampleCheck() {
	for _, doc := range []string{"\x92\x01\x02", "\xdd\xff\xff\xff\xff", "CK\x03\x00\x00\x00\x02{}"} {
		err := interop.Check([]byte(doc))
		fmt.Println(errors.Is(err, core.ErrInvalidInput), err)
	}
	// Output:
	// false <nil>
	// true cachekit: invalid input: MessagePack claims more content than there is, at byte 0 of 5
	// true cachekit: invalid input: an entry in the private frame of the Python SDK (CK 03), not an interop value; its writer does not use interop mode
}

// An encrypted entry: what is stored under key is sealed.
func Example_encrypted() {
	master := []byte("32 bytes from a random generator") // or encryption.MasterKeyFromEnv
	keyring, err := encryption.NewTenantKeyring(master, nil, []byte(encryption.DefaultTenant))
	if err != nil {
		panic(err)
	}
	key, err := interop.Key("users", "get_user", 42)
	if err != nil {
		panic(err)
	}
	value, err := interop.Value(map[string]any{"name": "alice", "age": 30})
	if err != nil {
		panic(err)
	}
	sealed, err := keyring.SealInterop(key, value)
	if err != nil {
		panic(err)
	}

	opened, keyIndex, err := keyring.OpenInterop(key, sealed)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d bytes, opened by key %d: %x\n", len(sealed), keyIndex, opened)
	// Output: 45 bytes, opened by key 0: 82a36167651ea46e616d65a5616c696365
}
