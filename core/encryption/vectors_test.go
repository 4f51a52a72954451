package encryption

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// sealedVector is one published ciphertext and what it was made of.
type sealedVector struct {
	Name         string       `json:"name"`
	Plaintext    bytetest.Hex `json:"plaintext_hex"`
	CacheKey     string       `json:"cache_key"`
	Format       string       `json:"format"`
	Compressed   bool         `json:"compressed"`
	OriginalType *string      `json:"original_type"`
	AAD          bytetest.Hex `json:"aad_hex"`
	Ciphertext   bytetest.Hex `json:"ciphertext_hex"`
	Fingerprint  bytetest.Hex `json:"derived_key_fingerprint_hex"`
	MasterKey    string       `json:"master_key_hex"`
	RawKey       bytetest.Hex `json:"raw_key_hex"`

	EncryptedWith  string       `json:"encrypted_with"`
	KeyFingerprint bytetest.Hex `json:"key_fingerprint_hex"`
	SealedAs       string       `json:"sealed_as"`
	Reader         string       `json:"reader"`
	Outcome        string       `json:"outcome"`
}

type protocolVectors struct {
	Version     string       `json:"version"`
	MasterKey   bytetest.Hex `json:"master_key_hex"`
	TenantID    string       `json:"tenant_id"`
	Fingerprint bytetest.Hex `json:"derived_key_fingerprint_hex"`
	Keyring     struct {
		TenantID string `json:"tenant_id"`
		Entries  []struct {
			ID          string       `json:"id"`
			MasterKey   bytetest.Hex `json:"master_key_hex"`
			Fingerprint bytetest.Hex `json:"derived_key_fingerprint_hex"`
		} `json:"entries"`
		Vectors       []sealedVector `json:"vectors"`
		Configuration struct {
			Vectors []struct {
				Name        string   `json:"name"`
				Current     string   `json:"current_master_key_hex"`
				DecryptOnly []string `json:"decrypt_only_master_keys_hex"`
				Verdict     string   `json:"verdict"`
			} `json:"vectors"`
		} `json:"configuration"`
	} `json:"keyring"`
	Vectors    []sealedVector `json:"vectors"`
	AADRejects []sealedVector `json:"aad_reject_vectors"`
	Containers struct {
		Vectors []sealedVector `json:"vectors"`
	} `json:"decrypted_container"`
	DefaultTenant struct {
		TenantID    string         `json:"tenant_id"`
		Fingerprint bytetest.Hex   `json:"derived_key_fingerprint_hex"`
		Vectors     []sealedVector `json:"vectors"`
	} `json:"default_tenant"`
	MasterKeyInput struct {
		TenantID   string         `json:"tenant_id"`
		Accept     []sealedVector `json:"accept_vectors"`
		Reject     []sealedVector `json:"reject_vectors"`
		RawRejects []sealedVector `json:"raw_reject_vectors"`
	} `json:"master_key_input"`
}

func loadProtocol(t *testing.T) *protocolVectors {
	t.Helper()
	var p protocolVectors
	if err := json.Unmarshal(need.Vectors(t, "cachekit/encryption-1.5.0.json"), &p); err != nil {
		t.Fatal(err)
	}
	if p.Version != "1.5.0" {
		t.Fatalf("version %q", p.Version)
	}
	return &p
}

// aadOf is AppendAAD for a fifth component that may be there and empty.
func aadOf(tenant string, v *sealedVector) ([]byte, error) {
	to := memory.Behind(nil)
	return crypt.AAD(&to, []byte(tenant), []byte(v.CacheKey), v.Format, v.Compressed, v.OriginalType)
}

