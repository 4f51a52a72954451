// Package report turns a run into RESULTS.md, the README's table and one picture per operation.
package report

import (
	"fmt"
	"strings"
)

// names of the contestants as a reader knows them.
var names = map[string]string{
	"ours": "this library",
	"R":    "Rust cachekit-core",
	"H":    "liblz4 + libxxhash + OpenSSL",
}

// titles of the operations.
var titles = map[string]string{
	"compress":              "Compress: LZ4 + XXH3 + envelope, into the caller's buffer",
	"decompress":            "Decompress: check and open an envelope, into the caller's buffer",
	"compress_level_3":      "Compress at level 3, into memory that the call allocates, and its free",
	"compress_level_6":      "Compress at level 6, into memory that the call allocates, and its free",
	"compress_level_9":      "Compress at level 9, into memory that the call allocates, and its free",
	"checksum":              "XXH3-64 checksum",
	"encrypt":               "Encrypt: AES-256-GCM, key with each call",
	"decrypt":               "Decrypt: AES-256-GCM, key with each call",
	"keyring_encrypt":       "Keyring encrypt: key kept",
	"keyring_decrypt":       "Keyring decrypt: key kept",
	"seal":                  "Seal: compress, encrypt, bind to the cache key",
	"open":                  "Open: decrypt, decompress, check",
	"store":                 "Store: compress into memory that the call allocates, and its free",
	"retrieve":              "Retrieve: decompress into memory that the call allocates, and its free",
	"store_many":            "Store 16 in one call: the time of each",
	"retrieve_many":         "Retrieve 16 in one call: the time of each",
	"seal_many":             "Seal 16 in one call: the time of each",
	"open_many":             "Open 16 in one call: the time of each",
	"inspect":               "Inspect an envelope",
	"derive_key":            "derive one key (HKDF-SHA256)",
	"derive_tenant_keys":    "derive a tenant's three keys",
	"encryptor_new_free":    "encryptor, new and free",
	"keyring_new_free":      "keyring, new and free",
	"byte_storage_new_free": "ByteStorage, new and free",
}

func title(op string) string {
	if t, ok := titles[op]; ok {
		return t
	}
	return op
}

// duration prints nanoseconds with three digits that mean something.
func duration(ns float64) string {
	switch {
	case ns < 9.995:
		return fmt.Sprintf("%.1f ns", ns)
	case ns < 9999.5:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 99.95e3:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	case ns < 999.5e3:
		return fmt.Sprintf("%.0f µs", ns/1e3)
	case ns < 9.995e6:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	default:
		return fmt.Sprintf("%.1f ms", ns/1e6)
	}
}

func ratio(r float64) string { return fmt.Sprintf("%.2f×", r) }

// table writes a Markdown table; every row has as many cells as the head.
func table(w *strings.Builder, head []string, rows [][]string) {
	line := func(cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	w.WriteString("|-" + strings.Repeat("|-", len(head)-1) + "|\n")
	for _, row := range rows {
		line(row)
	}
	w.WriteString("\n")
}
