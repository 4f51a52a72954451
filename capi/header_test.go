//go:build cgo

package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/exposition"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

func header(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../include/cachekit.h")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestConstantsOfTheHeader(t *testing.T) {
	text := header(t)
	for name, want := range map[string]int{
		"MAX_PAYLOAD_SIZE":         core.MaxPayloadSize,
		"MAX_ENVELOPE_SIZE":        core.MaxEnvelopeSize,
		"MAX_FORMAT_SIZE":          core.MaxFormatSize,
		"MAX_CACHE_KEY_SIZE":       encryption.MaxCacheKeySize,
		"CHECKSUM_SIZE":            core.ChecksumSize,
		"KEY_SIZE":                 encryption.KeySize,
		"FINGERPRINT_SIZE":         encryption.FingerprintSize,
		"NONCE_SIZE":               encryption.NonceSize,
		"TAG_SIZE":                 encryption.TagSize,
		"CIPHERTEXT_OVERHEAD":      encryption.Overhead,
		"MIN_MASTER_KEY_SIZE":      encryption.MinMasterKeySize,
		"MAX_DOMAIN_SIZE":          encryption.MaxDomainSize,
		"MAX_SALT_SIZE":            encryption.MaxTenantSize,
		"MAX_DECRYPT_ONLY_KEYS":    encryption.MaxDecryptOnlyKeys,
		"INTEROP_KEY_BUFFER_SIZE":  interop.MaxKeySize + 1,
		"MAX_DETAIL_SIZE":          codes.MaxDetail,
		"MAX_METRICS_NAME_SIZE":    core.MaxMetricsNameSize,
		"METRICS_TEXT_BUFFER_SIZE": limits.MetricsTextBufferSize,
		"DEFAULT_LEVEL":            core.DefaultLevel,
		"MAX_LEVEL":                core.MaxLevel,
	} {
		m := regexp.MustCompile(`#define CACHEKIT_` + name + ` (\d+)\b`).FindSubmatch(text)
		if m == nil {
			t.Errorf("no CACHEKIT_%s in the header", name)
		} else if got, _ := strconv.Atoi(string(m[1])); got != want {
			t.Errorf("CACHEKIT_%s is %d in the header, %d in Go", name, got, want)
		}
	}
}

// The header says how many handles there can be, and README too.
func TestNumberOfHandles(t *testing.T) {
	const said = "1,048,576"
	if n := len(storages.chunks) * len(storages.chunks[0].Load()); n != 1_048_576 {
		t.Errorf("there are %d slots, header and README say %s", n, said)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"cachekit.h": header(t), "README.md": readme} {
		if !bytes.Contains(text, []byte(said)) {
			t.Errorf("%s does not say %s", name, said)
		}
	}
}

// The C library promises a bound that core's must not exceed.
func TestCompressedBoundCoversTheEnvelope(t *testing.T) {
	block, envelope := extras(t)
	for _, n := range []int{0, 1, 254, 255, 256, 65535, 65536, 1 << 20, core.MaxPayloadSize} {
		if promised, needed := n+n/255+block+envelope, core.EnvelopeBound(n, len(core.DefaultFormat)); needed > promised {
			t.Errorf("%d bytes: core needs %d, the header promises %d", n, needed, promised)
		}
	}
}

// The bound of metrics as text is a sum in the header.
func TestHeaderSaysTheBoundOfMetricsAsText(t *testing.T) {
	none := exposition.Bound(0)
	if said := fmt.Sprintf("Bound: %d + %d * strlen(name);", none, exposition.Bound(1)-none); !bytes.Contains(header(t), []byte(said)) {
		t.Errorf("the header does not say %s", said)
	}
}

// A slot that holds nothing makes Go dereference nil, as a defect would.
func TestPanicBecomesInternal(t *testing.T) {
	if got := ckgo_encryptor_metrics(7, nil); codes.Code(got) != codes.Internal {
		t.Errorf("a panic came to %v, not to %v", codes.Code(got), codes.Internal)
	}
}
