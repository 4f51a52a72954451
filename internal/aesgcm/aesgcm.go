// Package aesgcm is AES-256-GCM (NIST SP 800-38D) with 12-byte nonces and
// 16-byte tags, on expanded keys that can be kept and wiped. The output is that
// of crypto/cipher; a nonce must never be used twice with one key.
//
// # Paths
//
// Three implementations, called paths, do the same work:
//
//	avx512   AVX-512 (F, BW, VL), VAES and VPCLMULQDQ, four blocks a register
//	avx2     AVX2, BMI2, VAES and VPCLMULQDQ, two blocks a register
//	stdlib   crypto/aes and crypto/cipher, on any CPU
//
// One is chosen when the program starts: the first of the list for which the CPU
// has the instructions, the operating system saves the registers, and a message
// with a known answer comes out right. The environment variable CACHEKIT_AES,
// set to avx512, avx2 or stdlib, forces a path below that one, for tests and for
// operators in trouble; it cannot turn on what the CPU lacks, and any other
// value is ignored, but for Warning. The build tag purego leaves the assembly out, that of the
// standard library included.
//
// # Design of the kernels
//
// Cache entries are short and often have a key of their own. So the kernels are
// made for a cheap key (some 50 ns, no allocation) and for low latency, and
// reach the speed of the AES units for long messages.
//
// A key becomes a schedule: round keys and the first powers of H. With the
// powers at hand, the GHASH of many blocks is a sum of products that do not
// depend on each other, with a single reduction. A key for one message
// (SealOnce) gets only the powers that the message needs, and its schedule is wiped
// in the same call of assembly.
//
// A message of up to 64 KiB is one call of assembly: additional data, a loop over
// batches of eight registers in which AES and GHASH instructions alternate, the
// tail with the length block, the tag. A longer one is a sequence of such
// calls, so that the garbage collector never waits long for one of them to end
// (crypto/cipher has no such pauses: on the stdlib path, a message of hundreds of
// MiB can hold up a collection until it is done).
//
// No branch and no address depends on keys or data, only on lengths. Each
// call clears the vector registers before it returns; it costs 1 ns.
//
// The assembly is generated: gen/main.go is where to start reading it.
package aesgcm

