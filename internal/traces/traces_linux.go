// Package traces finds what is left of payloads and keys in the memory of this
// process. It is for tests.
package traces

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// Payload is a kind of bytes that nothing else in the process looks like: any two
// of its words of 8 bytes, wherever they lie, can be told. Payloads with different
// numbers are not taken for each other.
type Payload uint32

// largest is the size in bytes of the largest payload.
const largest = 32 << 20

// Fill fills b, which does not compress. It is of 32 MiB at most.
func (p Payload) Fill(b []byte) {
	if len(b) > largest {
		panic("a payload that is too large")
	}
	var word [8]byte
	for w := range p.words {
		if len(b) == 0 {
			break
		}
		binary.LittleEndian.PutUint64(word[:], w)
		b = b[copy(b, word[:]):]
	}
	clear(word[:])
}

// words yields the words of the largest payload. A smaller one is the beginning of it.
func (p Payload) words(yield func(uint64) bool) {
	state := uint64(p)
	for range largest / 8 {
		state = state*6364136223846793005 + 1442695040888963407
		low := uint32(state >> 32)
		if !yield(uint64(p.high(low))<<32 | uint64(low)) {
			return
		}
	}
}

// high is the upper half of a word.
func (p Payload) high(low uint32) uint32 { return low*0x9e3779b1 ^ uint32(p+1)*0x85ebca6b }

func (p Payload) count(b []byte) (found int) {
	for i := 0; i+16 <= len(b); i++ {
		w := binary.LittleEndian.Uint64(b[i:])
		if w == 0 {
			i += 7 // most of memory
			continue
		}
		next := binary.LittleEndian.Uint64(b[i+8:])
		if p.high(uint32(w)) == uint32(w>>32) && p.high(uint32(next)) == uint32(next>>32) && (w != next || p.has(w)) {
			found++
			i += 7
		}
	}
	return found
}

// has decides about a pair of words that are alike. It says no more than one word, and
// one in 2^32 is like those of a payload by chance. Of such pairs there are thousands in
// a process, such as the pointers of an empty list to itself.
func (p Payload) has(word uint64) bool {
	for w := range p.words {
		if w == word {
			return true
		}
	}
	return false
}

// Secret is some bytes to look for, as their complement: they are not to be found
// here.
type Secret []byte

// Hide returns what to look for to find b, and clears b.
func Hide(b []byte) Secret {
	s := make(Secret, len(b))
	for i := range b {
		s[i] = ^b[i]
	}
	clear(b)
	return s
}

// Words is the secret as 32-bit words that are stored the other way round.
func (s Secret) Words() Secret {
	s = slices.Clone(s)
	for word := range slices.Chunk(s, 4) {
		slices.Reverse(word)
	}
	return s
}

// Xor is the secret with each byte combined with b.
func (s Secret) Xor(b byte) Secret {
	s = slices.Clone(s)
	for i := range s {
		s[i] ^= b
	}
	return s
}

func (s Secret) count(b []byte) (found int) {
	for {
		i := bytes.IndexByte(b, ^s[0])
		if i < 0 || len(b)-i < len(s) {
			return found
		}
		b = b[i:]
		same := true
		for j := range s {
			same = same && b[j] == ^s[j]
		}
		if same {
			found++
		}
		b = b[1:]
	}
}

// What can be looked for: a Payload or a Secret of up to 32 bytes.
type What interface{ count([]byte) int }

// Left is how often something is in the memory of this process that can be
// written to, as far as it was ever used: pairs of words of a payload, copies of a
// secret.
func Left(t testing.TB, what What) (found int) {
	t.Helper()
	search(t, func(b []byte) { found += what.count(b) })
	return found
}

const (
	piece   = 1 << 20 // read at once
	overlap = 32      // and as much of the next one
)

func search(t testing.TB, visit func([]byte)) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	mem, err2 := os.Open("/proc/self/mem")
	pagemap, err3 := os.Open("/proc/self/pagemap")
	if err := errors.Join(err, err2, err3); err != nil {
		need.Missing(t, "cannot read this process's memory: "+err.Error())
	}
	defer mem.Close()
	defer pagemap.Close()
	page := int64(os.Getpagesize())
	// This is not among the maps.
	buffer, err := unix.Mmap(-1, 0, piece+overlap, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(buffer) }()
	lines := bufio.NewScanner(bytes.NewReader(maps))
	for lines.Scan() {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") {
			continue
		}
		entries := make([]byte, (to-from)/page*8)
		if _, err := pagemap.ReadAt(entries, from/page*8); err != nil {
			need.Missing(t, "cannot read this process's memory: "+err.Error())
		}
		used := func(at int64) bool { return at < to && entries[(at-from)/page*8+7]>>6 != 0 } // in memory, or swapped
		for at := from; at < to; at += page {
			n := int64(0)
			for n < piece && used(at+n) {
				n += page
			}
			if n == 0 {
				continue
			}
			b := buffer[:n]
			if used(at + n) {
				b = buffer[:n+overlap-1]
			}
			if got, err := mem.ReadAt(b, at); err == nil {
				visit(b[:got])
			}
			at += n - page
		}
	}
}

// Check calls call, on a stack that nobody uses afterwards, and then clears what is
// its caller's own. Nothing of the payload of n bytes may be left. It returns the error
// of call, which is called a second time for a payload that fits on a stack.
func (p Payload) Check(t testing.TB, name string, n int, call func() error, own ...[]byte) (err error) {
	t.Helper()
	Apart(func() { err = call() })
	if n <= 100 {
		if left := OnStack(t, func() { err = call() }, p); left > 0 {
			t.Errorf("%s of %d bytes: %d words are left on the stack", name, n, left)
		}
	}
	for _, b := range own {
		clear(b)
	}
	if left := Left(t, p); left > 0 {
		t.Errorf("%s of %d bytes: %d words are left", name, n, left)
	}
	return err
}

// Apart runs f on a stack of its own, which nobody uses afterwards: what f leaves
// there stays.
func Apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// OnStack runs f on stacks that are used to more and more of their size, so that
// at some point in f they get too small, and are copied. It returns how often
// something is left on them, or where they were.
func OnStack(t testing.TB, f func(), what ...What) (found int) {
	t.Helper()
	stack, moved := make([]byte, 4<<10), 0
	for frames := range 200 {
		Apart(func() {
			descend(frames, func() {
				before := place()
				f()
				if place() != before {
					moved++
				}
				copyBelow(stack, before)
			})
		})
		for _, w := range what {
			found += w.count(stack)
		}
		clear(stack)
	}
	if moved == 0 {
		t.Error("the stack never moved")
	}
	return found
}

//go:noinline
func descend(frames int, f func()) byte {
	var frame [64]byte
	if frames == 0 {
		f()
	} else {
		frame[frames%64] = descend(frames-1, f)
	}
	return frame[frames%7]
}

// place is an address on the stack.
//
//go:noinline
func place() uintptr {
	var here byte
	return uintptr(unsafe.Pointer(&here))
}

// copyBelow copies what is below an address that is, or was, on the stack. The
// memory is still there: the runtime gives no addresses back.
//
//go:noinline
//go:nocheckptr
func copyBelow(dst []byte, end uintptr) {
	var here byte
	from := int(end) - len(dst) - int(uintptr(unsafe.Pointer(&here)))
	copy(dst, unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&here), from)), len(dst)))
}
