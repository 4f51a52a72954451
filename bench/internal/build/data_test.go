package build

import (
	"crypto/sha256"
	"encoding/hex"
	"os/exec"
	"strconv"
	"testing"
)

// The payloads are part of what a result means: a run on another machine or another day times the same bytes.
func TestPayloadsAreTheSameEverywhere(t *testing.T) {
	harness, err := Harness("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind string
		size int
		want string
	}{
		{"json", 64, "9f1552adb29fce6f"},
		{"json", 1024, "9ac6845b4f8f2d2d"},
		{"json", 65536, "455783124ad743bf"},
		{"json", 1048576, "f1bc83618fab7287"},
		{"msgpack", 64, "f2e6a7a82d2bf5ef"},
		{"msgpack", 1024, "500be96d916e06d9"},
		{"msgpack", 65536, "842b3c5cd360e990"},
		{"msgpack", 1048576, "62cd2ab1d37b3614"},
		{"repetitive", 64, "b619e1101fd33190"},
		{"repetitive", 1024, "9eab72d3eeded2eb"},
		{"repetitive", 65536, "cd9d642eaf61dcf1"},
		{"repetitive", 1048576, "9bc27393246ba39c"},
		{"random", 64, "ff9ff116f550a35c"},
		{"random", 1024, "e7455eeb5532512c"},
		{"random", 65536, "4ff764895d3103cc"},
		{"random", 1048576, "1d270a57c0a72ba4"},
	} {
		out, err := exec.Command(harness, "--dump", c.kind, "--size", strconv.Itoa(c.size)).Output()
		if err != nil {
			t.Fatalf("%s, %d bytes: %v", c.kind, c.size, err)
		}
		sum := sha256.Sum256(out)
		if got := hex.EncodeToString(sum[:8]); len(out) != c.size || got != c.want {
			t.Errorf("%s, %d bytes: got %d bytes with hash %s, want %s", c.kind, c.size, len(out), got, c.want)
		}
	}
}
