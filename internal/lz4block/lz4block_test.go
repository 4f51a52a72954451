package lz4block

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/lz4block/sizes"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

// long asks for the long form of the tests with generated cases.
var long = os.Getenv("CACHEKIT_LONG_TESTS") == "1"

// eachPath runs f once on each path that this machine has.
func eachPath(tb testing.TB, f func(path string)) {
	tb.Helper()
	defer func(was bool) { useAssembly = was }(useAssembly)
	if haveAssembly {
		useAssembly = true
		f(Path())
	} else {
		tb.Log("no assembly for this machine: only the portable path is tested")
	}
	useAssembly = false
	f(Path())
}

// around returns the numbers from 0 on that are at most by away from one of
// edges, each once and in ascending order.
func around(edges []int, by int) []int {
	var all []int
	for _, edge := range edges {
		for n := max(edge-by, 0); n <= edge+by; n++ {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func encode(data []byte) []byte {
	block := make([]byte, Bound(len(data)))
	return block[:Encode(block, data)]
}

// reader adapts a block for DecodeFrom, which is the plainest of the decoders
// and so the reference for the others.
func reader(block []byte) func() (byte, bool) {
	return func() (byte, bool) {
		if len(block) == 0 {
			return 0, false
		}
		b := block[0]
		block = block[1:]
		return b, true
	}
}

// decodings decodes a block in every way there is, insists on one answer and
// returns it.
func decodings(t *testing.T, name string, block []byte, room int) ([]byte, error) {
	t.Helper()
	want := make([]byte, room)
	n, wantErr := DecodeFrom(want, reader(block))
	want = want[:n]
	eachPath(t, func(path string) {
		const canary = 0xa5
		buf := bytes.Repeat([]byte{canary}, room+DecodeSlack)
		got, err := Decode(buf[:room], block)
		if !errors.Is(err, wantErr) || err == nil && !bytes.Equal(buf[:got], want) {
			t.Fatalf("%s: Decode (%s) gives %d bytes, error %v; DecodeFrom %d bytes, error %v; block %x", name, path, got, err, n, wantErr, block[:min(len(block), 2000)])
		}
		// What it says that it may have written to is all that it has.
		if err == nil {
			got += DecodeSlack
		}
		for i, b := range buf[min(got, room):] {
			if b != canary {
				t.Fatalf("%s: Decode (%s) wrote %d bytes beyond what it says, into a room of %d; block %x", name, path, i, room, block[:min(len(block), 2000)])
			}
		}
	})
	return want, wantErr
}

func TestAcceptRule(t *testing.T) {
	lib := startLiblz4(t)
	for _, c := range []struct {
		name  string
		block string
		room  int
		want  string
		ok    bool
	}{
		{name: "no bytes at all", block: "", room: 10},
		{name: "no bytes, no room", block: "", room: 0},
		{name: "nothing", block: "\x00", room: 10, ok: true},
		{name: "nothing, no room", block: "\x00", room: 0, ok: true},
		{name: "literals", block: "\x30abc", room: 3, want: "abc", ok: true},
		{name: "literals, more room", block: "\x30abc", room: 100, want: "abc", ok: true},
		{name: "literals, too little room", block: "\x30abc", room: 2},
		{name: "literals, no room", block: "\x30abc", room: 0},
		{name: "literals cut off", block: "\x40abc", room: 10},
		{name: "literals missing", block: "\x10", room: 10},
		{name: "bytes after the literals", block: "\x20abc", room: 10},
		{name: "low nibble of the last token", block: "\x31abc", room: 3, want: "abc", ok: true},
		{name: "low nibble of the last token, 15", block: "\x3fabc", room: 3, want: "abc", ok: true},
		{name: "low nibble of the last token, too little room", block: "\x31abc", room: 2},
		{name: "low nibble of the last token, literals missing", block: "\x41abc", room: 10},
		{name: "low nibble of the last token, long", block: "\xf2\x00abcdefghijklmno", room: 15, want: "abcdefghijklmno", ok: true},
		{name: "low nibble of the last token, longer", block: "\xff" + strings.Repeat("\xff", 20) + "\x00" + strings.Repeat("x", 5115), room: 5115, want: strings.Repeat("x", 5115), ok: true},
		{name: "low nibble of the last token, after a match", block: "\x30abc\x03\x00\x2ade", room: 9, want: "abcabcade", ok: true},
		{name: "low nibble of the last token, no literals", block: "\x30abc\x03\x00\x0f", room: 7, want: "abcabca", ok: true},
		{name: "5115 literals", block: "\xf0" + strings.Repeat("\xff", 20) + "\x00" + strings.Repeat("x", 5115), room: 5115, want: strings.Repeat("x", 5115), ok: true},
		{name: "low nibble of the only byte", block: "\x07", room: 3, ok: true},
		{name: "low nibble of the only byte, no room", block: "\x07", room: 0, ok: true},
		{name: "15 literals", block: "\xf0\x00abcdefghijklmno", room: 15, want: "abcdefghijklmno", ok: true},
		{name: "15 literals without extension", block: "\xf0", room: 15},
		{name: "270 literals", block: "\xf0\xff\x00" + strings.Repeat("x", 270), room: 270, want: strings.Repeat("x", 270), ok: true},
		{name: "extension cut off", block: "\xf0\xff", room: 1000},
		{name: "literals beyond the block", block: "\xf0\xff\x00" + strings.Repeat("x", 269), room: 270},
		{name: "only extension bytes", block: "\xf0" + strings.Repeat("\xff", 100000), room: 1000},
		{name: "match", block: "\x30abc\x03\x00\x00", room: 7, want: "abcabca", ok: true},
		{name: "match, then literals", block: "\x30abc\x03\x00\x20de", room: 9, want: "abcabcade", ok: true},
		{name: "match of length 4 + 14", block: "\x1ea\x01\x00\x00", room: 19, want: strings.Repeat("a", 19), ok: true},
		{name: "match of length 4 + 15", block: "\x1fa\x01\x00\x00\x00", room: 20, want: strings.Repeat("a", 20), ok: true},
		{name: "match of length 4 + 15 + 255", block: "\x1fa\x01\x00\xff\x00\x00", room: 275, want: strings.Repeat("a", 275), ok: true},
		{name: "match, too little room", block: "\x30abc\x03\x00\x00", room: 6},
		{name: "long match, too little room", block: "\x1fa\x01\x00\xff\x00\x00", room: 274},
		{name: "match length cut off", block: "\x1fa\x01\x00\xff", room: 1000},
		{name: "match length missing", block: "\x1fa\x01\x00", room: 1000},
		{name: "only match extension bytes", block: "\x1fa\x01\x00" + strings.Repeat("\xff", 100000), room: 1000},
		{name: "block ends with a match", block: "\x30abc\x03\x00", room: 7},
		{name: "offset cut off", block: "\x30abc\x03", room: 7},
		{name: "offset 0", block: "\x30abc\x00\x00\x00", room: 7},
		{name: "offset 0, long", block: "\x3fabc\x00\x00\x10\x00", room: 100},
		{name: "offset before the start", block: "\x30abc\x04\x00\x00", room: 7},
		{name: "offset before the start, far", block: "\x30abc\xff\xff\x00", room: 100},
		{name: "match first", block: "\x00\x01\x00\x00", room: 7},
		{name: "matches without literals", block: "\x10a\x01\x00\x00\x01\x00\x00\x05\x00\x00", room: 13, want: strings.Repeat("a", 13), ok: true},
	} {
		got, err := decodings(t, c.name, []byte(c.block), c.room)
		if (err == nil) != c.ok || err == nil && string(got) != c.want {
			t.Errorf("%s: %q, error %v", c.name, got, err)
		}
		lib.agrees(t, c.name, []byte(c.block), c.room, got, err)
	}
}

// TestLowNibbleOfTheLastToken: a block decodes to the same whatever stands
// there, in place too, and liblz4 says so as well.
func TestLowNibbleOfTheLastToken(t *testing.T) {
	lib := startLiblz4(t)
	lengths := append(around(sizes.Decoder(), 1), 300, 5<<10, 64<<10, sizes.PortableStep+99)
	for n := range 64 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		for _, kind := range kinds {
			data := generate(kind, uint64(n), n)
			block := encode(data)
			last, _ := lastSequence(block)
			for nibble := range byte(16) {
				if n > 100 && nibble%5 != 0 || n > 10000 && nibble != 10 {
					continue
				}
				name := fmt.Sprintf("%d bytes of %s, nibble %d", n, kind, nibble)
				block[last] = block[last]&0xf0 | nibble
				for _, room := range []int{n, n + 40} {
					got, err := decodings(t, name, block, room)
					if err != nil || !bytes.Equal(got, data) {
						t.Fatalf("%s: %d bytes, error %v", name, len(got), err)
					}
					lib.agrees(t, name, block, room, got, err)
				}
				eachPath(t, func(path string) { checkInPlace(t, name, path, block, data) })
				if n > 0 {
					if _, err := decodings(t, name, block, n-1); err == nil {
						t.Fatalf("%s: decoded to %d bytes", name, n-1)
					}
				}
			}
		}
	}
}

func TestEncodePanicsOnShortDestination(t *testing.T) {
	eachPath(t, func(path string) {
		defer func() {
			if recover() == nil {
				t.Errorf("%s: no panic", path)
			}
		}()
		Encode(make([]byte, Bound(100)-1), make([]byte, 100))
	})
}

// caseSize draws sizes from 0 to 70,000, mostly small ones, where the ends of
// the input are.
func caseSize(r *rand.Rand) int {
	return min(r.IntN(1<<r.IntN(18)+1), 70000)
}

// TestRoundTrip encodes on every path and decodes with everything there is;
// and decodes what other encoders wrote.
func TestRoundTrip(t *testing.T) {
	cases := 30000
	if long {
		cases = 1000000
	} else if testing.Short() {
		cases = 3000
	}
	lib := startLiblz4(t)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range cases {
		n := caseSize(r)
		if i%3000 == 0 {
			n = r.IntN(4 << 20)
		}
		checkRoundTrip(t, lib, fmt.Sprintf("case %d", i), generate(kinds[i%len(kinds)], uint64(i), n), i%16 == 0)
	}
}

// TestRoundTripEdges takes the sizes around those at which the encoder changes
// its ways, and runs of literals and matches too long for one call of the
// assembly.
func TestRoundTripEdges(t *testing.T) {
	lib := startLiblz4(t)
	lengths := append(around(append(sizes.Encoder(), 0), 20), around(append(sizes.Levels(), sizes.DecodeStep, sizes.PortableStep), 2)...)
	for _, n := range lengths {
		for i, kind := range kinds {
			if testing.Short() && (n+i)%len(kinds) > 0 {
				continue // the others are for the sizes beside this one
			}
			checkRoundTrip(t, lib, fmt.Sprintf("%d bytes of %s", n, kind), generate(kind, uint64(n), n), n%8 == 0)
		}
	}
	const run, kib = sizes.MaxRun, 1 << 10
	random := generate("random", 1, 12*run)
	text := generate("text", 2, 100*kib)
	zeros := make([]byte, 5*sizes.MaxCopy)
	for i, parts := range [][][]byte{
		{random, text, random[:run+44*kib], text[:100]},
		{text, zeros, text},
		{text, zeros[:sizes.MaxCopy+4], random[:100]},
		{random[:run], zeros[:100], random[:100]},
		{random[:run+1*kib], zeros[:15]},
		{random[:run+1*kib], zeros[:16], random[:1*kib]},
		{random[:run+44*kib], random[run+24*kib : run+44*kib], random[:run+44*kib], random[run+34*kib : run+44*kib]},
		{random[:2*run-12*kib], zeros, random[:10]},
		{zeros, random[:7]},
	} {
		checkRoundTrip(t, lib, fmt.Sprintf("parts %d", i), bytes.Join(parts, nil), true)
	}
}

// checkRoundTrip checks one input; with others it takes the slower encoders in.
func checkRoundTrip(t *testing.T, lib *liblz4, name string, data []byte, others bool) {
	t.Helper()
	blocks := map[string][]byte{}
	eachPath(t, func(path string) {
		if path == "portable" && haveAssembly && !others {
			return // much slower, and the library's own tests are good
		}
		const canary = 0xa5
		bound := Bound(len(data))
		buf := bytes.Repeat([]byte{canary}, bound+Slack)
		n := Encode(buf, data)
		if n > bound {
			t.Fatalf("%s: Encode (%s) of %d bytes gives %d, more than Bound", name, path, len(data), n)
		}
		for i, b := range buf[bound:] {
			if b != canary {
				t.Fatalf("%s: Encode (%s) of %d bytes wrote to dst[Bound+%d]", name, path, len(data), i)
			}
		}
		blocks[path] = buf[:n:n]
		if err := endsByTheRules(blocks[path], len(data)); err != nil {
			t.Fatalf("%s: Encode (%s) of %d bytes: %v", name, path, len(data), err)
		}
	})
	level := limits.MinLevel + 1 + len(data)%(limits.MaxLevel-limits.MinLevel)
	blocks[fmt.Sprint("level ", level)] = encodeAlike(t, name, data, level)
	for encoder, block := range blocks {
		if lib != nil {
			if got := lib.decode(t, block, len(data)); !bytes.Equal(got, data) {
				t.Fatalf("%s: liblz4 does not decode %d bytes by %s", name, len(data), encoder)
			}
		}
		got := make([]byte, len(data))
		if n, err := lz4.UncompressBlock(block, got); err != nil || !bytes.Equal(got[:n], data) {
			t.Fatalf("%s: pierrec/lz4 does not decode %d bytes by %s: %v", name, len(data), encoder, err)
		}
	}
	if others {
		var c lz4.CompressorHC
		hc := make([]byte, Bound(len(data)))
		if n, err := c.CompressBlock(data, hc); err == nil && n > 0 {
			blocks["pierrec/lz4 HC"] = hc[:n:n]
		}
		if lib != nil {
			blocks["liblz4"] = lib.encode(t, data)
			blocks["liblz4 HC"] = lib.encodeHC(t, data)
		}
	}
	for encoder, block := range blocks {
		eachPath(t, func(path string) {
			// Without room to spare, and with some.
			for _, room := range []int{len(data), len(data) + 1 + len(data)%50} {
				got := make([]byte, room)
				if n, err := Decode(got, block); err != nil || !bytes.Equal(got[:n], data) {
					t.Fatalf("%s: Decode (%s) with room for %d does not decode %d bytes by %s: %v", name, path, room, len(data), encoder, err)
				}
			}
			checkInPlace(t, name+" by "+encoder, path, block, data)
		})
	}
}

// encodeAlike encodes at a level on each path, and insists on one block, and that nothing
// beyond the bound is written, nor beyond Slack.
func encodeAlike(t *testing.T, name string, data []byte, level int) []byte {
	t.Helper()
	const canary = 0xa5
	bound := Bound(len(data))
	var block []byte
	eachPath(t, func(path string) {
		buf := bytes.Repeat([]byte{canary}, bound+Slack)
		n := EncodeLevel(buf, data, level)
		if n > bound {
			t.Fatalf("%s: level %d (%s) of %d bytes gives %d, more than Bound", name, level, path, len(data), n)
		}
		if level > limits.MinLevel { // what Encode leaves behind a block has a test of its own
			for i := min(n+Slack, bound); i < len(buf); i++ {
				if buf[i] != canary {
					t.Fatalf("%s: level %d (%s) of %d bytes wrote %d bytes beyond the block of %d", name, level, path, len(data), i-n, n)
				}
			}
		}
		if err := endsByTheRules(buf[:n], len(data)); err != nil {
			t.Fatalf("%s: level %d (%s) of %d bytes: %v", name, level, path, len(data), err)
		}
		if block != nil && level > limits.MinLevel && !bytes.Equal(buf[:n], block) {
			t.Fatalf("%s: level %d of %d bytes: two blocks, of %d and %d bytes", name, level, len(data), len(block), n)
		}
		block = buf[:n:n]
	})
	return block
}

// checkInPlace decodes block in place.
func checkInPlace(t *testing.T, name, path string, block, data []byte) {
	t.Helper()
	buf := make([]byte, len(data)+InPlaceMargin(len(block)))
	src := buf[len(buf)-len(block):]
	copy(src, block)
	n, err := Decode(buf[:len(data)], src)
	if err != nil || !bytes.Equal(buf[:n], data) {
		t.Fatalf("%s: Decode (%s) does not decode %d bytes in place: %v", name, path, len(data), err)
	}
}

// TestInPlaceExtremes decodes blocks in place that no encoder would write:
// valid, but with as little gained by each match as can be.
func TestInPlaceExtremes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	cases := 3000
	if long {
		cases = 100000
	}
	data := make([]byte, 1<<21)
	for i := range cases {
		var block []byte
		literals := func(n int, nibble byte) {
			block = append(block, nibble|byte(min(n, 15))<<4)
			if n >= 15 {
				for n := n - 15; ; n -= 255 {
					block = append(block, byte(min(n, 255)))
					if n < 255 {
						break
					}
				}
			}
			for range n {
				block = append(block, byte(r.Uint32()))
			}
		}
		size := 0
		for range r.IntN(200) {
			n := r.IntN(3)
			switch {
			case size == 0:
				n = 1
			case r.IntN(8) == 0:
				n = 14 + r.IntN(1<<r.IntN(13)) // extension bytes
			}
			match := r.IntN(1 + r.IntN(15))
			literals(n, byte(match))
			size += n
			offset := 1 + r.IntN(min(size, 1<<r.IntN(16)))
			block = append(block, byte(offset), byte(offset>>8))
			size += match + 4
		}
		literals(r.IntN(1<<r.IntN(13)), byte(r.IntN(16)))
		n, err := DecodeFrom(data, reader(block))
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("case %d", i)
		eachPath(t, func(path string) { checkInPlace(t, name, path, block, data[:n]) })
		if i > 0 && i%100 == 0 {
			// One long run of literals: the most that the input can be behind.
			block = block[:0]
			literals(r.IntN(1<<20), byte(r.IntN(16)))
			n, err := DecodeFrom(data, reader(block))
			if err != nil {
				t.Fatal(err)
			}
			eachPath(t, func(path string) { checkInPlace(t, name, path, block, data[:n]) })
		}
	}
}

// TestDamagedBlocks checks that all decoders agree on blocks that were
// damaged, on the verdict and on each byte, and with liblz4.
func TestDamagedBlocks(t *testing.T) {
	cases := 40000
	if long {
		cases = 1000000
	} else if testing.Short() {
		cases = 5000
	}
	lib := startLiblz4(t)
	r := rand.New(rand.NewPCG(5, 6))
	accepted := 0
	for i := range cases {
		data := generate(kinds[i%len(kinds)], uint64(i), r.IntN(1<<r.IntN(12)+1))
		block := encode(data)
		if i%4 == 0 {
			last, _ := lastSequence(block)
			block[last] |= byte(r.IntN(16))
		}
		damage(r, &block)
		room := len(data)
		switch r.IntN(4) {
		case 0:
			room = r.IntN(len(data) + 1)
		case 1:
			room += r.IntN(100)
		}
		name := fmt.Sprintf("case %d", i)
		got, err := decodings(t, name, block, room)
		lib.agrees(t, name, block, room, got, err)
		if err == nil {
			accepted++
			lib.agrees(t, name+", exactly", block, len(got), got, nil)
		}
		// In place nothing is promised but that memory is safe.
		buf := bytes.Repeat([]byte{0xa5}, 64+max(room+InPlaceMargin(len(block)), len(block))+64)
		inner := buf[64 : len(buf)-64]
		eachPath(t, func(path string) {
			src := inner[len(inner)-len(block):]
			copy(src, block)
			Decode(inner[:room], src)
			for i := range 64 {
				if buf[i] != 0xa5 || buf[len(buf)-1-i] != 0xa5 {
					t.Fatalf("%s: Decode (%s) in place wrote outside", name, path)
				}
			}
		})
	}
	if accepted < cases/100 || accepted > cases*9/10 {
		t.Errorf("%d of %d blocks accepted: the damage is not what it should be", accepted, cases)
	}
}

// damage changes, cuts or extends a block.
func damage(r *rand.Rand, block *[]byte) {
	for range 1 + r.IntN(3) {
		b := *block
		if len(b) == 0 {
			return
		}
		switch r.IntN(8) {
		case 0:
			b = b[:r.IntN(len(b)+1)]
		case 1:
			b = append(b, byte(r.Uint32()))
		case 2:
			b[r.IntN(len(b))] = 255
		case 3:
			b[r.IntN(len(b))] = 0
		case 4, 5:
			b[r.IntN(len(b))] = byte(r.Uint32())
		default:
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		*block = b
	}
}

// TestCorpora takes every file that pierrec/lz4's fuzzers kept, both as a
// block and as data.
func TestCorpora(t *testing.T) {
	lib := startLiblz4(t)
	count := 0
	for _, name := range []string{"lz4-pierrec-fuzz/uncompress", "lz4-pierrec-fuzz/compress"} {
		dir := need.VectorPath(t, name)
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(filepath.Join(dir, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			count++
			checkRoundTrip(t, lib, file.Name(), data, true)
			for _, room := range []int{0, 1, 16, 100, 1000, 100000} {
				got, err := decodings(t, file.Name(), data, room)
				if err != nil && !errors.Is(err, ErrMalformed) {
					t.Errorf("%s: %v", file.Name(), err)
				}
				lib.agrees(t, file.Name(), data, room, got, err)
			}
		}
	}
	if count != 115 {
		t.Errorf("%d files, want 115", count)
	}
}

// TestDeterminism checks that the same input gives the same block whatever
// was encoded before, at other addresses and by several goroutines at once;
// and, by their sum, that the assembly's blocks are those of other machines.
func TestDeterminism(t *testing.T) {
	eachPath(t, func(path string) {
		sum := fnv.New64a()
		for i, size := range append(around(append(sizes.Encoder(), sizes.Levels()...), 1), 0, 64, 5000, 300000) {
			data := generate(kinds[i%len(kinds)], 9, size)
			level := limits.MinLevel + i/2%limits.MaxLevel
			want := encode(data)
			wantAt := encodeAt(data, level)
			sum.Write(want)
			done := make(chan []byte)
			for g := range 4 {
				go func() {
					encodeAt(generate("mixed", uint64(g), sizes.LevelsNear+4000-i%16*4000), limits.MinLevel+1+(i+g)%8)
					if !bytes.Equal(encodeAt(data, level), wantAt) {
						t.Errorf("%s: %d bytes at level %d, two blocks", path, size, level)
					}
					encode(generate("mixed", uint64(g), sizes.Entry16Max+4000-i%20*1000)) // leaves its positions in a pooled table
					shifted := append(make([]byte, g, g+len(data)), data...)[g:]
					done <- encode(shifted)
				}()
			}
			for range 4 {
				if got := <-done; !bytes.Equal(got, want) {
					t.Errorf("%s: %d bytes, two blocks", path, size)
				}
			}
		}
		t.Logf("%s: sum %#x", path, sum.Sum64())
	})
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	eachPath(t, func(path string) {
		for _, size := range append(sizes.Encoder(), 64, 4<<10, 16<<10) {
			data := generate("json", 1, size)
			block, out := make([]byte, Bound(size)), make([]byte, size)
			n := 0
			if allocs := testing.AllocsPerRun(20, func() { n = Encode(block, data) }); allocs >= 1 {
				t.Errorf("%s: Encode of %d bytes allocates %v times", path, size, allocs)
			}
			for level := limits.MinLevel + 1; level <= limits.MaxLevel; level++ {
				if allocs := testing.AllocsPerRun(20, func() { EncodeLevel(block, data, level) }); allocs >= 1 {
					t.Errorf("%s: level %d of %d bytes allocates %v times", path, level, size, allocs)
				}
			}
			if allocs := testing.AllocsPerRun(20, func() { Decode(out, block[:n]) }); allocs >= 1 {
				t.Errorf("%s: Decode of %d bytes allocates %v times", path, size, allocs)
			}
		}
	})
}

// TestUnknownSettingIsNamed starts this test again with values of the variable.
func TestUnknownSettingIsNamed(t *testing.T) {
	const child = "CACHEKIT_LZ4_TEST"
	if os.Getenv(child) != "" {
		fmt.Printf("[%s]\n", Warning())
		return
	}
	for value, want := range map[string]string{"": "[]", "portable": "[]", "amd64": "[]", "fast": "[CACHEKIT_LZ4=fast is unknown]"} {
		out, err := need.Process(t, child+"=1", "CACHEKIT_LZ4="+value)
		if err != nil || !bytes.Contains(out, []byte(want+"\n")) {
			t.Errorf("CACHEKIT_LZ4=%s: %v, %s", value, err, out)
		}
	}
}

// TestPortableCanBeForced starts this test again with the variable set.
func TestPortableCanBeForced(t *testing.T) {
	if os.Getenv("CACHEKIT_LZ4") == "portable" {
		if Path() != "portable" {
			t.Errorf("path %s", Path())
		}
		return
	}
	if want := map[bool]string{true: "amd64", false: "portable"}[haveAssembly]; Path() != want {
		t.Errorf("path %s, want %s", Path(), want)
	}
	out, err := need.Process(t, "CACHEKIT_LZ4=portable")
	if err != nil || !bytes.Contains(out, []byte("PASS")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// Callers whose output is read by others wipe what the encoder wrote beyond a
// block, and no more.
func TestEncodeWritesNothingBeyondSlack(t *testing.T) {
	lengths := around(sizes.Encoder(), 1)
	for n := 0; n < 200_000; n += 1 + n/20 {
		lengths = append(lengths, n)
	}
	dst := make([]byte, Bound(slices.Max(lengths)))
	eachPath(t, func(path string) {
		for _, n := range lengths {
			for _, kind := range kinds {
				data := generate(kind, uint64(n), n)
				dst := dst[:Bound(n)]
				for i := range dst {
					dst[i] = 0xa5
				}
				size := Encode(dst, data)
				for i := size + Slack; i < len(dst); i++ {
					if dst[i] != 0xa5 {
						t.Fatalf("%s: %d bytes of %s: byte %d beyond the block was written", path, n, kind, i-size)
					}
				}
			}
		}
	})
}
