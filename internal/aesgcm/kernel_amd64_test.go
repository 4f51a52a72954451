//go:build !purego

package aesgcm

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/registers"
)

// heapKey makes a Key escape.
var heapKey *Key

// TestLayout compares with the constants of gen/main.go and the alignment that is
// promised for a Key on its own.
func TestLayout(t *testing.T) {
	var s schedule
	var st stream
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"maxPowers", maxPowers, 4 * 9},
		{"powers", unsafe.Offsetof(s.powers), 0},
		{"rk", unsafe.Offsetof(s.rk), maxPowers * 16},
		{"acc", unsafe.Offsetof(st.acc), 0},
		{"ctr", unsafe.Offsetof(st.ctr), 16},
		{"total", unsafe.Offsetof(st.total), 32},
		{"aad", unsafe.Offsetof(st.aad), 40},
		{"last", unsafe.Offsetof(st.last), 48},
		{"chunk", chunk, part},
		{"chunk modulo batch", uintptr(chunk % avx512.batch()), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s is %d, not %d", c.name, c.got, c.want)
		}
	}
	for range 10 {
		heapKey = NewKey(make([]byte, KeySize))
		if p := uintptr(unsafe.Pointer(&heapKey.schedule)); p%64 != 0 {
			t.Errorf("the schedule of a Key on the heap is at %#x, not on a cache line", p)
		}
	}
}

// TestSchedule checks round keys by what they do and each power of H against
// multiplication bit by bit, for each number of powers.
func TestSchedule(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		r := newSource(30)
		for range 20 {
			key := r.bytes(KeySize)
			block, err := aes.NewCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			var h [16]byte
			block.Encrypt(h[:], h[:])
			limit, expand := maxPowers, expand512
			if active == avx2 {
				limit, expand = maxPowers/2, expand256
			}
			for powers := 1; powers <= limit; powers++ {
				var s schedule
				expand(&s.rk, &key[0], powers)
				if !bytes.Equal(s.rk[:KeySize], key) {
					t.Fatal("round keys 0 and 1 are not the key")
				}
				power := h
				for i := 1; i <= powers; i++ {
					if stored := s.power(i); stored != power {
						t.Fatalf("%d powers: H^%d is %x, want %x", powers, i, stored, power)
					}
					power = multiply(power, h)
				}
			}
		}
	})
}

// power is H^i. Stored is H^i/x, byte-reversed; x is the second bit of the first byte.
func (s *schedule) power(i int) [16]byte {
	b := [16]byte(s.powers[(maxPowers-i)*16:])
	slices.Reverse(b[:])
	return multiply(b, [16]byte{0x40})
}

// multiply is multiplication in GF(2^128) to the letter of SP 800-38D, 6.3. It has
// nothing in common with the kernels.
func multiply(a, b [16]byte) [16]byte {
	z, v := new(big.Int), new(big.Int).SetBytes(b[:])
	r := new(big.Int).Lsh(big.NewInt(0xe1), 120)
	for i := range 128 {
		if a[i/8]>>(7-i%8)&1 == 1 {
			z.Xor(z, v)
		}
		odd := v.Bit(0) == 1
		v.Rsh(v, 1)
		if odd {
			v.Xor(v, r)
		}
	}
	var product [16]byte
	z.FillBytes(product[:])
	return product
}

// TestCounterCarries calls the kernels with counters that a message has only after
// many GiB: carries at 2^8, 2^16, 2^24 and 2^31, and the wrap at 2^32, which must not
// reach the nonce.
func TestCounterCarries(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		r := newSource(31)
		key, nonce, msg := r.bytes(KeySize), bytes.Repeat([]byte{0xff}, NonceSize), r.bytes(3*512+77)
		k := NewKey(key)
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, carry := range []uint32{1 << 8, 1 << 16, 1 << 24, 1 << 31, 0} {
			for before := range uint32(110) {
				first := carry - before
				want := make([]byte, len(msg)+16)
				for i := 0; i < len(msg); i += 16 {
					counter := binary.BigEndian.AppendUint32(slices.Clone(nonce), first+uint32(i/16))
					block.Encrypt(want[i:][:16], counter)
				}
				want = want[:len(msg)]
				for i := range msg {
					want[i] ^= msg[i]
				}
				for _, split := range []int{0, 512, 1024, 1536} { // bytes in a call before
					run := func(b []byte, f func(rk *roundKeys, p path, dst, src *byte, n int, s *stream)) {
						var s stream
						s.begin(&k.schedule.rk, active, nonce, len(msg), nil)
						s.ctr[0] = s.ctr[0]&^0xffffffff | uint64(first)
						if split > 0 {
							f(&k.schedule.rk, active, &b[0], &b[0], split, &s)
						}
						s.last = 1
						f(&k.schedule.rk, active, &b[split], &b[split], len(msg)-split, &s)
					}
					got := append(slices.Clone(msg), make([]byte, TagSize)...)
					run(got, sealPart)
					if !bytes.Equal(got[:len(msg)], want) {
						t.Fatalf("seal differs: first counter %#x, split at %d", first, split)
					}
					var diff uint64
					run(got, func(rk *roundKeys, p path, dst, src *byte, n int, s *stream) {
						diff = openPart(rk, p, dst, src, n, s)
					})
					if diff != 0 || !bytes.Equal(got[:len(msg)], msg) {
						t.Fatalf("open differs: first counter %#x, split at %d", first, split)
					}
				}
			}
		}
	})
}

