package aesgcm

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name   string
		best   path
		limit  string
		broken []path
		want   path
	}{
		{"best", avx512, "", nil, avx512},
		{"best without AVX-512", avx2, "", nil, avx2},
		{"plain CPU", stdlib, "", nil, stdlib},
		{"forced down one", avx512, "avx2", nil, avx2},
		{"forced down two", avx512, "stdlib", nil, stdlib},
		{"forced to what is best anyway", avx512, "avx512", nil, avx512},
		{"cannot be forced up from avx2", avx2, "avx512", nil, avx2},
		{"cannot be forced up from stdlib", stdlib, "avx2", nil, stdlib},
		{"no such path", avx512, "AVX2", nil, avx512},
		{"self-test fails", avx512, "", []path{avx512}, avx2},
		{"both self-tests fail", avx512, "", []path{avx512, avx2}, stdlib},
		{"self-test of the forced path fails", avx512, "avx2", []path{avx2}, stdlib},
		{"what is forced away is not tested", avx512, "avx2", []path{avx512}, avx2},
		{"stdlib is not tested", stdlib, "", []path{stdlib}, stdlib},
	} {
		works := func(p path) bool { return !slices.Contains(c.broken, p) }
		if got := choose(c.best, c.limit, works); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestEnvironment runs this test in processes with CACHEKIT_AES set. They tell what
// their CPU has, as an emulator may run them on another.
func TestEnvironment(t *testing.T) {
	const child = "CACHEKIT_AES_TEST"
	if os.Getenv(child) != "" {
		fmt.Printf("path=%s best=%s\n%s\n", Path(), detect(), Warning())
		return
	}
	for value, limit := range map[string]path{"": avx512, "avx512": avx512, "avx2": avx2, "stdlib": stdlib, "anything": avx512} {
		out, err := need.Process(t, child+"=1", "CACHEKIT_AES="+value)
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		right := false
		for best := stdlib; best <= avx512; best++ {
			right = right || strings.Contains(string(out), fmt.Sprintf("path=%s best=%s\n", min(limit, best), best))
		}
		if named := strings.Contains(string(out), "CACHEKIT_AES="+value+" is unknown\n"); named != (value == "anything") {
			t.Errorf("CACHEKIT_AES=%s: %s", value, out)
		}
		if !right {
			t.Errorf("CACHEKIT_AES=%s: %s", value, out)
		}
	}
}

func TestKnownAnswers(t *testing.T) {
	for _, m := range knownAnswers {
		sealed := twin(t, counting(1, KeySize)).Seal(nil, counting(2, NonceSize), counting(3, m.plaintext), counting(4, m.aad))
		if tag := hex.EncodeToString(sealed[m.plaintext:]); tag != m.tag {
			t.Errorf("%d bytes, %d of additional data: tag %s, want %s", m.plaintext, m.aad, m.tag, tag)
		}
	}
	for _, p := range availablePaths() {
		if !p.selfTest() {
			t.Errorf("%v: self-test fails", p)
		}
	}
}

// TestSelfTestNotices gives the self-test implementations with one mistake each.
func TestSelfTestNotices(t *testing.T) {
	k := NewKey(counting(1, KeySize))
	if !selfTest(k.Seal, k.Open) {
		t.Fatal("the self-test refuses what is right")
	}
	for name, broken := range map[string]struct {
		seal func(dst, nonce, plaintext, aad []byte)
		open func(dst, nonce, ciphertext, aad []byte) bool
	}{
		"another key":   {NewKey(counting(2, KeySize)).Seal, NewKey(counting(2, KeySize)).Open},
		"another nonce": {func(dst, nonce, p, aad []byte) { k.Seal(dst, counting(3, NonceSize), p, aad) }, k.Open},
		"aad left out":  {func(dst, nonce, p, aad []byte) { k.Seal(dst, nonce, p, nil) }, k.Open},
		"long aad cut":  {func(dst, nonce, p, aad []byte) { k.Seal(dst, nonce, p, aad[:min(512, len(aad))]) }, k.Open},
		"wrong beyond 1 KiB": {func(dst, nonce, p, aad []byte) {
			p = bytes.Clone(p)
			if len(p) > 1024 {
				p[1024] ^= 1
			}
			k.Seal(dst, nonce, p, aad)
		}, k.Open},
		"opens anything": {k.Seal, func(dst, nonce, c, aad []byte) bool {
			ok := k.Open(dst, nonce, c, aad)
			return ok || len(dst) > 0
		}},
		"opens nothing":   {k.Seal, func(dst, nonce, c, aad []byte) bool { return false }},
		"wrong plaintext": {k.Seal, func(dst, nonce, c, aad []byte) bool { ok := k.Open(dst, nonce, c, aad); dst[0] ^= 1; return ok }},
	} {
		if selfTest(broken.seal, broken.open) {
			t.Errorf("%s: not noticed", name)
		}
	}
}

func TestNames(t *testing.T) {
	for p, want := range map[path]string{stdlib: "stdlib", avx2: "avx2", avx512: "avx512"} {
		use(t, p)
		if Path() != want {
			t.Errorf("Path is %s, want %s", Path(), want)
		}
		if SetupIsCheap() != (p != stdlib) {
			t.Errorf("%s: SetupIsCheap is %v", want, SetupIsCheap())
		}
		if p != stdlib && !Accelerated() {
			t.Errorf("%s: not accelerated", want)
		}
	}
}
