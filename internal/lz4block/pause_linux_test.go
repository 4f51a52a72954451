package lz4block

import (
	"bytes"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/pausetest"
)

// TestPauses stops the world again and again while 256 MiB are encoded
// and decoded, each in one call. Were the assembly not cut into parts, a stop
// would wait for the end of a call, which is hundreds of milliseconds for JSON;
// the other two kinds of data are one run of literals and one match.
func TestPauses(t *testing.T) {
	if !pausetest.Alone(t, "", "CACHEKIT_LZ4=portable") {
		return
	}
	const size = 256 << 20
	data := make([]byte, size)
	block, out := make([]byte, Bound(size)), make([]byte, size)
	for _, kind := range []string{"json", "random", "zeros"} {
		clear(data)
		if kind != "zeros" {
			part := generate(kind, 1, 1<<20)
			for i := 0; i < size; i += len(part) {
				copy(data[i:], part)
			}
		}
		t.Run(kind, func(t *testing.T) {
			var n int
			var err error
			pausetest.Check(t, func() { n, err = Decode(out, block[:Encode(block, data)]) })
			if err != nil || !bytes.Equal(out[:n], data) {
				t.Errorf("wrong data, error %v", err)
			}
		})
	}
}

// TestPausesOfLevels does the same with less, as the levels take longer. In what is alike
// everywhere the most is compared to get on by a byte.
func TestPausesOfLevels(t *testing.T) {
	if !pausetest.Alone(t, "", "CACHEKIT_LZ4=portable") {
		return
	}
	const size = 12 << 20
	data, block := make([]byte, size), make([]byte, Bound(size))
	for _, kind := range []string{"json", "random", "text", "zeros", "alike"} {
		clear(data)
		if kind != "zeros" {
			part := hardInputs["alike"](1 << 20)
			if kind != "alike" {
				part = generate(kind, 1, 1<<20)
			}
			for i := 0; i < size; i += len(part) {
				copy(data[i:], part)
			}
		}
		t.Run(kind, func(t *testing.T) {
			pausetest.Check(t, func() { EncodeLevel(block, data, limits.MaxLevel) })
		})
	}
}
