//go:build !race

// The race detector keeps copies of its own, and makes the search slow.

package encryption

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// inMemory counts the places in this process's writable memory that hold the
// bytes whose complements are given. The complement keeps the pattern itself
// from being found.
func inMemory(t *testing.T, complement []byte) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	mem, err2 := os.Open("/proc/self/mem")
	if err := errors.Join(err, err2); err != nil {
		need.Missing(t, "cannot read this process's memory: "+err.Error())
	}
	defer mem.Close()
	const chunk = 1 << 20
	buffer := make([]byte, chunk)
	found := 0
	lines := bufio.NewScanner(bytes.NewReader(maps))
	for lines.Scan() {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") {
			continue
		}
		for at := from; at < to; at += chunk - KeySize {
			clear(buffer)
			n, err := mem.ReadAt(buffer[:min(chunk, to-at)], int64(at))
			if err != nil && err != io.EOF && n == 0 {
				break
			}
			for i := range n - len(complement) + 1 {
				same := true
				for j, c := range complement {
					if buffer[i+j] != ^c {
						same = false
						break
					}
				}
				if same {
					found++
				}
			}
		}
	}
	clear(buffer)
	return found
}

// The derived key is 32 bytes that stand in memory only while something uses
// them; the first round keys of AES-256 are the key itself.
func TestNoDerivedKeyIsLeftInMemory(t *testing.T) {
	master := bytes.Repeat([]byte("0123456789abcdef"), 2)
	var key [KeySize]byte
	if err := DeriveDomainKeyInto(&key, master, []byte("memory"), []byte(domainEncryption)); err != nil {
		t.Fatal(err)
	}
	complement := make([]byte, KeySize)
	for i, b := range key[:] { // ranging over the array itself would copy it
		complement[i] = ^b
	}
	if inMemory(t, complement) == 0 {
		t.Fatal("the key is in memory, and was not found there")
	}
	clear(key[:])

	cycle := func() {
		ring, err := NewTenantKeyring(master, nil, []byte("memory"))
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := ring.Seal([]byte("k"), []byte("data"), "msgpack")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := ring.Open([]byte("k"), sealed, "msgpack"); err != nil {
			t.Fatal(err)
		}
		ring.Wipe()

		var keys TenantKeys
		if err := keys.Derive(master, []byte("memory")); err != nil {
			t.Fatal(err)
		}
		everyPath(t, func(t *testing.T) {
			e := newEncryptor(t)
			sealed, err := e.Encrypt(keys.Encryption[:], []byte("data"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := e.Decrypt(keys.Encryption[:], sealed, nil); err != nil {
				t.Fatal(err)
			}
			e.Wipe()
		})
		keys.Wipe()
	}
	for range 100 {
		cycle()
	}
	runtime.GC()
	// A key that is not wiped is left once or more for each of the 100 cycles.
	// A few are what the saved registers of preempted goroutines can leave.
	const stray = 20
	if n := inMemory(t, complement); n > stray {
		t.Errorf("the key is left in %d places", n)
	}
	// A hash keeps its state, whose last value is the key, in 32-bit words.
	for word := range slices.Chunk(complement, 4) {
		slices.Reverse(word)
	}
	if n := inMemory(t, complement); n > stray {
		t.Errorf("the key is left in %d places as the state of a hash", n)
	}
}