// check makes the AAD of v and opens its ciphertext in every way there is.
func (v *sealedVector) check(t *testing.T, master []byte, tenant string) {
	t.Helper()
	aad, err := aadOf(tenant, v)
	if err != nil || !bytes.Equal(aad, v.AAD) {
		t.Fatalf("%s: AAD %x, %v; want %x", v.Name, aad, err, v.AAD)
	}
	if v.OriginalType == nil || *v.OriginalType != "" {
		original := ""
		if v.OriginalType != nil {
			original = *v.OriginalType
		}
		got, err := AppendAAD([]byte("x"), []byte(tenant), []byte(v.CacheKey), v.Format, v.Compressed, original)
		if err != nil || string(got) != "x"+string(v.AAD) {
			t.Fatalf("%s: AppendAAD %x, %v", v.Name, got, err)
		}
	}

	keys, err := DeriveTenantKeys(master, []byte(tenant))
	if err != nil {
		t.Fatal(err)
	}
	got, err := newEncryptor(t).Decrypt(keys.Encryption[:], v.Ciphertext, aad)
	if err != nil || !bytes.Equal(got, v.Plaintext) {
		t.Fatalf("%s: Encryptor.Decrypt: %x, %v", v.Name, got, err)
	}
	ring := testKeyring(t, master, nil, tenant)
	got, index, err := ring.Decrypt(v.Ciphertext, aad)
	if err != nil || index != 0 || !bytes.Equal(got, v.Plaintext) {
		t.Fatalf("%s: TenantKeyring.Decrypt: %x, %d, %v", v.Name, got, index, err)
	}

	// The same plaintext under the same nonce is the same ciphertext.
	nonce := v.Ciphertext[:NonceSize]
	*id(ring) = [8]byte(nonce)
	spent(ring).Store(uint64(binary.BigEndian.Uint32(nonce[8:])))
	sealed, err := ring.Encrypt(v.Plaintext, aad)
	if err != nil || !bytes.Equal(sealed, v.Ciphertext) {
		t.Fatalf("%s: Encrypt under the vector's nonce: %x, %v", v.Name, sealed, err)
	}
}

func TestProtocolDerivationAndCiphertexts(t *testing.T) {
	p := loadProtocol(t)
	need.Count(t, "vectors", len(p.Vectors), 9)
	checkFingerprint(t, p.MasterKey, p.TenantID, p.Fingerprint)
	for _, v := range p.Vectors {
		v.check(t, p.MasterKey, p.TenantID)
	}
}

func checkFingerprint(t *testing.T, master []byte, tenant string, want []byte) {
	t.Helper()
	keys, err := DeriveTenantKeys(master, []byte(tenant))
	if err != nil {
		t.Fatal(err)
	}
	if got := KeyFingerprint(keys.Encryption[:]); !bytes.Equal(got[:], want) {
		t.Fatalf("tenant %q: fingerprint %x, want %x", tenant, got, want)
	}
	ring := testKeyring(t, master, nil, tenant)
	if got, err := ring.Fingerprint(0); err != nil || !bytes.Equal(got[:], want) {
		t.Fatalf("tenant %q: keyring fingerprint %x, %v, want %x", tenant, got, err, want)
	}
}

func TestProtocolAADRejects(t *testing.T) {
	p := loadProtocol(t)
	need.Count(t, "AAD rejects", len(p.AADRejects), 10)
	ring := testKeyring(t, p.MasterKey, nil, p.TenantID)
	byName := map[string]sealedVector{}
	for _, v := range p.Vectors {
		byName[v.Name] = v
	}
	for _, v := range p.AADRejects {
		right, ok := byName[v.SealedAs]
		if !ok || !bytes.Equal(right.Ciphertext, v.Ciphertext) {
			t.Fatalf("%s: not the ciphertext of %q", v.Name, v.SealedAs)
		}
		aad, err := aadOf(p.TenantID, &v)
		if err != nil || !bytes.Equal(aad, v.AAD) {
			t.Errorf("%s: AAD %x, %v", v.Name, aad, err)
		}
		if got, _, err := ring.Decrypt(v.Ciphertext, aad); len(got) > 0 || !errors.Is(err, core.ErrDecryptionFailed) {
			t.Errorf("%s: opened to %x, %v", v.Name, got, err)
		}
	}
}

