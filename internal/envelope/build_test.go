package envelope

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/checksum"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// untouched is what the tests fill memory with that is not to be written to. No
// payload of theirs holds it.
const untouched = 0xA5

func filled(n int) []byte { return bytes.Repeat([]byte{untouched}, n) }

// payloadKinds are the kinds of data that compress in different ways.
var payloadKinds = []struct {
	name string
	make func(n int) []byte
}{
	{"text", func(n int) []byte { return bytes.Repeat([]byte("a cache entry, and "), n/19+1)[:n] }},
	{"records", func(n int) []byte {
		var b bytes.Buffer
		for r := rand.New(rand.NewPCG(1, 2)); b.Len() < n; {
			fmt.Fprintf(&b, `{"id":%d,"name":"user-%x","score":%.3f},`, r.IntN(1e6), r.Uint32(), r.Float64()*100)
		}
		return b.Bytes()[:n]
	}},
	{"random", random},
	{"zeros", func(n int) []byte { return make([]byte, n) }},
	{"random then zeros", func(n int) []byte { return append(random(n/2), make([]byte, n-n/2)...) }},
	{"zeros then random", func(n int) []byte { return append(make([]byte, n/2), random(n-n/2)...) }},
}

func random(n int) []byte {
	return bytes.ReplaceAll(bytetest.Noise(n), []byte{untouched}, []byte{0})
}

// taker gives out memory and remembers what it was asked for.
type taker struct {
	room  []byte // what it gives out, if it is not to be made
	none  bool   // there is no memory
	asked []int
}

func (k *taker) alloc(n int) []byte {
	k.asked = append(k.asked, n)
	switch {
	case k.none:
		return nil
	case k.room == nil:
		k.room = filled(n)
	}
	return k.room
}

// written is the envelope of data as Encode makes it.
func written(t testing.TB, data []byte, format string) []byte {
	t.Helper()
	to := memory.From(memory.Make)
	envelope, err := Encode(&to, data, format)
	if err != nil {
		t.Fatalf("%d bytes: %v", len(data), err)
	}
	return envelope
}

// fields are what an envelope is written from where it is to be another one than
// Encode would make.
type fields struct {
	block    []byte
	integers bool // the block is spelled as integers, as it once was
	sum      [limits.ChecksumSize]byte
	size     int
	format   string
}

func fieldsOf(data []byte) fields {
	block := make([]byte, lz4block.Bound(len(data)))
	return fields{block[:lz4block.Encode(block, data)], false, checksum.Bytes(data), len(data), limits.DefaultFormat}
}

func (f fields) envelope() []byte {
	out := msgpack.Append(nil, msgpack.Array, fieldCount)
	if f.integers {
		out = appendIntegers(out, f.block)
	} else {
		out = append(msgpack.Append(out, msgpack.Bin, uint64(len(f.block))), f.block...)
	}
	out = appendIntegers(out, f.sum[:])
	out = msgpack.Append(out, msgpack.Uint, uint64(f.size))
	return append(msgpack.Append(out, msgpack.String, uint64(len(f.format))), f.format...)
}

func appendIntegers(out, b []byte) []byte {
	out = msgpack.Append(out, msgpack.Array, uint64(len(b)))
	for _, v := range b {
		out = msgpack.Append(out, msgpack.Uint, uint64(v))
	}
	return out
}

// damaged are envelopes of data that pass Inspect and fail afterwards, when most of
// the payload was decompressed.
func damaged(data []byte) map[codes.Code][]byte {
	sum, size, block := fieldsOf(data), fieldsOf(data), fieldsOf(data)
	sum.sum[3] ^= 1
	size.size++
	block.block = block.block[:len(block.block)-1]
	return map[codes.Code][]byte{
		codes.ChecksumMismatch:     sum.envelope(),
		codes.SizeValidationFailed: size.envelope(),
		codes.DecompressionFailed:  block.envelope(),
	}
}

// What these tests write by hand is what Encode writes, but for what they change.
func TestFieldsMakeTheEnvelopeThatEncodeMakes(t *testing.T) {
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 100, 5000} {
			if data := kind.make(n); !bytes.Equal(fieldsOf(data).envelope(), written(t, data, limits.DefaultFormat)) {
				t.Errorf("%s of %d: differ", kind.name, n)
			}
		}
	}
}
