package crypt

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// What is a key and what is wrong with the rest, the tests of package encryption say.

func TestMasterKeyInABufferOfTheCaller(t *testing.T) {
	digits := strings.Repeat("a1", 40)
	for n := range 50 {
		buffer := bytes.Repeat([]byte{0xee}, n)
		to := memory.Into(buffer)
		key, err := ParseMasterKey(&to, digits)
		size, err := to.Size(key, err)
		if n < 40 && (codes.Of(err) != codes.BufferTooSmall || !bytetest.Only(buffer, 0xee)) || size != 40 {
			t.Errorf("%d bytes of room: %d, %v", n, size, err)
		}
		if n >= 40 && (err != nil || !bytetest.Only(buffer[:40], 0xa1) || !bytetest.Only(buffer[40:], 0xee)) {
			t.Errorf("%d bytes of room: %x, %v", n, buffer, err)
		}
	}
}

// The keys of both variables lie in the memory that was asked for, once, and nothing of
// them is left there after Wipe or after an error.
func TestMastersLieInMemoryThatIsWiped(t *testing.T) {
	one, two := strings.Repeat("1a", 32), strings.Repeat("2b", 50)
	var room []byte
	alloc := func(n int) []byte {
		if room != nil {
			t.Error("memory is asked for twice")
		}
		room = bytes.Repeat([]byte{0xee}, n)
		return room
	}
	var m Masters
	if err := m.Read(alloc, one, " "+two+",,\t"+one+"\n"); err != nil {
		t.Fatal(err)
	}
	if !bytetest.Only(m.Current, 0x1a) || len(m.Current) != 32 || len(m.DecryptOnly) != 2 ||
		!bytes.Equal(m.DecryptOnly[0], bytes.Repeat([]byte{0x2b}, 50)) || !bytes.Equal(m.DecryptOnly[1], m.Current) {
		t.Errorf("read %x and %x", m.Current, m.DecryptOnly)
	}
	if n := bytes.Count(room, []byte{0x1a}) + bytes.Count(room, []byte{0x2b}); n != 32+50+32 {
		t.Errorf("%d bytes of keys in the memory", n)
	}
	m.Wipe()
	if !bytetest.Only(room, 0) || m.Current != nil || m.DecryptOnly != nil {
		t.Errorf("Wipe leaves %x", room)
	}
	m.Wipe()

	for _, bad := range [][2]string{{"", one}, {one, "0x"}, {one, two + "," + two + "," + two + "," + two}, {one + "\n", two}} {
		room = nil
		err := m.Read(alloc, bad[0], bad[1])
		if !errors.Is(err, codes.InvalidInput) || m.Current != nil || m.DecryptOnly != nil || !bytetest.Only(room, 0) {
			t.Errorf("%q: %v, and %x is left", bad, err, room)
		}
	}
	if err := m.Read(func(int) []byte { return nil }, one, two); err != codes.OutOfMemory {
		t.Errorf("without memory: %v", err)
	}
}

func TestGenerateKey(t *testing.T) {
	var a, b [limits.KeySize]byte
	if err := errors.Join(GenerateKey(&a), GenerateKey(&b)); err != nil || a == b || bytetest.Only(a[:16], a[0]) || bytetest.Only(a[16:], a[16]) {
		t.Errorf("%x, %x, %v", a, b, err)
	}
	random = func(b []byte) error { copy(b, "half of a key"); return io.ErrUnexpectedEOF }
	defer func() { random = systemRandom }()
	if err := GenerateKey(&a); !errors.Is(err, codes.RNGFailure) || !errors.Is(err, io.ErrUnexpectedEOF) || a != [limits.KeySize]byte{} {
		t.Errorf("without random bytes: %x, %v", a, err)
	}
}
