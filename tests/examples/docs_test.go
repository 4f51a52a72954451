package examples

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// examples returns the two cells of each row of a table in docs, of which the
// first heading is given.
func examples(t *testing.T, file, heading string) (rows [][2]string) {
	t.Helper()
	_, table, ok := strings.Cut(readFile(t, root+"/docs/"+file), "\n| "+heading+" |\n|---|---|\n")
	if !ok {
		t.Fatalf("%s has no table %q", file, heading)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 2 {
			t.Fatalf("%s: a row of %d cells: %s", file, len(cells), line)
		}
		rows = append(rows, [2]string{strings.Trim(cells[0], "`"), cells[1]})
	}
	if len(rows) < 5 {
		t.Fatalf("%s: %d examples", file, len(rows))
	}
	return rows
}

func TestEnvelopesOfTheDocs(t *testing.T) {
	storage := core.NewByteStorage(core.DefaultFormat)
	for _, row := range examples(t, "wire-format.md", "Envelope | Its payload, or the code") {
		payload, err := storage.Retrieve(bytetest.Unhex(t, row[0]))
		got := `"` + string(payload) + `"`
		if err != nil {
			got = "`" + strings.TrimPrefix(codes.Of(err).Name(), "CACHEKIT_") + "`"
		}
		if got != row[1] {
			t.Errorf("%s is %s, docs say %s", row[0], got, row[1])
		}
	}
	envelope, err := storage.Store([]byte("hello, cachekit!"))
	if err != nil {
		t.Fatal(err)
	}
	text := readFile(t, root+"/docs/wire-format.md")
	_, drawn, _ := strings.Cut(text, "becomes these 42:\n\n```text\n")
	drawn, _, _ = strings.Cut(drawn, "```")
	shown := ""
	for line := range strings.Lines(drawn) {
		shown += line[:min(len(line), 46)]
	}
	if got := bytetest.Unhex(t, strings.ReplaceAll(shown, "\n", "")); !bytes.Equal(got, envelope) || len(got) != 42 {
		t.Errorf("docs show %x, the envelope is %x", got, envelope)
	}
}

// TestAnswersOfTheDocs recomputes the known answers in sections 3 and 4.
func TestAnswersOfTheDocs(t *testing.T) {
	text := regexp.MustCompile(`\s+`).ReplaceAllString(readFile(t, root+"/docs/wire-format.md"), "")
	shows := func(what string, b []byte) {
		t.Helper()
		if !strings.Contains(text, hex.EncodeToString(b)) {
			t.Errorf("docs do not show %s, %x", what, b)
		}
	}
	tenant := []byte("cross-sdk-test")
	keys, err := encryption.DeriveTenantKeys(bytes.Repeat([]byte{0x61}, 32), tenant)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := encryption.KeyFingerprint(keys.Encryption[:])
	shows("the fingerprint", fingerprint[:])
	aad, err := encryption.AppendAAD(nil, tenant, []byte("test:vector:1"), "msgpack", false, "")
	if err != nil {
		t.Fatal(err)
	}
	shows("the AAD", aad)

	match := regexp.MustCompile("theciphertext`([0-9a-f]+)`isthatof`([0-9a-f]+)`").FindStringSubmatch(text)
	if match == nil {
		t.Fatal("docs show no ciphertext")
	}
	encryptor, err := encryption.NewEncryptor()
	if err != nil {
		t.Fatal(err)
	}
	plaintext, err := encryptor.Decrypt(keys.Encryption[:], bytetest.Unhex(t, match[1]), aad)
	if err != nil || hex.EncodeToString(plaintext) != match[2] {
		t.Errorf("the ciphertext of docs opens to %x, %v", plaintext, err)
	}
}

func TestInteropOfTheDocs(t *testing.T) {
	for _, row := range examples(t, "interop.md", "MessagePack | Its canonical form as a value") {
		form, err := interop.Canonical(bytetest.Unhex(t, row[0]))
		if refused := strings.HasPrefix(row[1], "refused: "); refused != (err != nil) {
			t.Errorf("%s: %v, docs say %s", row[0], err, row[1])
		} else if !refused && "`"+hex.EncodeToString(form)+"`" != row[1] {
			t.Errorf("%s is %x, docs say %s", row[0], form, row[1])
		}
	}
	for _, row := range examples(t, "interop.md", "MessagePack | Answer of the check") {
		if err := interop.Check(bytetest.Unhex(t, row[0])); (row[1] == "accepted") != (err == nil) {
			t.Errorf("%s: %v, docs say %s", row[0], err, row[1])
		}
	}
	key, err := interop.KeyFromMsgpack("users", "get_user", []byte{0x91, 42})
	if err != nil || !strings.Contains(readFile(t, root+"/docs/interop.md"), "`"+key+"`") {
		t.Errorf("docs do not show the key of get_user(42), %s, %v", key, err)
	}
}