func TestProtocolKeyring(t *testing.T) {
	p := loadProtocol(t)
	ring := &p.Keyring
	need.Count(t, "keyring entries", len(ring.Entries), 2)
	need.Count(t, "keyring vectors", len(ring.Vectors), 2)
	masters := map[string][]byte{}
	for _, e := range ring.Entries {
		masters[e.ID] = e.MasterKey
		checkFingerprint(t, e.MasterKey, ring.TenantID, e.Fingerprint)
	}
	for _, order := range [][]string{{"k1", "k2"}, {"k2", "k1"}} {
		k := testKeyring(t, masters[order[0]], [][]byte{masters[order[1]]}, ring.TenantID)
		for _, v := range ring.Vectors {
			want := 0
			if order[1] == v.EncryptedWith {
				want = 1
			}
			aad, err := AppendAAD(nil, k.TenantID(), []byte(v.CacheKey), v.Format, v.Compressed, "")
			if err != nil || !bytes.Equal(aad, v.AAD) {
				t.Fatalf("%s: AAD %x, %v", v.Name, aad, err)
			}
			got, index, err := k.Decrypt(v.Ciphertext, aad)
			if err != nil || index != want || !bytes.Equal(got, v.Plaintext) {
				t.Errorf("%s, ring %v: %x, key %d, %v", v.Name, order, got, index, err)
			}
			if fp, _ := k.Fingerprint(index); !bytes.Equal(fp[:], v.KeyFingerprint) {
				t.Errorf("%s: fingerprint of key %d is %x", v.Name, index, fp)
			}
			if got, err := k.DecryptAt(want, v.Ciphertext, aad); err != nil || !bytes.Equal(got, v.Plaintext) {
				t.Errorf("%s: DecryptAt(%d): %x, %v", v.Name, want, got, err)
			}
			if _, err := k.DecryptAt(1-want, v.Ciphertext, aad); !errors.Is(err, core.ErrDecryptionFailed) {
				t.Errorf("%s: DecryptAt with the other key: %v", v.Name, err)
			}
		}
	}
	for _, v := range ring.Vectors {
		v.check(t, masters[v.EncryptedWith], ring.TenantID)
	}
}

func TestProtocolKeyringConfiguration(t *testing.T) {
	rows := loadProtocol(t).Keyring.Configuration.Vectors
	need.Count(t, "configurations", len(rows), 4)
	for _, row := range rows {
		current := bytetest.Unhex(t, row.Current)
		var decryptOnly [][]byte
		for _, key := range row.DecryptOnly {
			decryptOnly = append(decryptOnly, bytetest.Unhex(t, key))
		}
		t.Setenv(MasterKeyVariable, row.Current)
		t.Setenv(PreviousMasterKeysVariable, strings.Join(row.DecryptOnly, ","))
		_, byBytes := NewKeyring(current, decryptOnly...)
		_, byTenant := NewTenantKeyring(current, decryptOnly, []byte("t"))
		_, byEnv := KeyringFromEnv()
		for form, err := range map[string]error{"NewKeyring": byBytes, "NewTenantKeyring": byTenant, "KeyringFromEnv": byEnv} {
			if (err == nil) != (row.Verdict == "accept") || err != nil && !errors.Is(err, core.ErrInvalidInput) {
				t.Errorf("%s: %s: %v, want %s", row.Name, form, err, row.Verdict)
			}
		}
	}
}

func TestProtocolDefaultTenant(t *testing.T) {
	p := loadProtocol(t)
	need.Count(t, "default tenant vectors", len(p.DefaultTenant.Vectors), 1)
	if p.DefaultTenant.TenantID != DefaultTenant {
		t.Fatalf("tenant %q", p.DefaultTenant.TenantID)
	}
	checkFingerprint(t, p.MasterKey, DefaultTenant, p.DefaultTenant.Fingerprint)
	p.DefaultTenant.Vectors[0].check(t, p.MasterKey, DefaultTenant)
}

