package memory

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// filled is n bytes that nothing below writes.
func filled(n int) []byte { return bytes.Repeat([]byte{0xA5}, n) }

// sameMemory tells whether two slices begin at one place.
func sameMemory(a, b []byte) bool { return unsafe.SliceData(a) == unsafe.SliceData(b) }

func TestMakeIsZeros(t *testing.T) {
	for _, n := range []int{0, 1, part + 1} {
		if b := Make(n); b == nil || !bytes.Equal(b, make([]byte, n)) {
			t.Errorf("%d bytes: wrong", n)
		}
	}
}

func TestFromAsksItsAlloc(t *testing.T) {
	room := filled(100)
	var asked []int
	to := From(func(n int) []byte {
		asked = append(asked, n)
		if n > len(room) {
			return nil
		}
		return room
	})
	if got, err := to.Take(7); err != nil || !sameMemory(got, room) || len(got) < 7 {
		t.Errorf("7 bytes: %d of another place", len(got))
	}
	if got, err := to.Take(101); got != nil || err != codes.OutOfMemory {
		t.Errorf("alloc had nothing, and Take gives %d bytes", len(got))
	}
	if len(asked) != 2 || asked[0] != 7 || asked[1] != 101 {
		t.Errorf("asked for %v", asked)
	}
}

func TestInto(t *testing.T) {
	for _, room := range [][]byte{nil, {}, make([]byte, 1), make([]byte, 100, 200)} {
		for _, n := range []int{0, 1, 99, 100, 101, 200} {
			to := Into(room)
			got, err := to.Take(n)
			if n > len(room) {
				if size, err := to.Size(nil, err); got != nil || size != n || codes.Of(err) != codes.BufferTooSmall {
					t.Errorf("%d bytes of %d: %d taken; %d, %v", n, len(room), len(got), size, err)
				}
				continue
			}
			if got == nil || len(got) != len(room) || len(room) > 0 && !sameMemory(got, room) {
				t.Errorf("%d bytes of %d: not the buffer, %d bytes", n, len(room), len(got))
				continue
			}
			if size, err := to.Size(got[:n], nil); size != n || err != nil {
				t.Errorf("a result of %d: %d, %v", n, size, err)
			}
			// Memory that somebody else ran out of is no matter of the buffer.
			for _, want := range []error{codes.OutOfMemory, codes.Entry(codes.InvalidInput), io.EOF} {
				if size, err := to.Size(nil, want); size != 0 || err != want {
					t.Errorf("%v: %d, %v", want, size, err)
				}
			}
		}
	}
	// What fails before it takes memory asks for none.
	to := Into(nil)
	if size, err := to.Size(nil, codes.InvalidInput); size != 0 || !errors.Is(err, codes.InvalidInput) {
		t.Errorf("%d, %v", size, err)
	}
}

func TestBehind(t *testing.T) {
	for _, used := range []int{0, 1, 50, part + 3} {
		for _, room := range []int{0, 1, 100} {
			for _, n := range []int{0, 1, 100, 101, part} {
				dst := append(make([]byte, 0, used+room), pattern(used)...)
				to := Behind(dst)
				got, err := to.Take(n)
				if err != nil || got == nil || len(got) < n {
					t.Fatalf("%d bytes behind %d: %d", n, used, len(got))
				}
				for i := range n {
					got[i] = byte(i) ^ 0x5A
				}
				all := to.With(got[:n])
				if len(all) != used+n || !bytes.Equal(all[:used], pattern(used)) || !bytes.Equal(all[used:], got[:n]) {
					t.Fatalf("%d bytes behind %d with room for %d: wrong, or %d", n, used, room, len(all))
				}
				if cap(dst) > 0 && sameMemory(all, dst) != (cap(dst)-used >= max(n, 1)) {
					t.Fatalf("%d bytes behind %d with room for %d: moved for nothing, or not moved", n, used, room)
				}
				if none := to.With(got[:0]); len(none) != used {
					t.Fatalf("nothing behind %d bytes: %d", used, len(none))
				}
			}
		}
	}
	behindNothing := Behind(nil)
	if got, err := behindNothing.Take(0); err != nil || behindNothing.With(got[:0]) == nil {
		t.Error("nothing behind nothing is nil")
	}
	// A result may be nothing, wherever that is.
	for _, nothing := range [][]byte{nil, {}} {
		dst := []byte("head")
		to := Behind(dst)
		if _, err := to.Take(9); err != nil {
			t.Fatal(err)
		}
		if all := to.With(nothing); string(all) != "head" {
			t.Errorf("nothing behind %q: %q", dst, all)
		}
	}
}

