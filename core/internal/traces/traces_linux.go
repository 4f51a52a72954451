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

	"golang.org/x/sys/unix"
)

// Payload is a kind of bytes that nothing else in the process looks like: any two
// of its words of 8 bytes, wherever they lie, can be told. Payloads with different
// numbers are not taken for each other.
type Payload uint32

// Fill fills b, which does not compress.
func (p Payload) Fill(b []byte) {
	var word [8]byte
	state := uint64(p)
	for len(b) > 0 {
		state = state*6364136223846793005 + 1442695040888963407
		low := uint32(state >> 32)
		binary.LittleEndian.PutUint64(word[:], uint64(p.high(low))<<32|uint64(low))
		b = b[copy(b, word[:]):]
	}
	clear(word[:])
}

// high is the upper half of a word.
func (p Payload) high(low uint32) uint32 { return low*0x9e3779b1 ^ uint32(p+1)*0x85ebca6b }

// Left is how many words of the payload are in memory, beside at least one other.
func (p Payload) Left(t testing.TB) int {
	t.Helper()
	return search(t, func(b []byte) (found int) {
		for i := 0; i+16 <= len(b); i++ {
			w := binary.LittleEndian.Uint64(b[i:])
			if w == 0 {
				i += 7 // most of memory
				continue
			}
			next := binary.LittleEndian.Uint64(b[i+8:])
			if p.high(uint32(w)) == uint32(w>>32) && p.high(uint32(next)) == uint32(next>>32) {
				found++
				i += 7
			}
		}
		return found
	})
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

// Left is how many copies of the secret are in memory.
func (s Secret) Left(t testing.TB) int {
	t.Helper()
	if len(s) > overlap {
		t.Fatal("a secret is too long")
	}
	return search(t, func(b []byte) (found int) {
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
	})
}

const (
	piece   = 1 << 20 // read at once
	overlap = 64      // and as much of the next one
)

// search hands out the memory of this process that can be written to, as far as
// it was ever used.
func search(t testing.TB, count func([]byte) int) (found int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	mem, err2 := os.Open("/proc/self/mem")
	pagemap, err3 := os.Open("/proc/self/pagemap")
	if err := errors.Join(err, err2, err3); err != nil {
		t.Skipf("SKIPPED: cannot read this process's memory: %v", err)
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
			t.Skipf("SKIPPED: cannot read this process's memory: %v", err)
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
				found += count(b[:got])
			}
			at += n - page
		}
	}
	return found
}
