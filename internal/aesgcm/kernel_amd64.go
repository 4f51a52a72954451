//go:build !purego

package aesgcm

import (
	"encoding/binary"
	"sync"
	"unsafe"
)

// maxPowers is the number of powers of H that the avx512 kernel uses; avx2 uses
// half of them (see gen/main.go).
const maxPowers = 36

// roundKeys of an AES-256 key; the first two are the key itself.
type roundKeys [15 * 16]byte

// schedule is an expanded key. It has no pointers. The kernels take the address of
// rk and find the powers of H in front of it, the lowest last.
type schedule struct {
	powers [maxPowers * 16]byte
	rk     roundKeys
}

// stream is the state of a message between two calls of a kernel. Blocks are
// byte-reversed: as words, low half first, they are the big-endian number that
// the block is. The layout is known to gen/main.go.
type stream struct {
	acc   [2]uint64 // GHASH so far
	ctr   [2]uint64 // next counter block
	total int       // bytes in the message
	aad   int       // bytes of additional data
	last  int       // 1 if the next call is the last
}

// The kernels, see gen/expand.go, ghash.go, message.go and once.go. They do not
// keep their pointers.

//go:noescape
func expand512(keys *roundKeys, key *byte, powers int)

//go:noescape
func ghash512(keys *roundKeys, s *stream, p *byte, n int)

//go:noescape
func seal512(keys *roundKeys, dst, src *byte, n int, nonce, aad *byte, aadLen int, s *stream)

//go:noescape
func open512(keys *roundKeys, dst, src *byte, n int, nonce, aad *byte, aadLen int, s *stream) (diff uint64)

//go:noescape
func sealOnce512(key *byte, powers int, dst, src *byte, n int, nonce, aad *byte, aadLen int)

//go:noescape
func openOnce512(key *byte, powers int, dst, src *byte, n int, nonce, aad *byte, aadLen int) (diff uint64)

//go:noescape
func expand256(keys *roundKeys, key *byte, powers int)

//go:noescape
func ghash256(keys *roundKeys, s *stream, p *byte, n int)

//go:noescape
func seal256(keys *roundKeys, dst, src *byte, n int, nonce, aad *byte, aadLen int, s *stream)

//go:noescape
func open256(keys *roundKeys, dst, src *byte, n int, nonce, aad *byte, aadLen int, s *stream) (diff uint64)

//go:noescape
func sealOnce256(key *byte, powers int, dst, src *byte, n int, nonce, aad *byte, aadLen int)

//go:noescape
func openOnce256(key *byte, powers int, dst, src *byte, n int, nonce, aad *byte, aadLen int) (diff uint64)

// chunk is the number of bytes that one call of a kernel takes at most.
// Assembly cannot be preempted: while it runs, a garbage collection that wants
// to stop the world waits, and all other goroutines with it. 64 KiB take 3 to 6
// microseconds. It is a multiple of both batches.
const chunk = 64 << 10

// batch is the number of bytes in eight registers. It is also the limit for
// additional data in one call.
func (p path) batch() int {
	if p == avx512 {
		return 512
	}
	return 256
}

func (s *schedule) expand(p path, key []byte) {
	if p == avx512 {
		expand512(&s.rk, unsafe.SliceData(key), maxPowers)
	} else {
		expand256(&s.rk, unsafe.SliceData(key), maxPowers)
	}
}

func (rk *roundKeys) seal(p path, dst, nonce, plaintext, aad []byte) {
	n := len(plaintext)
	d, src := unsafe.SliceData(dst), unsafe.SliceData(plaintext)
	if n <= chunk && len(aad) <= p.batch() {
		if p == avx512 {
			seal512(rk, d, src, n, unsafe.SliceData(nonce), unsafe.SliceData(aad), len(aad), nil)
		} else {
			seal256(rk, d, src, n, unsafe.SliceData(nonce), unsafe.SliceData(aad), len(aad), nil)
		}
		return
	}
	s := streams.Get().(*stream)
	s.begin(rk, p, nonce, n, aad)
	for {
		part := s.next(n)
		sealPart(rk, p, d, src, part, s)
		if s.last == 1 {
			s.wipe()
			streams.Put(s)
			return
		}
		d, src, n = advance(d), advance(src), n-chunk
	}
}

func (rk *roundKeys) open(p path, dst, nonce, ciphertext, aad []byte) bool {
	n := len(dst)
	d, src := unsafe.SliceData(dst), unsafe.SliceData(ciphertext)
	if n <= chunk && len(aad) <= p.batch() {
		if p == avx512 {
			return open512(rk, d, src, n, unsafe.SliceData(nonce), unsafe.SliceData(aad), len(aad), nil) == 0
		}
		return open256(rk, d, src, n, unsafe.SliceData(nonce), unsafe.SliceData(aad), len(aad), nil) == 0
	}
	s := streams.Get().(*stream)
	s.begin(rk, p, nonce, n, aad)
	for {
		part := s.next(n)
		diff := openPart(rk, p, d, src, part, s)
		if s.last == 1 {
			s.wipe()
			streams.Put(s)
			return diff == 0
		}
		d, src, n = advance(d), advance(src), n-chunk
	}
}