// documents are the texts in Markdown that link to each other.
func documents(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md", "cmd/cachekit/README.md"}
	guides, err := filepath.Glob(root + "/docs/*.md")
	if err != nil || len(guides) < 10 {
		t.Fatalf("%d pages in docs: %v", len(guides), err)
	}
	for _, guide := range guides {
		found = append(found, "docs/"+filepath.Base(guide))
	}
	return found
}

// TestLinks proves that what the documents link to exists: files, and sections of
// other documents.
func TestLinks(t *testing.T) {
	checked := 0
	for _, document := range documents(t) {
		links := regexp.MustCompile(`\]\(([^)#]*)(?:#([^)]*))?\)`).FindAllStringSubmatch(readFile(t, root+"/"+document), -1)
		checked += len(links)
		for _, link := range links {
			if strings.Contains(link[1], "://") {
				continue
			}
			path := filepath.Join(root, filepath.Dir(document), link[1])
			if link[1] == "" {
				path = filepath.Join(root, document)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %v", document, err)
			} else if link[2] != "" && !anchors(readFile(t, path))[link[2]] {
				t.Errorf("%s links to #%s of %s, which is not there", document, link[2], path)
			}
		}
	}
	if checked < 100 {
		t.Errorf("%d links were looked at", checked)
	}
}

// TestMovingFromRust runs what docs/from-rust.md shows: entries of both kinds open.
func TestMovingFromRust(t *testing.T) {
	compiler, library := needCompiler(t), need.Library(t)
	source := filepath.Join(t.TempDir(), "moving.c")
	functions := strings.ReplaceAll(strings.Join(blocksOf(t, "docs/from-rust.md", "c"), "\n"), "\nCachekitError ", "\nstatic CachekitError ")
	writeFile(t, source, "#include <cachekit.h>\n#include <stdio.h>\n#include <string.h>\n"+functions+`
int main(void)
{
    const uint8_t master[32] = {1}, value[] = "a value, a value, a value";
    uint8_t key[32], envelope[256], old[256], room[256], *sealed = NULL, *got = NULL;
    size_t envelope_len = sizeof envelope, old_len = sizeof old, sealed_len = 0, got_len = 0;
    CachekitKeyring *keyring = NULL;
    CachekitByteStorage *storage = cachekit_byte_storage_new("json");
    CachekitEncryptor *encryptor = cachekit_encryptor_new(NULL);
    int failed = cachekit_derive_key(master, 32, (const uint8_t *)"acme", 4, (const uint8_t *)"encryption", 10, key)
        || cachekit_compress(value, sizeof value, envelope, &envelope_len)
        || cachekit_encrypt(encryptor, key, 32, (const uint8_t *)"users:1", 7, envelope, envelope_len, old, &old_len)
        || cachekit_keyring_new(master, 32, NULL, NULL, 0, (const uint8_t *)"acme", 4, &keyring)
        || put_user(keyring, "users:1", value, sizeof value, &sealed, &sealed_len);
    if (failed)
        return 1;
    if (get_user(keyring, storage, "users:1", old, old_len, room, &got, &got_len) || got_len != sizeof value)
        return 2;
    cachekit_free_buffer(got);
    if (get_user(keyring, storage, "users:1", sealed, sealed_len, room, &got, &got_len) || got_len != sizeof value)
        return 3;
    cachekit_free_buffer(got);
    if (get_user(keyring, storage, "users:2", old, old_len, room, &got, &got_len) != CACHEKIT_DECRYPTION_FAILED)
        return 4;
    cachekit_free_buffer(sealed);
    cachekit_byte_storage_free(storage);
    cachekit_encryptor_free(encryptor);
    cachekit_keyring_free(keyring);
    return 0;
}
`)
	program := strings.TrimSuffix(source, ".c")
	run(t, command(compiler, append(strict(), source, "-o", program, "-L"+library, "-lcachekit_core", "-Wl,-rpath,"+library)...))
	run(t, exec.Command(program))
}