func TestProtocolMasterKeyInput(t *testing.T) {
	in := &loadProtocol(t).MasterKeyInput
	need.Count(t, "accepted keys", len(in.Accept), 2)
	need.Count(t, "refused keys", len(in.Reject), 11)
	need.Count(t, "refused raw keys", len(in.RawRejects), 5)
	t.Setenv(PreviousMasterKeysVariable, "")
	for _, v := range in.Accept {
		t.Setenv(MasterKeyVariable, v.MasterKey)
		master, err := MasterKeyFromEnv()
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		checkFingerprint(t, master, DefaultTenant, v.Fingerprint)
		v.check(t, master, DefaultTenant)
	}
	good := in.Accept[0].MasterKey
	for _, v := range in.Reject {
		t.Setenv(MasterKeyVariable, v.MasterKey)
		if key, err := MasterKeyFromEnv(); key != nil || !refused(err) {
			t.Errorf("%s: as master key: %v", v.Name, err)
		}
		t.Setenv(MasterKeyVariable, good)
		t.Setenv(PreviousMasterKeysVariable, v.MasterKey)
		if k, err := KeyringFromEnv(); k != nil || !refused(err) {
			t.Errorf("%s: as previous master key: %v", v.Name, err)
		}
		t.Setenv(PreviousMasterKeysVariable, "")
	}
	// What takes raw key bytes for the cipher takes exactly 32.
	e := newEncryptor(t)
	for _, v := range in.RawRejects {
		if out, err := e.Encrypt(v.RawKey, nil, nil); out != nil || !errors.Is(err, core.ErrInvalidKeyLength) {
			t.Errorf("%s: Encrypt: %v", v.Name, err)
		}
		if _, err := e.Decrypt(v.RawKey, make([]byte, Overhead), nil); !errors.Is(err, core.ErrInvalidKeyLength) {
			t.Errorf("%s: Decrypt: %v", v.Name, err)
		}
	}
}

func refused(err error) bool {
	return errors.Is(err, core.ErrInvalidInput) || errors.Is(err, core.ErrInvalidKeyLength)
}

// The reader of sealed entries refuses a container that is not an envelope;
// the other readers live elsewhere, and here only the decryption is theirs.
func TestProtocolContainers(t *testing.T) {
	p := loadProtocol(t)
	need.Count(t, "containers", len(p.Containers.Vectors), 6)
	ring := testKeyring(t, p.MasterKey, nil, p.TenantID)
	readers := 0
	for _, v := range p.Containers.Vectors {
		v.check(t, p.MasterKey, p.TenantID)
		got, _, err := ring.Open([]byte(v.CacheKey), v.Ciphertext, v.Format)
		want := core.ErrDecryptionFailed // sealed under another reader's AAD
		if v.Reader == "bytestorage_envelope" {
			want = core.ErrInvalidInput
			readers++
		}
		if got != nil || !errors.Is(err, want) || !core.IsMiss(err) {
			t.Errorf("%s: Open gives %x, %v; want %v", v.Name, got, err, want)
		}
	}
	need.Count(t, "containers for the envelope reader", readers, 1)
}

// The few answers that everything hangs on, for where the files are absent.
func TestKnownAnswers(t *testing.T) {
	master := bytes.Repeat([]byte{0x61}, 32)
	const tenant = "cross-sdk-test"
	checkFingerprint(t, master, tenant, bytetest.Unhex(t, "96179a9bc881aa7ca83f04b78a66afd3"))
	v := sealedVector{
		Name:     "basic",
		CacheKey: "test:vector:1", Format: "msgpack",
		Plaintext: bytetest.Unhex(t, "0102030405060708"),
		AAD: bytetest.Unhex(t, "03 0000000e 63726f73732d73646b2d74657374 0000000d 746573743a766563746f723a31"+
			"00000007 6d73677061636b 00000005 46616c7365"),
		Ciphertext: bytetest.Unhex(t, "f8f69c70000000000000000087d9ec09f2c2347a4b37d5330ccf50e3c31e69642801bef5"),
	}
	v.check(t, master, tenant)
}
