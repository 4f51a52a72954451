package lz4block

import (
	"bufio"
	"encoding/binary"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
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
	program := filepath.Join(tb.TempDir(), "liblz4")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "testdata/liblz4.c", "-llz4").CombinedOutput(); err != nil {
		tb.Logf("liblz4 takes no part, it or gcc is not installed: %v\n%s", err, out)
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

func (l *liblz4) decode(tb testing.TB, block []byte, room int) []byte {
	return l.do(tb, 'd', room, block)
}

func (l *liblz4) encode(tb testing.TB, data []byte) []byte {
	return l.do(tb, 'c', Bound(len(data)), data)
}

func (l *liblz4) encodeHC(tb testing.TB, data []byte) []byte {
	return l.do(tb, 'h', Bound(len(data)), data)
}
