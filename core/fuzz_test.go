package core_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
	"github.com/cachekit-go/cachekit-core/internal/codestest"
)

// fuzzLimit keeps the memory of a fuzzing run small.
const fuzzLimit = 16 << 20

// compareWithReference holds everything that reads envelopes against the plain
// reader of these tests, and against each other.
func compareWithReference(t *testing.T, envelope []byte) {
	t.Helper()
	before := bytes.Clone(envelope)
	e, err := core.Inspect(envelope)
	r, refErr := referenceInspect(envelope)
	if !errors.Is(err, refErr) || core.IsMiss(err) != (err != nil) {
		t.Fatalf("Inspect: %v, by the plain reader %v", err, refErr)
	}
	if err == nil && (uint64(e.OriginalSize) != r.size || e.CompressedSize != len(r.block) ||
		!bytes.Equal(e.Checksum[:], r.checksum) || string(e.Format) != r.format) {
		t.Fatalf("Inspect: %+v, by the plain reader %+v", e, r)
	}
	if r.size > fuzzLimit && err == nil {
		return
	}
	s := core.NewByteStorage(core.DefaultFormat)
	got, err := s.Retrieve(envelope)
	want, must, refErr := referenceRetrieve(envelope)
	switch {
	case err == nil && (refErr != nil || !bytes.Equal(got, want)):
		t.Fatalf("Retrieve: %d bytes, by the plain reader %d, %v", len(got), len(want), refErr)
	case err != nil && got != nil:
		t.Fatalf("Retrieve: %d bytes with %v", len(got), err)
	case !errors.Is(err, refErr) && (must || !errors.Is(err, core.ErrDecompressionFailed)), core.IsMiss(err) != (err != nil):
		t.Fatalf("Retrieve: %v, by the plain reader %v", err, refErr)
	}
	codestest.Explained(t, err)
	if v := s.Validate(envelope); fmt.Sprint(v) != fmt.Sprint(err) {
		t.Fatalf("Validate: %v, Retrieve: %v", v, err)
	}
	if plain, plainErr := core.Decompress(envelope); fmt.Sprint(plainErr) != fmt.Sprint(err) || !bytes.Equal(plain, got) {
		t.Fatalf("Decompress: %d bytes, %v, Retrieve: %d, %v", len(plain), plainErr, len(got), err)
	}
	out := make([]byte, e.OriginalSize)
	if n, intoErr := s.RetrieveInto(out, envelope); fmt.Sprint(intoErr) != fmt.Sprint(err) || !bytes.Equal(out[:n], got) {
		t.Fatalf("RetrieveInto: %d, %v, Retrieve: %d, %v", n, intoErr, len(got), err)
	}
	if err != nil && !bytes.Equal(out, make([]byte, len(out))) {
		t.Fatal("a failed RetrieveInto leaves something behind")
	}
	if !bytes.Equal(envelope, before) {
		t.Fatal("reading changed the envelope")
	}
	if err == nil {
		again, err := core.NewByteStorage(r.format).Store(got)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if back, err := core.Decompress(again); err != nil || !bytes.Equal(back, got) {
			t.Fatalf("written again it reads as %d bytes, %v", len(back), err)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	p := partsOf(hello)
	pairs := p.pairs()
	for _, seed := range [][]byte{
		nil,
		fromHex("94c40100982d06cc800538ccd3cc94ccc200a76d73677061636b"),
		fromHex("949f1f410100ccffccffccffcce960414141414141984d35ccad08cce9ccd77c0dcd0400a76d73677061636b"),
		p.array(),
		mapOf(pairs[:]...),
		mapOf(pairs[3], join(str("x"), fromHex("8193c0d40100ca00000000c3")), pairs[2], pairs[1], pairs[0]),
		store(f, jsonLike(2000)),
		store(f, make([]byte, 70000)),
		with(func(p *parts) { p.block = join(header(0xc5, 2, 1<<16-1), integers(literalBlock(hello))) }),
	} {
		f.Add(seed)
	}
	for _, bomb := range bombs() {
		if len(bomb) < 10000 {
			f.Add(bomb)
		}
	}
	for _, envelope := range damaged(jsonLike(100)) {
		f.Add(envelope)
	}
	f.Fuzz(compareWithReference)
}

// FuzzEnvelopeFields spells the four fields in any form that MessagePack has
// for them, sound or not, and derives the verdict from the fields themselves.
func FuzzEnvelopeFields(f *testing.F) {
	f.Add(literalBlock(hello), binary.BigEndian.Uint64(sumOf(hello)), uint64(len(hello)), []byte("msgpack"), uint32(0))
	f.Add(literalBlock(hello), binary.BigEndian.Uint64(sumOf(hello)), uint64(len(hello)), []byte("json"), uint32(0xffffffff))
	f.Add(literalBlock(hello), binary.BigEndian.Uint64(sumOf(hello)), uint64(len(hello)), []byte(""), uint32(0x12345678))
	f.Add([]byte{0}, uint64(0x2d06800538d394c2), uint64(0), []byte("x"), uint32(0x0f0f0f0f))
	f.Add([]byte{0x1f, 'A', 1, 0, 0xff, 0x50, 1, 2, 3, 4, 5}, uint64(1), uint64(279), []byte("\xff"), uint32(1))
	f.Add([]byte{}, uint64(0), uint64(0), []byte("empty"), uint32(2))
	f.Add(make([]byte, 9), uint64(0), uint64(9001), []byte("bomb"), uint32(3))
	f.Add(make([]byte, 9), uint64(0), uint64(512<<20+1), []byte("large"), uint32(4))
	f.Fuzz(func(t *testing.T, block []byte, sum, size uint64, format []byte, forms uint32) {
		choose := func(n uint32) int {
			c := forms % n
			forms = forms/n | forms<<29
			return int(c)
		}
		sumBytes := binary.BigEndian.AppendUint64(nil, sum)
		bytesForm := func(b []byte) []byte {
			switch choose(5) {
			case 0:
				if len(b) < 1<<8 {
					return append(header(0xc4, 1, uint64(len(b))), b...)
				}
			case 1:
				if len(b) < 1<<16 {
					return append(header(0xc5, 2, uint64(len(b))), b...)
				}
			case 2:
				out := header(0xdd, 4, uint64(len(b)))
				for i, v := range b {
					width := 1 << (i % 3)
					out = append(out, header(0xcd+byte(i%3), 2*width, uint64(v))...)
				}
				return out
			case 3:
				return integers(b)
			}
			return bin(b)
		}
		p := parts{block: bytesForm(block), checksum: bytesForm(sumBytes), size: integer(size)}
		if size < 1<<31 && choose(2) == 1 {
			p.size = header(0xd2, 4, size)
		}
		p.format = append(header(0xdb, 4, uint64(len(format))), format...)
		if len(format) < 1<<8 && choose(2) == 1 {
			p.format = append(header(0xd9, 1, uint64(len(format))), format...)
		}
		envelope := p.array()
		if choose(2) == 1 {
			pairs := p.pairs()
			for i := range pairs {
				j := choose(4)
				pairs[i], pairs[j] = pairs[j], pairs[i]
			}
			envelope = mapOf(pairs[:]...)
		}

		var want error
		switch {
		case !utf8.Valid(format):
			want = core.ErrInvalidInput
		case size > core.MaxPayloadSize:
			want = core.ErrInputTooLarge
		case len(block) == 0 || size > 1000*uint64(len(block)):
			want = core.ErrDecompressionBomb
		}
		e, err := core.Inspect(envelope)
		if !errors.Is(err, want) {
			t.Fatalf("Inspect: %v, want %v", err, want)
		}
		if err == nil && (uint64(e.OriginalSize) != size || e.CompressedSize != len(block) ||
			!bytes.Equal(e.Checksum[:], sumBytes) || !bytes.Equal(e.Format, format)) {
			t.Fatalf("Inspect: %+v", e)
		}
		compareWithReference(t, envelope)
	})
}

// FuzzBombs lets lengths claim anything over a few bytes of input.
func FuzzBombs(f *testing.F) {
	f.Add([]byte("abc"), uint32(3), uint32(8), uint64(500e9), uint32(7), uint8(0))
	f.Add([]byte("abc"), uint32(1<<32-1), uint32(8), uint64(3), uint32(7), uint8(1))
	f.Add([]byte("abc"), uint32(3), uint32(1<<32-1), uint64(3), uint32(1<<32-1), uint8(2))
	f.Add(make([]byte, 100), uint32(100), uint32(8), uint64(100001), uint32(7), uint8(3))
	f.Fuzz(func(t *testing.T, block []byte, blockLen, sumLen uint32, size uint64, formatLen uint32, form uint8) {
		blockType, sumType := byte(0xc6), byte(0xdd)
		if form&1 != 0 {
			blockType = 0xdd
		}
		if form&2 != 0 {
			sumType = 0xc6
		}
		p := parts{
			block:    append(header(blockType, 4, uint64(blockLen)), block...),
			checksum: append(header(sumType, 4, uint64(sumLen)), make([]byte, 8)...),
			size:     integer(size),
			format:   append(header(0xdb, 4, uint64(formatLen)), "msgpack"...),
		}
		envelope := p.array()
		if form&4 != 0 {
			pairs := p.pairs()
			envelope = mapOf(join(str("x"), header(0xdd, 4, uint64(sumLen)), []byte{0, 0}), join(pairs[:]...))
		}
		e, err := core.Inspect(envelope)
		if err == nil && (uint64(blockLen) != uint64(e.CompressedSize) || e.CompressedSize > len(envelope) ||
			e.OriginalSize > 1000*e.CompressedSize || e.OriginalSize > core.MaxPayloadSize) {
			t.Fatalf("accepted %+v from %d bytes", e, len(envelope))
		}
		if err == nil || raceDetector {
			compareWithReference(t, envelope)
			return
		}
		if n := bytetest.Allocated(func() { core.Decompress(envelope) }); n > bytetest.ErrorSize {
			t.Fatalf("refused with %v after %d bytes were allocated", err, n)
		}
	})
}

// FuzzFormat tries to make a format spill into the fields beside it.
func FuzzFormat(f *testing.F) {
	for _, format := range []string{"", "msgpack", "a\x00b", "\xff", "\xed\xa0\x80", "é", "\xa7msgpack", "x\x94\xc4\x01\x00"} {
		f.Add(format, []byte("payload"))
	}
	f.Add(string(make([]byte, 70000)), []byte{})
	f.Fuzz(func(t *testing.T, format string, data []byte) {
		envelope, err := core.NewByteStorage(format).Store(data)
		if !utf8.ValidString(format) {
			if envelope != nil || !errors.Is(err, core.ErrInvalidInput) {
				t.Fatalf("format %q: %d bytes, %v", format, len(envelope), err)
			}
			return
		}
		if err != nil {
			t.Fatalf("format %q: %v", format, err)
		}
		r, err := referenceInspect(envelope)
		if err != nil || r.format != format || r.size != uint64(len(data)) || !bytes.Equal(r.checksum, sumOf(data)) {
			t.Fatalf("format %q: %+v, %v", format, r, err)
		}
		plain, err := core.NewByteStorage("").Store(data)
		if err != nil {
			t.Fatal(err)
		}
		// The format is the last thing written: without it, the rest is the same.
		if cut := len(envelope) - len(format); !bytes.HasPrefix(envelope, plain[:len(plain)-1]) || string(envelope[cut:]) != format {
			t.Fatalf("format %q changes what is before it", format)
		}
		compareWithReference(t, envelope)
	})
}

func FuzzStore(f *testing.F) {
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 12, 13, 100, 240, 3000} {
			f.Add(kind.make(n), uint8(0))
			f.Add(kind.make(n), uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, repeat uint8) {
		if len(data) < 1<<16 {
			data = bytes.Repeat(data, int(repeat)+1) // there is little to compress in what a fuzzer makes
		}
		envelope := store(t, data)
		if bound := core.EnvelopeBound(len(data), len(core.DefaultFormat)); len(envelope) > bound {
			t.Fatalf("envelope of %d bytes, bound %d", len(envelope), bound)
		}
		if !bytes.Equal(envelope, store(t, data)) {
			t.Fatal("two stores of the same payload differ")
		}
		plain, must, err := referenceRetrieve(envelope)
		if err != nil || !must || !bytes.Equal(plain, data) {
			t.Fatalf("the plain reader gives %d of %d bytes, %v, bound to be read: %t", len(plain), len(data), err, must)
		}
		compareWithReference(t, envelope)
	})
}

// FuzzDamage changes, puts in or leaves out bytes of a sound envelope.
func FuzzDamage(f *testing.F) {
	f.Add([]byte("hello, cachekit!"), uint16(9), uint8(1), uint8(0))
	f.Add(jsonLike(300), uint16(40), uint8(0xff), uint8(1))
	f.Add(make([]byte, 1000), uint16(3), uint8(0x80), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, x, how uint8) {
		envelope := store(t, data)
		i := int(at) % len(envelope)
		switch how % 4 {
		case 0:
			envelope[i] ^= x
		case 1:
			envelope = join(envelope[:i], []byte{x}, envelope[i:])
		case 2:
			envelope = join(envelope[:i], envelope[min(i+int(x), len(envelope)):])
		case 3:
			envelope = join(envelope[:i], envelope[max(i-int(x), 0):])
		}
		if got, err := core.Decompress(envelope); err == nil && !bytes.Equal(got, data) {
			t.Fatalf("wrong data: %d bytes for %d", len(got), len(data))
		}
		compareWithReference(t, envelope)
	})
}

func FuzzChecksum(f *testing.F) {
	f.Add([]byte{}, uint16(0))
	f.Add([]byte("hello, cachekit!"), uint16(5))
	f.Add(jsonLike(1000), uint16(300))
	f.Fuzz(func(t *testing.T, data []byte, at uint16) {
		sum := core.Checksum(data)
		if err := core.VerifyChecksum(data, sum); err != nil {
			t.Fatal(err)
		}
		// The library's own way of hashing in pieces is other code.
		var h xxh3.Hasher
		cut := int(at) % (len(data) + 1)
		h.Write(data[:cut])
		h.Write(data[cut:])
		if h.Sum64() != binary.BigEndian.Uint64(sum[:]) {
			t.Fatalf("%x, in two pieces %016x", sum, h.Sum64())
		}
		if cut < len(data) {
			data[cut]++
			if err := core.VerifyChecksum(data, sum); !errors.Is(err, core.ErrChecksumMismatch) {
				t.Fatalf("byte %d changed: %v", cut, err)
			}
			data[cut]--
		}
	})
}
