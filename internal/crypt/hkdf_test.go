package crypt

import (
	"bytes"
	"crypto/fips140"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// RFC 5869, appendix A.1 to A.3: the first 32 bytes of each output.
var rfc5869 = []struct{ ikm, salt, info, okm string }{
	{
		"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
	},
	{
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f" +
			"303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
		"606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f" +
			"909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
		"b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf" +
			"e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		"b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
	},
	{
		"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
	},
}

// checkHKDF compares as many bytes as both have; 32 are all we ever derive.
func checkHKDF(t *testing.T, name string, ikm, salt, info, okm []byte) {
	t.Helper()
	var out [32]byte
	hkdfSHA256(&out, ikm, salt, info)
	n := min(len(okm), len(out))
	if !bytes.Equal(out[:n], okm[:n]) {
		t.Errorf("%s: %x, want %x", name, out, okm)
	}
}

func TestHKDFRFC5869(t *testing.T) {
	for i, v := range rfc5869 {
		checkHKDF(t, fmt.Sprintf("A.%d", i+1), bytetest.Unhex(t, v.ikm), bytetest.Unhex(t, v.salt), bytetest.Unhex(t, v.info), bytetest.Unhex(t, v.okm))
	}
}

func TestHKDFRing(t *testing.T) {
	count := 0
	for block := range strings.SplitSeq(string(need.Vectors(t, "ring/hkdf_tests.txt")), "\n\n") {
		fields := map[string]string{}
		name := ""
		for line := range strings.Lines(block) {
			line = strings.TrimSpace(line)
			if comment, ok := strings.CutPrefix(line, "# "); ok {
				name = comment
			} else if key, value, ok := strings.Cut(line, " = "); ok {
				fields[key] = strings.Trim(value, `"`)
			}
		}
		if fields["Hash"] != "SHA256" {
			continue
		}
		count++
		checkHKDF(t, name, bytetest.Unhex(t, fields["IKM"]), bytetest.Unhex(t, fields["salt"]), bytetest.Unhex(t, fields["info"]), bytetest.Unhex(t, fields["OKM"]))
	}
	need.Count(t, "ring vectors", count, 5)
}

func TestHKDFWycheproof(t *testing.T) {
	var file struct {
		NumberOfTests int `json:"numberOfTests"`
		TestGroups    []struct {
			Tests []struct {
				TcID    int          `json:"tcId"`
				Comment string       `json:"comment"`
				IKM     bytetest.Hex `json:"ikm"`
				Salt    bytetest.Hex `json:"salt"`
				Info    bytetest.Hex `json:"info"`
				Size    int          `json:"size"`
				OKM     bytetest.Hex `json:"okm"`
				Result  string       `json:"result"`
			} `json:"tests"`
		} `json:"testGroups"`
	}
	if err := json.Unmarshal(need.Vectors(t, "wycheproof/hkdf_sha256_test.json"), &file); err != nil {
		t.Fatal(err)
	}
	valid, tooLarge := 0, 0
	for _, g := range file.TestGroups {
		for _, v := range g.Tests {
			if v.Result == "invalid" {
				// All of these ask for more than 255 blocks; a size of one
				// block is all that can be asked for here.
				if v.Size <= 255*32 {
					t.Errorf("tcId %d: invalid for another reason than its size", v.TcID)
				}
				tooLarge++
				continue
			}
			valid++
			if len(v.OKM) != v.Size {
				t.Errorf("tcId %d: %d bytes for a size of %d", v.TcID, len(v.OKM), v.Size)
			}
			checkHKDF(t, fmt.Sprintf("tcId %d %s", v.TcID, v.Comment), v.IKM, v.Salt, v.Info, v.OKM)
		}
	}
	need.Count(t, "tests", valid+tooLarge, file.NumberOfTests)
	need.Count(t, "valid tests", valid, 83)
	need.Count(t, "tests of too large a size", tooLarge, 3)
}

func TestHKDFAgreesWithTheStandardLibrary(t *testing.T) {
	if fips140.Enforced() {
		t.Skip("SKIPPED: the standard library refuses short keys where FIPS 140-3 mode is enforced")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	for i := range 2000 {
		ikm, salt, info := random(i%200), random(rng.IntN(200)), random(rng.IntN(300))
		want, err := hkdf.Key(sha256.New, ikm, salt, string(info), 32)
		if err != nil {
			t.Fatal(err)
		}
		var got [32]byte
		hkdfSHA256(&got, ikm, salt, info)
		if !bytes.Equal(got[:], want) {
			t.Fatalf("secret %d, salt %d, info %d bytes: %x, want %x", len(ikm), len(salt), len(info), got, want)
		}
	}
}
