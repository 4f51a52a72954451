package entry

import (
	"encoding/hex"
	"fmt"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"
)

// What is authenticated beside the ciphertext.
const (
	aadV3       = "v3"
	aadCacheKey = "cache key"
	aadNone     = "none"
)

// What a Report says is missing. They are words of the command's JSON.
const (
	MissingKeys     = "master-keys"
	MissingCacheKey = "cache-key"
)

// formatsOfSDKs are the formats that the SDKs write into AAD v3, and the json of this
// library's examples.
var formatsOfSDKs = []string{core.DefaultFormat, "json", "orjson", "arrow"}

// originalTypes are the fifth components that the Python SDK writes beside the format
// itself.
var originalTypes = []string{"numpy"}

func (o Options) tenants() []string {
	if len(o.Tenants) == 0 {
		return []string{encryption.DefaultTenant}
	}
	return o.Tenants
}

// bindings are the ways in which the writers of the family bind entries, the most likely
// ones first.
func (o Options) bindings() []Binding {
	var all []Binding
	formats := o.Formats
	if len(formats) == 0 {
		formats = formatsOfSDKs
	}
	for _, tenant := range o.tenants() {
		if o.CacheKey == nil {
			all = append(all, Binding{AAD: aadNone, Tenant: tenant})
			continue
		}
		for _, format := range formats {
			for _, original := range append([]string{"", format}, originalTypes...) {
				all = append(all,
					Binding{aadV3, tenant, format, true, original},
					Binding{aadV3, tenant, format, false, original})
			}
		}
		all = append(all, Binding{AAD: aadCacheKey, Tenant: tenant}, Binding{AAD: aadNone, Tenant: tenant})
	}
	return all
}

// aad is what b stands for.
func (b Binding) aad(cacheKey []byte) ([]byte, error) {
	switch b.AAD {
	case aadNone:
		return nil, nil
	case aadCacheKey:
		return cacheKey, nil
	}
	return encryption.AppendAAD(nil, []byte(b.Tenant), cacheKey, b.Format, b.Compressed, b.OriginalType)
}

// decrypt reports on what may be a ciphertext, at least encryption.Overhead bytes.
func (o Options) decrypt(value []byte, bindings []Binding) *Report {
	r := &Report{Kind: Unopened, State: Encrypted, Size: len(value), KeyCount: o.Keys.Count(),
		Why: fmt.Sprintf("nothing speaks against it: %d bytes or more, like none of the other formats", encryption.Overhead),
		Parts: []Part{{"nonce", encryption.NonceSize}, {"ciphertext", len(value) - encryption.Overhead},
			{"tag", encryption.TagSize}}}
	switch {
	case o.Keys == nil:
		r.Missing = MissingKeys
		return r
	case o.CacheKey == nil:
		r.Missing = MissingCacheKey
	}
	for _, b := range bindings {
		keyring, err := o.Keys.Tenant(b.Tenant)
		if err != nil {
			return r.damaged(err)
		}
		aad, err := b.aad(o.CacheKey)
		if err != nil {
			return r.damaged(err)
		}
		r.Tried = append(r.Tried, b)
		plaintext, index, err := keyring.Decrypt(value, aad)
		if err != nil {
			continue
		}
		fingerprint, err := keyring.Fingerprint(index)
		if err != nil {
			return r.damaged(err)
		}
		r.Opened = &Opening{index, hex.EncodeToString(fingerprint[:]), b}
		o.opened(r, plaintext)
		return r
	}
	return r
}

// opened completes the report on a ciphertext with what its plaintext is.
func (o Options) opened(r *Report, plaintext []byte) {
	r.Kind, r.State, r.Missing = Ciphertext, Intact, ""
	r.Why = "a key opened it, so no byte was changed"
	r.Inside = o.afterChecksum(plaintext)
	switch b := r.Opened.Binding; {
	case r.Inside.Kind == Envelope:
		r.Kind = Sealed
		r.Why = "a key opened it, and an envelope is inside"
	case b.AAD == aadV3 && !b.Compressed && b.OriginalType == "" && interop.Check(plaintext) == nil:
		r.Why = "a key opened it, and one MessagePack document is inside, as interop mode and the SDKs store it"
	}
	if r.Inside.State == Damaged && len(plaintext) > 0 {
		r.State, r.Damage, r.Code = Damaged, "inside: "+r.Inside.Damage, r.Inside.Code
	}
	r.Payload = r.Inside.Payload
}
