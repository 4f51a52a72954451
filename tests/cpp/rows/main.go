// Command rows prints the published test vectors as lines with tabs between the fields,
// which a C++ program reads without a JSON parser. It prints nothing if they are not here.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

type vector struct {
	Name         string
	Envelope     string  `json:"envelope_hex"`
	Input        string  `json:"input_hex"`
	Format       string  `json:"format"`
	CacheKey     string  `json:"cache_key"`
	Compressed   bool    `json:"compressed"`
	OriginalType *string `json:"original_type"`
	AAD          string  `json:"aad_hex"`
	Ciphertext   string  `json:"ciphertext_hex"`
	Plaintext    string  `json:"plaintext_hex"`
	MasterKey    string  `json:"master_key_hex"`
	Tenant       string  `json:"tenant_id"`
	Namespace    string  `json:"namespace"`
	Operation    string  `json:"operation"`
	Args         string  `json:"canonical_args_hex"`
	Key          string  `json:"expected_key"`
}

func main() {
	log.SetFlags(0)
	var wire struct {
		Vectors        []vector
		PayloadRejects []vector `json:"payload_reject_vectors"` // payloads that are no MessagePack, in good envelopes
		Rejects        []vector `json:"reject_vectors"`
	}
	var encryption struct {
		MasterKey string `json:"master_key_hex"`
		Tenant    string `json:"tenant_id"`
		Vectors   []vector
	}
	var interop struct {
		Keys       []vector `json:"key_vectors"`
		Encryption []vector `json:"encryption_vectors"`
	}
	for name, into := range map[string]any{
		"cachekit/wire-format-1.4.0.json":  &wire,
		"cachekit/encryption-1.5.0.json":   &encryption,
		"cachekit/interop-mode-1.3.0.json": &interop,
	} {
		path, ok := need.FindVectors(name)
		if !ok {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			log.Fatalf("%s: %v", path, err)
		}
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	row := func(fields ...string) { fmt.Fprintln(out, strings.Join(fields, "\t")) }
	for _, v := range append(wire.Vectors, wire.PayloadRejects...) {
		row("envelope", v.Name, v.Envelope, v.Input, v.Format)
	}
	for _, v := range wire.Rejects {
		row("reject", v.Name, v.Envelope)
	}
	for _, v := range encryption.Vectors {
		original := "-"
		if v.OriginalType != nil {
			original = *v.OriginalType
		}
		row("ciphertext", v.Name, encryption.MasterKey, encryption.Tenant, v.CacheKey, v.Format, fmt.Sprint(v.Compressed), v.AAD, v.Ciphertext, v.Plaintext, original)
	}
	for _, v := range interop.Keys {
		row("key", v.Name, v.Namespace, v.Operation, v.Args, v.Key)
	}
	for _, v := range interop.Encryption {
		row("interop", v.Name, v.MasterKey, v.Tenant, v.CacheKey, v.Ciphertext, v.Plaintext)
	}
}
