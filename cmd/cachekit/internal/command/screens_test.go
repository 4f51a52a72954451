package command

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the screens that the tests compare with")

var masterKeys = strings.Repeat("11", 32) + "\n" + strings.Repeat("22", 32) + "\n"

// result is what a run of the command printed and returned.
type result struct {
	out, errs string
	code      int
}

func run(t testing.TB, in string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := Run("1.2.3", args, strings.NewReader(in), &out, &errs)
	return result{out.String(), errs.String(), code}
}

// must is what a run that succeeds prints.
func must(t testing.TB, in string, args ...string) string {
	t.Helper()
	r := run(t, in, args...)
	if r.code != exitDone || r.errs != "" {
		t.Fatalf("cachekit %s: exit code %d: %s", strings.Join(args, " "), r.code, r.errs)
	}
	return r.out
}

// golden compares with a file of testdata, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
}

// Entries that others made, so that the screens are the same every time: those of the
// vectors of the protocol, under the master key of 32 times 61 for tenant cross-sdk-test.
const (
	envelopeHex   = "94c412f00168656c6c6f2c2063616368656b697421986dcc8a34ccb63a3c52ccd310a76d73677061636b"
	integersHex   = "949100982d06cc800538ccd3cc94ccc200a76d73677061636b"
	ciphertextHex = "f8f69c70000000000000000087d9ec09f2c2347a4b37d5330ccf50e3c31e69642801bef5"
	interopHex    = "000102030405060708090a0b033caf732820ce189e1506f842aebf8cdb6a242eb08c55b6f5a91eb9007b3bd657"
	interopKey    = "users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875"
	frameHex      = "434b030000007d7b2273223a202264656661756c74222c20226d223a207b22666f726d6174223a20226d73677061636b222c2022656e636f64696e67223a20227574662d38222c2022636f6d70726573736564223a20747275652c20226f726967696e616c5f74797065223a20226d73677061636b227d2c202276223a2022322e30227d94dc0022ccf011cc83cca7757365725f69642acca46e616d65cca863616368656b6974cca6616374697665ccc398ccdaccf46861cc8e624bccfe20a76d73677061636b"
)