// TestGHASH compares with multiplication bit by bit.
func TestGHASH(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		r := newSource(32)
		k := NewKey(r.bytes(KeySize))
		h := k.schedule.power(1)
		data := r.bytes(active.batch())
		for n := 1; n <= len(data); n++ {
			sum := [16]byte(r.bytes(16))
			s := stream{acc: [2]uint64{binary.BigEndian.Uint64(sum[8:]), binary.BigEndian.Uint64(sum[:])}}
			for i := 0; i < n; i += 16 {
				for j := i; j < min(i+16, n); j++ {
					sum[j-i] ^= data[j]
				}
				sum = multiply(sum, h)
			}
			hashPart(&k.schedule.rk, active, &s, &data[0], n)
			if s.acc != [2]uint64{binary.BigEndian.Uint64(sum[8:]), binary.BigEndian.Uint64(sum[:])} {
				t.Fatalf("%d bytes", n)
			}
		}
	})
}

// TestRegistersAreCleared looks at the assembly itself, as Go code cannot see vector
// registers: no function returns without clearing them.
func TestRegistersAreCleared(t *testing.T) {
	text, err := os.ReadFile("gcm_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	functions := strings.Split(string(text), "\nTEXT ·")[1:]
	if len(functions) != 12 {
		t.Errorf("%d functions, want 12", len(functions))
	}
	used := regexp.MustCompile(`\b[XYZ](\d+)\b`)
	for _, f := range functions {
		name, body, _ := strings.Cut(f, "(SB)")
		if strings.Contains(name, "Once") {
			continue // it calls the others, and then only stores zeros
		}
		returns := strings.Split(body, "\tRET\n")
		for _, before := range returns[:len(returns)-1] {
			at := strings.LastIndex(before, "\tVZEROALL\n")
			if at < 0 {
				t.Errorf("%s returns without VZEROALL", name)
				continue
			}
			for _, r := range used.FindAllStringSubmatch(body, -1) {
				if clears := "Z" + r[1] + ", Z" + r[1] + ", Z" + r[1]; len(r[1]) == 2 && r[1] > "15" &&
					!strings.Contains(strings.Join(strings.Fields(before[at:]), " "), "VPXORQ "+clears) {
					t.Errorf("%s returns without clearing Z%s", name, r[1])
				}
			}
		}
	}
}

// TestNothingLeftInRegisters looks at the registers themselves, after whole
// messages, right ones and wrong ones, parts of them, and what makes a key.
func TestNothingLeftInRegisters(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		r := newSource(33)
		key, nonce, aad := r.bytes(KeySize), r.bytes(NonceSize), r.bytes(active.batch())
		buf := r.bytes(part + TagSize)
		k := NewKey(key)
		rk := &k.schedule.rk
		width := 16 << (active - avx2) // registers that the path uses
		check := func(name string, f func()) {
			t.Helper()
			left, ok := registers.Left(width, f)
			if !ok || len(left) > 0 {
				t.Errorf("%s leaves something in registers %v", name, left)
			}
		}
		check("expand", func() { k.schedule.expand(active, key) })
		for _, n := range []int{0, 1, 15, 16, 17, 64, 200, 257, 512, 1000, part} {
			for _, a := range [][]byte{nil, aad[:5], aad} {
				dst, src := buf[:n+TagSize], buf[:n]
				check("seal", func() { rk.seal(active, dst, nonce, src, a) })
				check("open", func() { rk.open(active, src, nonce, dst, a) })
				check("sealOnce", func() { sealOnce(active, key, dst, nonce, src, a) })
				check("openOnce", func() { openOnce(active, key, src, nonce, dst, a) })
			}
		}
		var s stream
		s.begin(rk, active, nonce, 2*part, nil)
		check("seal of a part", func() { sealPart(rk, active, &buf[0], &buf[0], part, &s) })
		check("open of a part", func() { openPart(rk, active, &buf[0], &buf[0], part, &s) })
		check("ghash", func() { hashPart(rk, active, &s, &aad[0], len(aad)) })
	})
}

// TestDiffTellsNothing: of a wrong tag, no more than that it is wrong leaves the
// kernel. All bits in which it differs from the right one would be a forgery.
func TestDiffTellsNothing(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		k := NewKey(counting(1, KeySize))
		nonce, buf := counting(2, NonceSize), make([]byte, 100+TagSize)
		open, once := open512, openOnce512
		if active == avx2 {
			open, once = open256, openOnce256
		}
		diffs := func() (a, b uint64) {
			out := make([]byte, 100)
			a = open(&k.schedule.rk, &out[0], &buf[0], 100, &nonce[0], nil, 0, nil)
			b = once(&counting(1, KeySize)[0], maxPowers, &out[0], &buf[0], 100, &nonce[0], nil, 0)
			return a, b
		}
		k.Seal(buf, nonce, buf[:100], nil)
		if a, b := diffs(); a != 0 || b != 0 {
			t.Fatalf("right tag: %d, %d", a, b)
		}
		for bit := range TagSize * 8 {
			buf[100+bit/8] ^= 1 << (bit % 8)
			if a, b := diffs(); a != 1 || b != 1 {
				t.Errorf("bit %d of the tag wrong: %#x, %#x, want 1", bit, a, b)
			}
			buf[100+bit/8] ^= 1 << (bit % 8)
		}
	})
}