// TestMetricsOfTheDocs proves that docs list the metrics that there are, as they
// describe themselves.
func TestMetricsOfTheDocs(t *testing.T) {
	text, err := core.AppendPrometheus(nil, core.NamedMetrics{})
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, match := range regexp.MustCompile(`# HELP (\w+) (.*)\n# TYPE \w+ (\w+)`).FindAllStringSubmatch(string(text), -1) {
		want += "| `" + match[1] + "` | " + match[3] + " | " + match[2] + " |\n"
	}
	_, table, _ := strings.Cut(readFile(t, root+"/docs/operations.md"), "\n| Metric | Type | What it is |\n|---|---|---|\n")
	table, _, ok := strings.Cut(table, "\n\n")
	if !ok || table+"\n" != want {
		t.Errorf("docs list\n%s\nwant\n%s", table, want)
	}
}

// TestSizesOfTheDocs proves that docs quote the sizes that the benchmark has measured,
// and that the payload which fits into an item of Memcached does.
func TestSizesOfTheDocs(t *testing.T) {
	docs, tables := readFile(t, root+"/docs/operations.md"), readFile(t, root+"/bench/results/tables.md")
	_, sizes, _ := strings.Cut(tables, "## Compressed size")
	for name, row := range map[string]string{"JSON-like data, level 1": "json, bytes", "JSON-like data, level 9": "json, level 9, bytes", "random bytes": "random, bytes"} {
		measured := regexp.MustCompile(`(?m)^\| ` + row + ` \| (\d+) \| \d+ \| (\d+) \| \d+ \| \d+ \| (\d+) \| (\d+) \|`).FindStringSubmatch(sizes)
		if measured == nil {
			t.Fatalf("the benchmark has no %q", row)
		}
		if want := "| " + name + " | " + strings.Join(measured[1:], " | ") + " |"; !strings.Contains(docs, want) {
			t.Errorf("docs do not say %q", want)
		}
	}
	match := regexp.MustCompile("`msgpack` is ([0-9]+) to ([0-9]+) bytes longer than its LZ4 block, and one of `json` ([0-9]+) bytes less").FindStringSubmatch(docs)
	if match == nil {
		t.Fatal("docs do not say how much longer an envelope is")
	}
	storage := core.NewByteStorage("msgpack")
	for _, size := range []int{0, 1, 64, 1 << 10, 1 << 16, 1 << 24} {
		envelope, err := storage.Store(bytetest.Noise(size))
		if err != nil {
			t.Fatal(err)
		}
		found, err := core.Inspect(envelope)
		if err != nil {
			t.Fatal(err)
		}
		if longer := len(envelope) - found.CompressedSize; longer < number(t, match[1]) || longer > number(t, match[2]) {
			t.Errorf("%d bytes: the envelope is %d longer than the block", size, longer)
		}
	}
	if less := len("msgpack") - len("json"); less != number(t, match[3]) {
		t.Errorf("the formats differ by %d bytes", less)
	}
	match = regexp.MustCompile(`together could have ([\d,]+) bytes\. A payload of up to ([\d,]+) bytes fits with a key of (\d+) bytes`).FindStringSubmatch(docs)
	if match == nil {
		t.Fatal("docs do not say what fits into Memcached")
	}
	keyring, err := encryption.NewTenantKeyring(make([]byte, 32), nil, []byte("acme"))
	if err != nil {
		t.Fatal(err)
	}
	noise := bytetest.Noise(number(t, match[2]))
	sealed, err := keyring.Seal([]byte("users:1"), noise, "json")
	if err != nil {
		t.Fatal(err)
	}
	bound := core.EnvelopeBound(len(noise), len("json")) + encryption.Overhead
	if got := number(t, match[1]) - number(t, match[3]); bound > got || len(sealed) > bound {
		t.Errorf("%d bytes are %d sealed, at most %d, and there is room for %d", len(noise), len(sealed), bound, got)
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// anchors are the names by which the sections of a text can be linked to.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		found[strings.ReplaceAll(name, " ", "-")] = true
	}
	return found
}
