package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
	"math/rand/v2"
	"testing"
)

// part is where the kernels cut a long message. It stands here as well because there
// are builds without kernels; TestLayout compares the two.
const part = 64 << 10

// eachPath runs f as a subtest for each path that the CPU has.
func eachPath(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	onPaths(t, availablePaths(), f)
}

// use makes p the active path until the end of the test.
func use(tb testing.TB, p path) {
	before := active
	active = p
	tb.Cleanup(func() { active = before })
}

func availablePaths() []path {
	var paths []path
	for p := stdlib; p <= detect(); p++ {
		paths = append(paths, p)
	}
	return paths
}

// eachKernel is eachPath without the standard library, for what is inside
// the kernels or compares with it.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	needKernel(t)
	onPaths(t, availablePaths()[1:], f)
}

func needKernel(t *testing.T) {
	t.Helper()
	if detect() == stdlib {
		t.Skip("no kernel for this CPU or build")
	}
}

func onPaths(t *testing.T, paths []path, f func(t *testing.T)) {
	t.Helper()
	for _, p := range paths {
		t.Run(p.String(), func(t *testing.T) {
			use(t, p)
			f(t)
		})
	}
}

// twin is the standard library's GCM, straight.
func twin(tb testing.TB, key []byte) cipher.AEAD {
	tb.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		tb.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatal(err)
	}
	return aead
}

// source is reproducible test data.
type source struct {
	*rand.Rand
	bytesOf *rand.ChaCha8
}

func newSource(seed byte) source {
	c := rand.NewChaCha8([32]byte{seed})
	return source{rand.New(c), c}
}

func (s source) bytes(n int) []byte {
	b := make([]byte, n)
	s.bytesOf.Read(b)
	return b
}
