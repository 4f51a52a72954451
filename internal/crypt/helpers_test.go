package crypt

import (
	"bytes"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// everyPath runs a test with keys expanded for each message and with keys kept.
func everyPath(t *testing.T, f func(t *testing.T)) {
	before := setupIsCheap
	defer func() { setupIsCheap = before }()
	for name, cheap := range map[string]bool{"key expanded each time": true, "key kept": false} {
		setupIsCheap = cheap
		t.Run(name, f)
	}
}

func testKey(n byte) []byte { return bytes.Repeat([]byte{n}, limits.KeySize) }

func newEncryptor(t testing.TB) *Encryptor {
	t.Helper()
	e := new(Encryptor)
	if err := e.Init(); err != nil {
		t.Fatal(err)
	}
	return e
}

func testKeyring(t testing.TB, current []byte, decryptOnly [][]byte, tenant string) *TenantKeyring {
	t.Helper()
	k := new(TenantKeyring)
	if err := k.Init(current, decryptOnly, []byte(tenant)); err != nil {
		t.Fatal(err)
	}
	return k
}

// from is memory of an allocator.
func from(alloc memory.Alloc) *memory.Dest {
	to := memory.From(alloc)
	return &to
}

// fresh is memory that Go allocates.
func fresh() *memory.Dest { return from(memory.Make) }

// into is a buffer.
func into(buffer []byte) *memory.Dest {
	to := memory.Into(buffer)
	return &to
}

// entryAAD is what an entry of the keyring is bound to.
func entryAAD(t testing.TB, k *TenantKeyring, cacheKey, format string, compressed bool) []byte {
	t.Helper()
	aad, err := AAD(fresh(), k.tenant, []byte(cacheKey), format, compressed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return aad
}

// panics tells whether f does.
func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