// streams are for long messages, and not on the stack for the same reason as
// schedules.
var streams = sync.Pool{New: func() any { return new(stream) }}

// begin begins a message: everything up to the data.
func (s *stream) begin(rk *roundKeys, p path, nonce []byte, n int, aad []byte) {
	_ = nonce[NonceSize-1]
	*s = stream{
		// The counter of the tag is 1, data begins at 2.
		ctr:   [2]uint64{uint64(binary.BigEndian.Uint32(nonce[8:]))<<32 | 2, binary.BigEndian.Uint64(nonce)},
		total: n,
		aad:   len(aad),
	}
	for len(aad) > 0 {
		part := min(len(aad), p.batch())
		hashPart(rk, p, s, &aad[0], part)
		aad = aad[part:]
	}
}

// wipe makes an end. GHASH of some of the ciphertext is an equation for H, and
// everyone may know the ciphertext. It is not inlined for the same reason as
// Key.Wipe.
//
//go:noinline
func (s *stream) wipe() { *s = stream{} }

// next returns how much of n bytes is for the next call.
func (s *stream) next(n int) int {
	if n <= chunk {
		s.last = 1
		return n
	}
	return chunk
}

// advance goes on to the next chunk. There is one: the pointer stays inside the
// buffer.
func advance(p *byte) *byte { return (*byte)(unsafe.Add(unsafe.Pointer(p), chunk)) }

// The following are the points where the loops above can be preempted. Go code
// looks for that where a function makes sure of its stack, in the prologue.
// The kernels have none, and the signal that preempts a goroutine elsewhere has no
// effect in assembly, which is where these loops are almost always. Inlined,
// there would be no prologue.

//go:noinline
func sealPart(rk *roundKeys, p path, dst, src *byte, n int, s *stream) {
	if p == avx512 {
		seal512(rk, dst, src, n, nil, nil, 0, s)
	} else {
		seal256(rk, dst, src, n, nil, nil, 0, s)
	}
}

//go:noinline
func openPart(rk *roundKeys, p path, dst, src *byte, n int, s *stream) uint64 {
	if p == avx512 {
		return open512(rk, dst, src, n, nil, nil, 0, s)
	}
	return open256(rk, dst, src, n, nil, nil, 0, s)
}

//go:noinline
func hashPart(rk *roundKeys, p path, s *stream, aad *byte, n int) {
	if p == avx512 {
		ghash512(rk, s, aad, n)
	} else {
		ghash256(rk, s, aad, n)
	}
}

// powersNeeded returns how many powers of H a message needs: one for each block
// of additional data, which is reduced on its own, and one more than there are
// blocks of data in the tail.
func powersNeeded(n, aad int) int {
	if n > 512 || aad > 512 {
		return maxPowers
	}
	return max((n+15)/16+1, (aad+15)/16)
}

// schedules are for single long messages. The schedule of a short one is on the stack,
// in a single call of assembly. In the course of a long one the stack can move to
// another place, and what was on it would stay behind where it was.
var schedules = sync.Pool{New: func() any { return new(schedule) }}

func sealOnce(p path, key, dst, nonce, plaintext, aad []byte) {
	n := len(plaintext)
	if n > chunk || len(aad) > p.batch() {
		s := schedules.Get().(*schedule)
		s.expand(p, key)
		s.rk.seal(p, dst, nonce, plaintext, aad)
		s.wipe()
		schedules.Put(s)
		return
	}
	k, d, src := unsafe.SliceData(key), unsafe.SliceData(dst), unsafe.SliceData(plaintext)
	if p == avx512 {
		sealOnce512(k, powersNeeded(n, len(aad)), d, src, n, unsafe.SliceData(nonce), unsafe.SliceData(aad), len(aad))
	} else {
		sealOnce256(k, powersNeeded(n, len(aad)), d, src, n, unsafe.SliceData(nonce), unsafe.SliceData(aad), len(aad))
	}
}

func openOnce(p path, key, dst, nonce, ciphertext, aad []byte) bool {
	n := len(dst)
	if n > chunk || len(aad) > p.batch() {
		s := schedules.Get().(*schedule)
		s.expand(p, key)
		ok := s.rk.open(p, dst, nonce, ciphertext, aad)
		s.wipe()
		schedules.Put(s)
		return ok
	}
	k, d, src := unsafe.SliceData(key), unsafe.SliceData(dst), unsafe.SliceData(ciphertext)
	if p == avx512 {
		return openOnce512(k, powersNeeded(n, len(aad)), d, src, n, unsafe.SliceData(nonce), unsafe.SliceData(aad), len(aad)) == 0
	}
	return openOnce256(k, powersNeeded(n, len(aad)), d, src, n, unsafe.SliceData(nonce), unsafe.SliceData(aad), len(aad)) == 0
}

// wipe is not inlined for the same reason as Key.Wipe.
//
//go:noinline
func (s *schedule) wipe() { *s = schedule{} }