// taken is the memory that Take gave.
func taken(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// A buffer of the caller is on the caller's stack, if that is where it was.
func TestBuffersAreNotMovedToTheHeap(t *testing.T) {
	for name, f := range map[string]func(){
		"Into": func() {
			var room [100]byte
			to := Into(room[:])
			if n, err := to.Size(taken(to.Take(64))[:64], nil); n != 64 || err != nil {
				t.Error(n, err)
			}
		},
		"Behind": func() {
			var room [100]byte
			to := Behind(room[:10])
			if n := len(to.With(taken(to.Take(64))[:64])); n != 74 {
				t.Error(n)
			}
		},
		"Fitting": func() {
			to := Fitting()
			to.Fit(taken(to.Take(64))[:0])
		},
	} {
		if n := testing.AllocsPerRun(10, f); n != 0 {
			t.Errorf("%s: %.0f allocations", name, n)
		}
	}
}

func TestScratch(t *testing.T) {
	for _, n := range []int{0, 1, pooledSize - 1, pooledSize, pooledSize + 1, 3 * pooledSize} {
		var a, b Scratch
		one, other := a.Alloc(n), b.Alloc(n)
		if one == nil || other == nil || len(one) != n || len(other) != n {
			t.Fatalf("%d bytes: got %d and %d", n, len(one), len(other))
		}
		if pooled := a.pooled != nil; pooled != (n <= pooledSize) {
			t.Errorf("%d bytes are kept for the next call: %t", n, pooled)
		}
		if n > 0 && sameMemory(one, other) {
			t.Errorf("%d bytes were given out twice", n)
		}
		a.Done()
		a.Done() // gives nothing back twice
		b.Done()
		if a.pooled != nil || b.pooled != nil {
			t.Errorf("%d bytes: held after Done", n)
		}
		var c, d Scratch
		if one, other = c.Alloc(n), d.Alloc(n); n > 0 && sameMemory(one, other) {
			t.Errorf("%d bytes were given out twice after Done", n)
		}
		c.Done()
		d.Done()
	}
	var unused Scratch
	unused.Done()
}

// A result is returned where it is if it uses half of its memory; otherwise it is
// copied to memory of its size, and so it is from memory that is used again. What
// is not returned holds none of it.
func TestFitting(t *testing.T) {
	for _, c := range []struct {
		name         string
		asked, size  int
		where, exact bool
	}{
		{"small and full", 1000, 1000, false, true},
		{"small and empty", 1000, 0, false, true},
		{"nothing asked for", 0, 0, false, true},
		{"the largest that is used again", pooledSize, pooledSize, false, true},
		{"the smallest that is not", pooledSize + 2, pooledSize + 2, true, false},
		{"half used", pooledSize + 2, pooledSize/2 + 1, true, false},
		{"less than half used", pooledSize + 2, pooledSize / 2, false, true},
		{"large and empty", pooledSize + 2, 0, false, true},
		{"parts", 3 * part, part + 7, false, true},
	} {
		f := Fitting()
		room := taken(f.Take(c.asked))
		want := pattern(c.size)
		result := append(room[:0], want...)
		got := f.Fit(result)
		if got == nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes came back", c.name, len(got))
		}
		if same := sameMemory(got, room); same != c.where && c.size > 0 {
			t.Errorf("%s: in the memory asked for: %t", c.name, same)
		}
		if c.exact && cap(got) != c.size || cap(got) > 2*len(got) {
			t.Errorf("%s: %d bytes in memory of %d", c.name, len(got), cap(got))
		}
		if !c.where && len(bytes.Trim(result, "\x00")) > 0 {
			t.Errorf("%s: the result is left in memory that is given up", c.name)
		}
		if f.pool.pooled != nil {
			t.Errorf("%s: pooled memory is not given back", c.name)
		}
	}
	for _, n := range []int{10, pooledSize + 1} {
		f := Fitting()
		taken(f.Take(n))
		if got := f.Fit(nil); got != nil || f.pool.pooled != nil {
			t.Errorf("no result fits as %d bytes, or pooled memory is not given back", len(got))
		}
	}
}

func TestUint64s(t *testing.T) {
	for _, n := range []int{0, 8, 8 * 1000} {
		b := Make(n)
		words := Uint64s(b)
		if len(words) != n/8 {
			t.Errorf("%d bytes are %d numbers", n, len(words))
		}
		for i := range words {
			words[i] = 0xA5A5A5A5A5A5A5A5
		}
		if !bytes.Equal(b, filled(n)) {
			t.Errorf("%d bytes: other memory", n)
		}
	}
}
