package redis

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// levelPayloads are payloads that compress in different ways, from nothing to some
// hundred KiB.
func levelPayloads(t *testing.T) (payloads [][]byte) {
	t.Helper()
	orders, err := os.ReadFile(root + "/examples/data/orders.json")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 13, 100, 1000, 5000, 70_000, 300_000} {
		noise, mixed := make([]byte, n), bytes.Repeat(orders, n/len(orders)+1)[:n]
		for i := range noise {
			noise[i] = byte(r.Uint32())
		}
		for i := range mixed {
			if r.IntN(40) == 0 {
				mixed[i] = byte(r.Uint32())
			}
		}
		payloads = append(payloads, noise, mixed, bytes.Repeat([]byte("status=ok;"), n/10+1)[:n], make([]byte, n))
	}
	return append(payloads, orders)
}

// What every level writes, the Rust crate inside the Python package reads.
func TestLevelsAreReadByTheFamily(t *testing.T) {
	python := need.Python(t, "requirements.txt")
	ctx, cancel := context.WithTimeout(context.Background(), testTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "testdata/levels.py")
	var in, out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &said

	payloads := levelPayloads(t)
	storage := core.NewByteStorage("json")
	for level := core.DefaultLevel; level <= core.MaxLevel; level++ {
		if err := storage.SetLevel(level); err != nil {
			t.Fatal(err)
		}
		for _, payload := range payloads {
			envelope, err := storage.Store(payload)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&in, "%x\n", envelope)
		}
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 1<<20)
	for level := core.DefaultLevel; level <= core.MaxLevel; level++ {
		for i, payload := range payloads {
			if !lines.Scan() {
				t.Fatalf("level %d, payload %d: no answer", level, i)
			}
			digits, format, _ := strings.Cut(lines.Text(), " ")
			if got, err := hex.DecodeString(digits); err != nil || !bytes.Equal(got, payload) || format != "json" {
				t.Errorf("level %d, payload %d: %d bytes of %q instead of %d, %v", level, i, len(got), format, len(payload), err)
			}
		}
	}
	if lines.Scan() {
		t.Error("there are more answers than questions")
	}
}
