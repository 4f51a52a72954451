package aesgcm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// vector is a published test case. If reject is set, it must not open.
type vector struct {
	name                         string
	key, nonce, msg, aad, sealed []byte
	reject                       bool
}

// TestPaperVectors has cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode
// of Operation (GCM)", appendix B: those with a 256-bit key and a 96-bit nonce.
func TestPaperVectors(t *testing.T) {
	const (
		key   = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
		nonce = "cafebabefacedbaddecaf888"
		msg   = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
			"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
		aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
		ct  = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
			"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
	)
	zeros := strings.Repeat("0", 64)
	var vectors []vector
	for _, v := range []struct{ name, key, nonce, msg, aad, ct, tag string }{
		{"13", zeros, zeros[:24], "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
		{"14", zeros, zeros[:24], zeros[:32], "", "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
		{"15", key, nonce, msg, "", ct, "b094dac5d93471bdec1a502270e3cc6c"},
		{"16", key, nonce, msg[:120], aad, ct[:120], "76fc6ece0f4e1768cddf8853bb2d551b"},
	} {
		vectors = append(vectors, vector{"case " + v.name, bytetest.Unhex(t, v.key), bytetest.Unhex(t, v.nonce), bytetest.Unhex(t, v.msg), bytetest.Unhex(t, v.aad), bytetest.Unhex(t, v.ct+v.tag), false})
	}
	checkVectors(t, vectors, 4)
}

func TestWycheproof(t *testing.T) {
	var file struct {
		TestGroups []struct {
			KeySize, IVSize, TagSize int
			Tests                    []struct {
				TCID                       int
				Comment, Result            string
				Key, IV, AAD, Msg, CT, Tag string
			}
		}
	}
	if err := json.Unmarshal(need.Vectors(t, "wycheproof/aes_gcm_test.json"), &file); err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	for _, g := range file.TestGroups {
		if g.KeySize != 256 || g.IVSize != 96 || g.TagSize != 128 {
			continue
		}
		for _, v := range g.Tests {
			name := fmt.Sprintf("tcId %d (%s)", v.TCID, v.Comment)
			if v.Result != "valid" && v.Result != "invalid" {
				t.Errorf("%s: result %q", name, v.Result)
			}
			vectors = append(vectors, vector{name, bytetest.Unhex(t, v.Key), bytetest.Unhex(t, v.IV), bytetest.Unhex(t, v.Msg), bytetest.Unhex(t, v.AAD), bytetest.Unhex(t, v.CT+v.Tag), v.Result == "invalid"})
		}
	}
	checkVectors(t, vectors, 66)
}

// TestRingVectors leaves out the two cases with a nonce that is not 12 bytes long: the
// package takes no such nonce (TestWrongSizes).
func TestRingVectors(t *testing.T) {
	var vectors []vector
	wrongNonce := 0
	lines := bufio.NewScanner(bytes.NewReader(need.Vectors(t, "ring/aead_aes_256_gcm_tests.txt")))
	lines.Buffer(nil, 1<<20)
	for number, fields := 0, map[string]string{}; ; {
		more := lines.Scan()
		number++
		name, value, isField := strings.Cut(lines.Text(), " = ")
		switch {
		case more && strings.HasPrefix(name, "#"):
		case more && isField:
			fields[name] = strings.Trim(value, `"`)
		case fields["FAILS"] == "WRONG_NONCE_LENGTH":
			wrongNonce++
			clear(fields)
		case len(fields) > 0:
			field := func(name string) []byte { return bytetest.Unhex(t, fields[name]) }
			vectors = append(vectors, vector{fmt.Sprintf("case before line %d", number), field("KEY"), field("NONCE"), field("IN"),
				field("AD"), append(field("CT"), field("TAG")...), fields["FAILS"] != ""})
			clear(fields)
		}
		if !more {
			break
		}
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	if wrongNonce != 2 {
		t.Errorf("%d vectors with a nonce of another length, want 2", wrongNonce)
	}
	checkVectors(t, vectors, 65)
}

// checkVectors runs all vectors through every path, with a kept key and with a
// key for one message.
func checkVectors(t *testing.T, vectors []vector, count int) {
	t.Helper()
	if len(vectors) != count {
		t.Errorf("%d vectors, want %d", len(vectors), count)
	}
	eachPath(t, func(t *testing.T) {
		for _, v := range vectors {
			k := NewKey(v.key)
			msg, sealed := make([]byte, len(v.msg)), make([]byte, len(v.sealed))
			if !v.reject {
				k.Seal(sealed, v.nonce, v.msg, v.aad)
				if !bytes.Equal(sealed, v.sealed) {
					t.Errorf("%s: Seal gives %x", v.name, sealed)
				}
				clear(sealed)
				SealOnce(v.key, sealed, v.nonce, v.msg, v.aad)
				if !bytes.Equal(sealed, v.sealed) {
					t.Errorf("%s: SealOnce gives %x", v.name, sealed)
				}
			}
			for name, ok := range map[string]bool{
				"Open":     k.Open(msg, v.nonce, v.sealed, v.aad),
				"OpenOnce": OpenOnce(v.key, msg, v.nonce, v.sealed, v.aad),
			} {
				if ok == v.reject {
					t.Errorf("%s: %s returns %v", v.name, name, ok)
				}
				if ok && !bytes.Equal(msg, v.msg) {
					t.Errorf("%s: %s gives %x", v.name, name, msg)
				}
			}
		}
	})
}