// folder is a folder with files to look at, in which the test runs.
func folder(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("CACHEKIT_MASTER_KEY", "")
	t.Setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", "")
	write := func(name string, data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	of := func(digits string) []byte {
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	envelope := of(envelopeHex)
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	write("envelope", envelope)
	write("cut", envelope[:20])
	envelope[6] ^= 1
	write("flipped", envelope)
	write("integers", of(integersHex))
	write("ciphertext", of(ciphertextHex))
	write("interop", of(interopHex))
	write("frame", of(frameHex))
	write("container", []byte("\xc1\x02\x93\x01\x04\xc4\x05\x40\x93\x01\x02\x03"))
	write("json", []byte(`{"id": 1, "name": "Ada"}`))
	write("text", []byte("hello\n"))
	write("nothing", nil)
	write("keys", []byte("# the current one\n"+masterKeys))
	write("sdk-keys", []byte(strings.Repeat("22", 32)+"\n"+strings.Repeat("61", 32)+"\n"))
}

func TestScreens(t *testing.T) {
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	folder(t)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	sdk := []string{"--key-file", "sdk-keys", "--tenant", "cross-sdk-test"}
	for _, test := range []struct {
		name string
		code int
		args []string
	}{
		{"envelope", 0, []string{"inspect", "envelope"}},
		{"envelope-shown", 0, []string{"inspect", "--show", "envelope"}},
		{"envelope-json", 0, []string{"inspect", "--json", "envelope"}},
		{"envelope-integers", 0, []string{"inspect", "integers"}},
		{"envelope-cut", 3, []string{"inspect", "cut"}},
		{"envelope-flipped", 3, []string{"inspect", "--show", "flipped"}},
		{"frame", 0, []string{"inspect", "--show", "frame"}},
		{"container", 0, []string{"inspect", "container"}},
		{"json", 0, []string{"inspect", "--show", "json"}},
		{"text", 4, []string{"inspect", "text"}},
		{"nothing", 3, []string{"inspect", "nothing"}},
		{"ciphertext-no-keys", 5, []string{"inspect", "ciphertext"}},
		{"ciphertext-no-cache-key", 5, append([]string{"inspect", "ciphertext"}, sdk...)},
		{"ciphertext-opened", 0, append([]string{"inspect", "--key", "test:vector:1", "--show", "ciphertext"}, sdk...)},
		{"ciphertext-json", 0, append([]string{"inspect", "--key", "test:vector:1", "--json", "ciphertext"}, sdk...)},
		{"ciphertext-other-key", 5, []string{"inspect", "--key", "test:vector:1", "--tenant", "cross-sdk-test", "--key-file", "keys", "ciphertext"}},
		{"interop-opened", 0, append([]string{"inspect", "--key", interopKey, "--format", "msgpack", "--show", "interop"}, sdk...)},
		{"rows", 3, []string{"inspect", "envelope", "cut", "text", "ciphertext", "frame", "json"}},
		{"rows-check", 3, []string{"inspect", "--check", "envelope", "cut", "text", "ciphertext", "frame", "json"}},
		{"rows-json", 3, []string{"inspect", "--json", "envelope", "cut"}},
		{"fingerprints", 0, []string{"key", "fingerprint", "--key-file", "sdk-keys", "--tenant", "cross-sdk-test"}},
		{"help", 0, []string{"--help"}},
		{"help-inspect", 0, []string{"inspect", "--help"}},
		{"help-reseal", 0, []string{"reseal", "--help"}},
		{"help-seal", 0, []string{"seal", "--help"}},
		{"help-interop-key", 0, []string{"interop", "key", "--help"}},
	} {
		r := run(t, "", test.args...)
		if r.code != test.code || r.errs != "" {
			t.Errorf("%s: exit code %d, want %d: %s", test.name, r.code, test.code, r.errs)
		}
		for _, key := range []string{strings.Repeat("22", 8), strings.Repeat("61", 8)} {
			if strings.Contains(r.out, key) {
				t.Errorf("%s shows a key", test.name)
			}
		}
		t.Chdir(filepath.Dir(testdata))
		golden(t, test.name, r.out)
		t.Chdir(here)
	}
}

// However a value is spelled, the same is found out about it.
func TestSpellings(t *testing.T) {
	folder(t)
	raw, err := os.ReadFile("envelope")
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(must(t, string(raw), "inspect"), "\n\n")
	for _, test := range []struct{ in, form string }{
		{envelopeHex, "hexadecimal digits"},
		{strings.ToUpper(envelopeHex) + "\n", "hexadecimal digits"},
		{"lMQS8AFoZWxsbywgY2FjaGVraXQhmG3MijTMtjo8UszTEKdtc2dwYWNr", "base64"},
		{`"\x94\xc4\x12\xf0\x01hello, cachekit!\x98m\xcc\x8a4\xcc\xb6:<R\xcc\xd3\x10\xa7msgpack"` + "\n", "redis-cli's escapes"},
		{string(raw) + "\n", "a newline behind the entry"},
	} {
		head, got, _ := strings.Cut(must(t, test.in, "inspect"), "\n\n")
		if got != want || !strings.Contains(head, test.form) {
			t.Errorf("%q: %s\n%s\nwant\n%s", test.in, head, got, want)
		}
	}
	if r := run(t, envelopeHex, "inspect", "--from", "redis-cli"); r.code != exitFailed || !strings.Contains(r.errs, "byte 0") {
		t.Errorf("digits, taken for escapes: exit code %d: %s", r.code, r.errs)
	}
	if r := run(t, "94c4z", "inspect", "--from", "hex"); r.code != exitFailed || !strings.Contains(r.errs, "byte 4") {
		t.Errorf("no digits: exit code %d: %s", r.code, r.errs)
	}
}
