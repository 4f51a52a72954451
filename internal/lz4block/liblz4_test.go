package lz4block

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// liblz4 runs the C library in a process of its own: this module has no cgo.
type liblz4 struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

// startLiblz4 compiles and starts testdata/liblz4.c. Where that cannot be
// done it says why and returns nil, and tests do without.
func startLiblz4(tb testing.TB) *liblz4 {
	tb.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		need.Without(tb, "liblz4 takes no part, gcc is not installed")
		return nil
	}
	program := filepath.Join(tb.TempDir(), "liblz4")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "testdata/liblz4.c", "-llz4").CombinedOutput(); err != nil {
		need.Without(tb, fmt.Sprintf("liblz4 takes no part, it is not installed: %v\n%s", err, out))
		return nil
	}
	cmd := exec.Command(program)
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			tb.Error(err)
		}
	})
	return &liblz4{in: in, out: bufio.NewReader(out)}
}

// do returns the result of an operation, or nil if liblz4 reports an error.
func (l *liblz4) do(tb testing.TB, op byte, room int, input []byte) []byte {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	request := binary.NativeEndian.AppendUint32([]byte{op}, uint32(room))
	request = append(binary.NativeEndian.AppendUint32(request, uint32(len(input))), input...)
	if _, err := l.in.Write(request); err != nil {
		tb.Fatal(err)
	}
	var n int32
	if err := binary.Read(l.out, binary.NativeEndian, &n); err != nil {
		tb.Fatal(err)
	}
	if n < 0 {
		return nil
	}
	result := make([]byte, n)
	if _, err := io.ReadFull(l.out, result); err != nil {
		tb.Fatal(err)
	}
	return result
}

// agrees checks that liblz4 says the same of a block as our decoders, which
// gave got and ours. It may differ in what the package's comment names: it
// takes the offset 0, asks encoders' rules for the end of a block to be kept
// near the end of the destination, and gives nothing into an empty destination
// but for the block 00. A nil liblz4 agrees.
func (l *liblz4) agrees(tb testing.TB, name string, block []byte, room int, got []byte, ours error) {
	tb.Helper()
	if l == nil {
		return
	}
	want := l.decode(tb, block, room)
	switch {
	case want != nil && !(ours == nil && bytes.Equal(got, want)) && !hasOffset0(block):
		tb.Fatalf("%s: liblz4 accepts, with %d bytes; we decode %d, error %v; block %x", name, len(want), len(got), ours, block[:min(len(block), 2000)])
	case want == nil && ours == nil && room > 0 && endsByTheRules(block, len(got)) == nil:
		tb.Fatalf("%s: we decode %d bytes; liblz4 refuses; block %x", name, len(got), block[:min(len(block), 2000)])
	}
}

// hasOffset0 says whether a block, which may be malformed, has a match with the
// offset 0.
func hasOffset0(block []byte) bool {
	next := reader(block)
	length := func(n int) int {
		for more := n == 15; more; {
			b, ok := next()
			n += int(b)
			more = ok && b == 255
		}
		return n
	}
	for {
		token, ok := next()
		if !ok {
			return false
		}
		for range length(int(token >> 4)) {
			next()
		}
		low, ok := next()
		high, _ := next()
		if ok && low == 0 && high == 0 {
			return true
		}
		length(int(token & 15))
	}
}

func (l *liblz4) decode(tb testing.TB, block []byte, room int) []byte {
	return l.do(tb, 'd', room, block)
}

func (l *liblz4) encode(tb testing.TB, data []byte) []byte {
	return l.do(tb, 'c', Bound(len(data)), data)
}

func (l *liblz4) encodeHC(tb testing.TB, data []byte) []byte {
	return l.do(tb, 'h', Bound(len(data)), data)
}
