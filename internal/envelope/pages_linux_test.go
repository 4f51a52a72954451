package envelope

import (
	"errors"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// pages returns memory of the system, of which no page is there yet, and a function
// that counts those that are.
func pages(t *testing.T, n int) (b []byte, there func() int) {
	t.Helper()
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(b) })
	if err := unix.Madvise(b, unix.MADV_NOHUGEPAGE); err != nil && err != unix.EINVAL {
		t.Fatal(err)
	}
	return b, func() (count int) {
		t.Helper()
		vector := make([]byte, (len(b)+os.Getpagesize()-1)/os.Getpagesize())
		_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), uintptr(unsafe.Pointer(&vector[0])))
		if errno != 0 {
			t.Fatal(errno)
		}
		for _, v := range vector {
			count += int(v & 1)
		}
		return count
	}
}

// A claim costs no memory where nothing comes of it: what is wiped is what was
// written to, and the pages between are never there.
func TestOnlyWhatIsWrittenToIsTouched(t *testing.T) {
	const claim = 64 << 20
	page := os.Getpagesize()
	early := fieldsOf(make([]byte, 100<<10))
	early.size = claim
	early.block = append([]byte{0x0f, 0, 0}, make([]byte, 70<<10)...) // whose first match lies nowhere
	late := early
	late.block = fieldsOf(payloadKinds[1].make(300 << 10)).block
	for name, c := range map[string]struct {
		fields  fields
		want    codes.Code
		written int
	}{
		"a block that fails at once":            {early, codes.DecompressionFailed, 0},
		"a block that ends long before the end": {late, codes.ChecksumMismatch, 300 << 10},
	} {
		envelope := c.fields.envelope()
		e, err := Inspect(envelope)
		if err != nil {
			t.Fatal(err)
		}
		most := func(bytes int) int { return bytes/page + 4 } // at each end of what is touched

		b, there := pages(t, claim)
		if n := there(); n != 0 {
			t.Fatalf("%d pages are there at the start", n)
		}
		if err := e.Extract(b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if n := there(); n > most(c.written) || n < c.written/page {
			t.Errorf("%s: Extract touched %d pages to write %d bytes", name, n, c.written)
		}

		b, there = pages(t, claim)
		if err := Default.Validate(func(int) []byte { return b }, envelope); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if n := there(); n > most(c.written) {
			t.Errorf("%s: Validate touched %d pages to write %d bytes", name, n, c.written)
		}

		b, there = pages(t, e.InPlaceSize())
		copy(b, envelope)
		if _, err := DecodeInPlace(b, len(envelope)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v in place, want %v", name, err, c.want)
		}
		if n := there(); n > most(c.written)+most(2*len(envelope)) {
			t.Errorf("%s: DecodeInPlace touched %d pages to write %d bytes, from an envelope of %d", name, n, c.written, len(envelope))
		}
		for i, v := range b {
			if v != 0 {
				t.Fatalf("%s: byte %d is %#x", name, i, v)
			}
		}
	}
}

// What compresses well needs a small part of the memory that it might have needed.
func TestSmallResultsTouchLittle(t *testing.T) {
	page := os.Getpagesize()
	data := make([]byte, 32<<20)
	b, there := pages(t, Bound(len(data), 0))
	if ratio, err := Default.Ratio(func(int) []byte { return b }, data); err != nil || ratio < 100 {
		t.Fatalf("%v, %v", ratio, err)
	}
	if n := there(); n > lz4block.Bound(len(data))/50/page {
		t.Errorf("Ratio touched %d pages", n)
	}
	b, there = pages(t, Bound(len(data), 0))
	to := memory.Into(b)
	if out, err := Encode(&to, data, ""); err != nil || len(out) > len(data)/100 {
		t.Fatalf("%d bytes, %v", len(out), err)
	}
	if n := there(); n > len(b)/50/page {
		t.Errorf("Encode touched %d pages", n)
	}
}