import (
	"crypto/fips140"
	"unsafe"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

//go:generate go -C gen run . -out ../gcm_amd64.s -pkg aesgcm

// Sizes in bytes.
const (
	KeySize   = 32
	NonceSize = 12
	TagSize   = 16

	// MaxPlaintext is the limit of SP 800-38D, 5.2.1.1: with more blocks, the
	// 32-bit counter would come back to the one used for the tag.
	MaxPlaintext = (1<<32 - 2) * 16
)

// Key is an expanded key. After NewKey or Expand it is only read, so that any
// number of goroutines may share it, until Wipe. It must not be copied.
type Key struct {
	path path // zero: no key
	std  stdlibKey

	// The allocator puts 8 bytes in front of an object of this size that has
	// pointers. This makes them 64, so that loads of 64 bytes from the schedule
	// of a Key on its own (NewKey) do not straddle cache lines.
	_ [64 - 8 - 8 - unsafe.Sizeof(stdlibKey{})]byte

	schedule schedule
}

// NewKey expands key, which must be KeySize bytes and is not kept.
func NewKey(key []byte) *Key {
	k := new(Key)
	k.Expand(key)
	return k
}

// Expand makes k the expanded form of key, which must be KeySize bytes and is
// not kept. It is for a Key that is part of a larger structure; NewKey is a
// little better for speed, as it knows the alignment.
func (k *Key) Expand(key []byte) {
	k.expand(active, key)
}

func (k *Key) expand(p path, key []byte) {
	checkKey(key)
	k.path = p
	if p == stdlib {
		k.std.expand(key)
	} else {
		k.schedule.expand(p, key)
	}
}

// Seal encrypts plaintext into dst, which must be len(plaintext)+TagSize
// bytes long and must not overlap plaintext unless both start at one address.
// nonce must not overlap plaintext or aad.
func (k *Key) Seal(dst, nonce, plaintext, aad []byte) {
	checkSizes(len(dst), len(plaintext), nonce)
	checkOverlap(dst, plaintext)
	checkNonce(nonce, plaintext, aad)
	switch k.path {
	case stdlib:
		k.std.seal(dst, nonce, plaintext, aad)
	case avx2, avx512:
		k.schedule.rk.seal(k.path, dst, nonce, plaintext, aad)
	default:
		panic("aesgcm: no key")
	}
}

// Open decrypts ciphertext (with its tag at the end) into dst, which must be
// len(ciphertext)-TagSize bytes long and must not overlap ciphertext unless
// both start at one address. If the tag is wrong it returns false and dst
// holds zeros. Until it returns, dst may hold plaintext that is not
// authenticated.
func (k *Key) Open(dst, nonce, ciphertext, aad []byte) bool {
	checkSizes(len(ciphertext), len(dst), nonce)
	checkOverlap(dst, ciphertext)
	var ok bool
	switch k.path {
	case stdlib:
		ok = k.std.open(dst, nonce, ciphertext, aad)
	case avx2, avx512:
		ok = k.schedule.rk.open(k.path, dst, nonce, ciphertext, aad)
	default:
		panic("aesgcm: no key")
	}
	if !ok {
		memory.Clear(dst)
	}
	return ok
}

// Wipe overwrites the expanded key. The key must not be in use and cannot be
// used again, except by Expand.
//
// It is not inlined, so that the compiler cannot see that nobody reads what it
// stores.
//
//go:noinline
func (k *Key) Wipe() {
	k.std.wipe()
	*k = Key{}
}

// SealOnce is NewKey, Seal and Wipe for a key that serves one message.
// The nonce must not overlap the key either.
func SealOnce(key, dst, nonce, plaintext, aad []byte) {
	if Overlap(nonce, key) {
		panic(errOverlap)
	}
	if active == stdlib {
		stdlibSealOnce(key, dst, nonce, plaintext, aad)
		return
	}
	checkKey(key)
	checkSizes(len(dst), len(plaintext), nonce)
	checkOverlap(dst, plaintext)
	checkNonce(nonce, plaintext, aad)
	sealOnce(active, key, dst, nonce, plaintext, aad)
}

// OpenOnce is NewKey, Open and Wipe for a key that serves one message.
func OpenOnce(key, dst, nonce, ciphertext, aad []byte) bool {
	if active == stdlib {
		return stdlibOpenOnce(key, dst, nonce, ciphertext, aad)
	}
	checkKey(key)
	checkSizes(len(ciphertext), len(dst), nonce)
	checkOverlap(dst, ciphertext)
	ok := openOnce(active, key, dst, nonce, ciphertext, aad)
	if !ok {
		memory.Clear(dst)
	}
	return ok
}

// SetupIsCheap tells whether NewKey costs so little that keeping a key for
// its next use is not worth the bookkeeping; SealOnce and OpenOnce are then
// the calls to use.
func SetupIsCheap() bool { return active != stdlib }

// Forbidden tells that GODEBUG=fips140=only holds where the standard library does the
// work: that refuses every nonce that it has not made itself.
func Forbidden() bool { return active == stdlib && fips140.Enforced() }

// Path names the implementation that does the work: "avx512", "avx2" or
// "stdlib".
func Path() string { return active.String() }

// Warning says that CACHEKIT_AES has a value that is none of these three, or is
// empty; or that what it names is Forbidden.
func Warning() string {
	if Forbidden() {
		return "forbidden by GODEBUG=fips140=only"
	}
	return warning
}

// Accelerated tells whether the work is done by the CPU's AES and carry-less
// multiplication instructions.
func Accelerated() bool { return active != stdlib || stdlibAccelerated() }

func checkKey(key []byte) {
	if len(key) != KeySize {
		panic("aesgcm: wrong key size")
	}
}

func checkSizes(sealed, plain int, nonce []byte) {
	if sealed-TagSize != plain || len(nonce) != NonceSize || uint64(plain) > MaxPlaintext {
		panic("aesgcm: wrong size")
	}
}

// checkOverlap makes a mistake of the caller a panic; otherwise it would be data
// that nobody can decrypt any more.
func checkOverlap(dst, src []byte) {
	if unsafe.SliceData(dst) != unsafe.SliceData(src) && Overlap(dst, src) {
		panic(errOverlap)
	}
}

// checkNonce is for callers that have just written the nonce in front of dst:
// what lay there is lost, and to seal what is there now would not say so.
func checkNonce(nonce, plaintext, aad []byte) {
	if Overlap(nonce, plaintext) || Overlap(nonce, aad) {
		panic(errOverlap)
	}
}

// errOverlap is what a call panics with whose buffers overlap as they must not.
var errOverlap = codes.Internal.Because("input and output overlap")

// Overlap reports whether a and b have a byte in common. Only addresses are
// compared.
func Overlap(a, b []byte) bool {
	p, q := uintptr(unsafe.Pointer(unsafe.SliceData(a))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return p < q+uintptr(len(b)) && q < p+uintptr(len(a)) && len(a) > 0 && len(b) > 0
}
