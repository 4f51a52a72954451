package core_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
)

// What the tests build envelopes from: MessagePack by hand, so that every
// header form and every mistake can be spelled.

func fromHex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// header is a type byte and a big-endian number of width bytes.
func header(c byte, width int, n uint64) []byte {
	return append([]byte{c}, binary.BigEndian.AppendUint64(nil, n)[8-width:]...)
}

func bin(b []byte) []byte { return append(header(0xc6, 4, uint64(len(b))), b...) }

func str(s string) []byte { return append(header(0xdb, 4, uint64(len(s))), s...) }

func integer(n uint64) []byte { return header(0xcf, 8, n) }

// integers spells bytes as the first versions of the format did.
func integers(b []byte) []byte {
	out := header(0xdd, 4, uint64(len(b)))
	for _, v := range b {
		if v > 0x7f {
			out = append(out, 0xcc)
		}
		out = append(out, v)
	}
	return out
}

// literalBlock is the LZ4 block that holds data as literals only.
func literalBlock(data []byte) []byte {
	if len(data) < 15 {
		return append([]byte{byte(len(data) << 4)}, data...)
	}
	out := []byte{0xf0}
	rest := len(data) - 15
	for ; rest >= 255; rest -= 255 {
		out = append(out, 255)
	}
	return append(append(out, byte(rest)), data...)
}

func sumOf(data []byte) []byte {
	sum := core.Checksum(data)
	return sum[:]
}

// parts are the four fields of an envelope, each as MessagePack.
type parts struct{ block, checksum, size, format []byte }

// partsOf are the fields of a sound envelope of data.
func partsOf(data []byte) parts {
	return parts{bin(literalBlock(data)), integers(sumOf(data)), integer(uint64(len(data))), str("msgpack")}
}

func (p parts) array() []byte {
	return join([]byte{0x94}, p.block, p.checksum, p.size, p.format)
}

func (p parts) pairs() [4][]byte {
	return [4][]byte{
		join(str("compressed_data"), p.block),
		join(str("checksum"), p.checksum),
		join(str("original_size"), p.size),
		join(str("format"), p.format),
	}
}

func mapOf(pairs ...[]byte) []byte {
	return append(header(0xde, 2, uint64(len(pairs))), join(pairs...)...)
}

func store(t testing.TB, data []byte) []byte {
	t.Helper()
	envelope, err := core.Compress(data)
	if err != nil {
		t.Fatalf("storing %d bytes: %v", len(data), err)
	}
	return envelope
}

// jsonLike returns n bytes that look like the records of a web service: the
// same keys, values that differ. It is deterministic.
func jsonLike(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `{"id":%d,"name":"user-%x","email":"u%d@example.com","active":%t,"score":%.3f,"tags":["t%d","t%d"]},`,
			r.IntN(1e6), r.Uint32(), r.IntN(1e4), r.IntN(2) == 0, r.Float64()*100, r.IntN(50), r.IntN(50))
	}
	return b.Bytes()[:n]
}

// payloadKinds are the kinds of data that compress in different ways.
var payloadKinds = []struct {
	name string
	make func(n int) []byte
}{
	{"json", jsonLike},
	{"random", bytetest.Noise},
	{"zeros", func(n int) []byte { return make([]byte, n) }},
	{"repeats", func(n int) []byte { return bytes.Repeat([]byte("0123456789abcdefXYZ"), n/19+1)[:n] }},
	{"sparse", func(n int) []byte {
		out := make([]byte, n)
		for i := 0; i < n; i += 97 {
			out[i] = byte(i)
		}
		return out
	}},
}

// raceDetector tells whether the race detector is on, under which sync.Pool
// forgets at random, so that allocations cannot be counted.
var raceDetector = func() bool {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}()
