package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/bytetest"
)

// hello is the payload of the envelopes below, with bytes above 7f in it, so
// that the integer forms differ.
var hello = []byte("hello, \xf0\x9f\x92\xbe cachekit!")

// with returns the parts of a sound envelope after a change.
func with(change func(p *parts)) []byte {
	p := partsOf(hello)
	change(&p)
	return p.array()
}

// checkRefused reads an envelope in every way there is; each must refuse it
// with want.
func checkRefused(t *testing.T, name string, envelope []byte, want error) {
	t.Helper()
	s := core.NewByteStorage(core.DefaultFormat)
	got, err := s.Retrieve(envelope)
	if !errors.Is(err, want) || got != nil {
		t.Errorf("%s: Retrieve gives %d bytes, %v, want %v", name, len(got), err, want)
	}
	if err := s.Validate(envelope); !errors.Is(err, want) {
		t.Errorf("%s: Validate gives %v, want %v", name, err, want)
	}
	if !core.IsMiss(err) {
		t.Errorf("%s: %v is no miss", name, err)
	}
	if got, other := core.Decompress(envelope); fmt.Sprint(other) != fmt.Sprint(err) || got != nil {
		t.Errorf("%s: Decompress gives %d bytes, %v, want %v", name, len(got), other, err)
	}
	if got, err := core.AppendDecompress([]byte("kept"), envelope); !errors.Is(err, want) || string(got) != "kept" {
		t.Errorf("%s: AppendDecompress gives %q, %v, want %v", name, got, err, want)
	}
	for how, into := range map[string]func(dst, envelope []byte) (int, error){"RetrieveInto": s.RetrieveInto, "DecompressInto": core.DecompressInto} {
		if n, err := into(make([]byte, 4096), envelope); !errors.Is(err, want) || n != 0 {
			t.Errorf("%s: %s gives %d, %v, want %v", name, how, n, err, want)
		}
	}
	e, err := core.Inspect(envelope)
	switch {
	case err != nil && (e.Format != nil || e.OriginalSize != 0 || e.CompressedSize != 0):
		t.Errorf("%s: Inspect gives %+v with its error", name, e)
	case err == nil && (want == core.ErrInvalidInput || want == core.ErrInputTooLarge || want == core.ErrDecompressionBomb):
		t.Errorf("%s: Inspect sees nothing, want %v", name, want)
	case err != nil && !errors.Is(err, want):
		t.Errorf("%s: Inspect gives %v, want %v", name, err, want)
	}
}

func checkAccepted(t *testing.T, name string, envelope, payload []byte) {
	t.Helper()
	got, err := core.NewByteStorage(core.DefaultFormat).Retrieve(envelope)
	if err != nil || !bytes.Equal(got, payload) {
		t.Errorf("%s: %q, %v, want %q", name, got, err, payload)
	}
}

// Each row of the table of limits in the wire format, and the order in which
// the rows apply where an envelope breaks several.
func TestLimits(t *testing.T) {
	const tooLarge = core.MaxPayloadSize + 1
	short, long := partsOf(hello), partsOf(hello)
	short.size, long.size = integer(uint64(len(hello)-1)), integer(uint64(len(hello)+1))
	wrongSum := func(p parts) parts { p.checksum = integers(make([]byte, 8)); return p }
	broken := bin([]byte{0x0f, 0, 0})

	for _, c := range []struct {
		name     string
		envelope []byte
		want     error
	}{
		{"size above 512 MiB", with(func(p *parts) { p.size = integer(tooLarge) }), core.ErrInputTooLarge},
		{"size 2^64-1", with(func(p *parts) { p.size = integer(1<<64 - 1) }), core.ErrInputTooLarge},
		{"500 GB claimed by less than 100 bytes", with(func(p *parts) { p.size = integer(500e9) }), core.ErrInputTooLarge},
		{"too large goes before bomb", with(func(p *parts) { p.block, p.size = bin(nil), integer(tooLarge) }), core.ErrInputTooLarge},
		{"512 MiB from a small block", with(func(p *parts) { p.size = integer(core.MaxPayloadSize) }), core.ErrDecompressionBomb},
		{"empty block", with(func(p *parts) { p.block = bin(nil) }), core.ErrDecompressionBomb},
		{"empty block, empty payload", with(func(p *parts) { p.block, p.size = bin(nil), integer(0) }), core.ErrDecompressionBomb},
		{"empty block of integers", with(func(p *parts) { p.block = integers(nil) }), core.ErrDecompressionBomb},
		{"ratio 1000 and one byte", with(func(p *parts) { p.block, p.size = bin(make([]byte, 3)), integer(3001) }), core.ErrDecompressionBomb},
		{"ratio 1000 of integers and one byte", with(func(p *parts) { p.block, p.size = integers(bytes.Repeat([]byte{0xff}, 3)), integer(3001) }), core.ErrDecompressionBomb},
		{"ratio 1000 is within", with(func(p *parts) { p.block, p.size = broken, integer(3000) }), core.ErrDecompressionFailed},
		{"ratio whose product wraps 32 bits", with(func(p *parts) { p.block, p.size = bin(make([]byte, 1)), integer(1<<29) }), core.ErrDecompressionBomb},
		{"bomb goes before a broken block", with(func(p *parts) { p.block, p.size = broken, integer(3001) }), core.ErrDecompressionBomb},
		{"broken block", with(func(p *parts) { p.block = broken }), core.ErrDecompressionFailed},
		{"broken block of integers", with(func(p *parts) { p.block = integers([]byte{0x0f, 0, 0}) }), core.ErrDecompressionFailed},
		{"broken block goes before checksum", with(func(p *parts) { *p = wrongSum(*p); p.block = broken }), core.ErrDecompressionFailed},
		{"block decodes to more", short.array(), core.ErrDecompressionFailed},
		{"block decodes to more than nothing", with(func(p *parts) { p.size = integer(0) }), core.ErrDecompressionFailed},
		{"checksum differs", wrongSum(partsOf(hello)).array(), core.ErrChecksumMismatch},
		{"checksum goes before size", wrongSum(long).array(), core.ErrChecksumMismatch},
		{"block decodes to fewer", long.array(), core.ErrSizeValidationFailed},
		{"invalid input goes before too large", append(with(func(p *parts) { p.size = integer(tooLarge) }), 0), core.ErrInvalidInput},
		{"invalid input goes before bomb", with(func(p *parts) { p.block, p.format = bin(nil), str("\xff") }), core.ErrInvalidInput},
	} {
		if c.name == "500 GB claimed by less than 100 bytes" && len(c.envelope) > 100 {
			t.Errorf("%s: has %d", c.name, len(c.envelope))
		}
		checkRefused(t, c.name, c.envelope, c.want)
	}
}

func TestEveryFormOfEveryFieldIsRead(t *testing.T) {
	block, sum, n := literalBlock(hello), sumOf(hello), uint64(len(hello))
	// Bits that have no meaning: a last token has no match.
	loose := bytes.Clone(block)
	loose[0] |= 0x0b
	// ofWidth spells each byte as an integer of the given type.
	ofWidth := func(head []byte, c byte, width int, of []byte) []byte {
		for _, b := range of {
			head = append(head, header(c, width, uint64(b))...)
		}
		return head
	}
	count := func(b []byte) uint64 { return uint64(len(b)) }
	forms := map[string][][]byte{
		"block": {
			append(header(0xc4, 1, count(block)), block...),
			append(header(0xc5, 2, count(block)), block...),
			append(header(0xc6, 4, count(block)), block...),
			ofWidth(header(0xdc, 2, count(block)), 0xcc, 1, block),
			ofWidth(header(0xdd, 4, count(block)), 0xcd, 2, block),
			ofWidth(header(0xdc, 2, count(block)), 0xce, 4, block),
			ofWidth(header(0xdc, 2, count(block)), 0xcf, 8, block),
			ofWidth(header(0xdc, 2, count(block)), 0xd1, 2, block),
			ofWidth(header(0xdc, 2, count(block)), 0xd2, 4, block),
			ofWidth(header(0xdc, 2, count(block)), 0xd3, 8, block),
			integers(block),
			bin(loose),
			integers(loose),
		},
		"checksum": {
			integers(sum),
			ofWidth([]byte{0x98}, 0xcc, 1, sum),
			ofWidth([]byte{0x98}, 0xd1, 2, sum),
			ofWidth(header(0xdc, 2, 8), 0xcd, 2, sum),
			ofWidth(header(0xdd, 4, 8), 0xd3, 8, sum),
			append(header(0xc4, 1, 8), sum...),
			append(header(0xc5, 2, 8), sum...),
			append(header(0xc6, 4, 8), sum...),
		},
		"size": {
			{byte(n)}, header(0xcc, 1, n), header(0xcd, 2, n), header(0xce, 4, n), header(0xcf, 8, n),
			header(0xd0, 1, n), header(0xd1, 2, n), header(0xd2, 4, n), header(0xd3, 8, n),
		},
		"format": {
			append([]byte{0xa7}, "msgpack"...),
			append(header(0xd9, 1, 7), "msgpack"...),
			append(header(0xda, 2, 7), "msgpack"...),
			append(header(0xdb, 4, 7), "msgpack"...),
			{0xa0},
			str(strings.Repeat("é", 40000)),
		},
		"header": {{0x94}, header(0xdc, 2, 4), header(0xdd, 4, 4)},
	}
	for field, spellings := range forms {
		for i, spelling := range spellings {
			p, head := partsOf(hello), []byte{0x94}
			switch field {
			case "block":
				p.block = spelling
			case "checksum":
				p.checksum = spelling
			case "size":
				p.size = spelling
			case "format":
				p.format = spelling
			case "header":
				head = spelling
			}
			checkAccepted(t, fmt.Sprintf("%s %d", field, i), append(head, p.array()[1:]...), hello)
		}
	}
}

func TestMapForm(t *testing.T) {
	p := partsOf(hello)
	f := p.pairs()

	// All 24 orders.
	orders := 0
	for a := range 4 {
		for b := range 4 {
			for c := range 4 {
				if d := 6 - a - b - c; a != b && a != c && b != c {
					orders++
					checkAccepted(t, fmt.Sprint("order ", a, b, c, d), mapOf(f[a], f[b], f[c], f[d]), hello)
				}
			}
		}
	}
	if orders != 24 {
		t.Errorf("%d orders, want 24", orders)
	}
	fields := join(f[:]...)
	for i, head := range [][]byte{{0x84}, header(0xde, 2, 4), header(0xdf, 4, 4)} {
		checkAccepted(t, fmt.Sprint("header ", i), append(head, fields...), hello)
	}
	old := p
	old.block = integers(literalBlock(hello))
	o := old.pairs()
	checkAccepted(t, "block of integers", mapOf(o[3], o[0], o[2], o[1]), hello)

	// One value of each type that MessagePack has, as an unknown key's value.
	values := map[string]string{
		"fixint": "07", "negative fixint": "ff", "nil": "c0", "false": "c2", "true": "c3",
		"bin8": "c401aa", "bin16": "c50001aa", "bin32": "c600000001aa",
		"ext8": "c70105aa", "ext16": "c8000105aa", "ext32": "c90000000105aa", "ext8 of nothing": "c70005",
		"float32": "ca00000000", "float64": "cb0000000000000000",
		"uint8": "ccff", "uint16": "cdffff", "uint32": "ceffffffff", "uint64": "cfffffffffffffffff",
		"int8": "d0ff", "int16": "d1ffff", "int32": "d2ffffffff", "int64": "d3ffffffffffffffff",
		"fixext1": "d405aa", "fixext2": "d505aaaa", "fixext4": "d605aaaaaaaa",
		"fixext8": "d705aaaaaaaaaaaaaaaa", "fixext16": "d805" + strings.Repeat("aa", 16),
		"fixstr": "a161", "str8": "d90161", "str16": "da000161", "str32": "db0000000161", "str that is not UTF-8": "a1ff",
		"array": "93c0a16181a16b91c0", "array16": "dc0002c0c0", "array32": "dd0000000191c2",
		"map": "82a16bc00193c0c0c0", "map16": "de0001c0c0", "map32": "df00000001c091c0",
		"a field's name": "83a8636865636b73756dc0a8636865636b73756dc0a6666f726d6174c0",
	}
	for name, value := range values {
		unknown := join(str("ttl"), fromHex(value))
		for at := range 5 {
			pairs := append(append(append([][]byte{}, f[:at]...), unknown), f[at:]...)
			checkAccepted(t, fmt.Sprintf("unknown %s at %d", name, at), mapOf(pairs...), hello)
		}
		checkAccepted(t, "same unknown key twice, "+name, mapOf(unknown, f[0], f[1], f[2], f[3], unknown), hello)
		for cut := range len(value) / 2 {
			checkRefused(t, fmt.Sprintf("unknown %s cut to %d", name, cut),
				mapOf(f[0], f[1], f[2], f[3], join(str("ttl"), fromHex(value)[:cut])), core.ErrInvalidInput)
		}
	}

	for i, field := range []string{"compressed_data", "checksum", "original_size", "format"} {
		rest := append(append([][]byte{}, f[:i]...), f[i+1:]...)
		checkRefused(t, field+" missing", mapOf(rest...), core.ErrInvalidInput)
		checkRefused(t, field+" twice", mapOf(f[0], f[1], f[2], f[3], f[i]), core.ErrInvalidInput)
		checkRefused(t, field+" twice and another missing", mapOf(append(rest[1:], f[i], f[i])...), core.ErrInvalidInput)
	}
	for name, key := range map[string]string{
		"integer": "01", "nil": "c0", "bin": "c4036b6579", "array": "90", "not UTF-8": "a1ff", "reserved": "c1",
	} {
		checkRefused(t, "key is "+name, mapOf(f[0], f[1], f[2], f[3], fromHex(key+"c0")), core.ErrInvalidInput)
	}
	for name, value := range map[string]string{"reserved": "c1", "reserved in an array": "92c0c1", "reserved in a map": "82c0c0c1c0"} {
		checkRefused(t, "unknown value is "+name, mapOf(join(str("x"), fromHex(value)), f[0], f[1], f[2], f[3]), core.ErrInvalidInput)
	}
	checkRefused(t, "empty map", []byte{0x80}, core.ErrInvalidInput)
	checkRefused(t, "one pair claimed too many", append(header(0xde, 2, 5), fields...), core.ErrInvalidInput)
	checkRefused(t, "one pair claimed too few", append(header(0xde, 2, 3), fields...), core.ErrInvalidInput)
	checkRefused(t, "2^32-1 pairs", append(header(0xdf, 4, 1<<32-1), fields...), core.ErrInvalidInput)
	checkRefused(t, "trailing byte", append(mapOf(f[:]...), 0xc0), core.ErrInvalidInput)
}

func TestNesting(t *testing.T) {
	f := partsOf(hello).pairs()
	for _, c := range []struct {
		name  string
		outer string
		inner string
	}{
		{"arrays", "91", "90"},
		{"arrays with something in them", "91", "91c0"},
		{"wide arrays", "dd00000001", "dd00000000"},
		{"maps", "81c0", "80"},
		{"maps with something in them", "81c0", "81c0c0"},
		{"maps as keys", "81", "80c0"},
	} {
		// The envelope itself is the first level, the innermost container the last.
		nested := func(levels int) []byte {
			if c.name == "maps as keys" {
				return mapOf(f[0], f[1], f[2], f[3],
					join(str("x"), bytes.Repeat(fromHex("81"), levels-2), fromHex("80"), bytes.Repeat(fromHex("c0"), levels-2)))
			}
			return mapOf(f[0], f[1], f[2], f[3], join(str("x"), bytes.Repeat(fromHex(c.outer), levels-2), fromHex(c.inner)))
		}
		checkAccepted(t, c.name+" at 100", nested(100), hello)
		checkRefused(t, c.name+" at 101", nested(101), core.ErrInvalidInput)
		checkRefused(t, c.name+" at 1,000,000", nested(1e6), core.ErrInvalidInput)
	}
}

func TestInvalidInput(t *testing.T) {
	sound := partsOf(hello).array()
	block := literalBlock(hello)
	for i := range sound {
		checkRefused(t, fmt.Sprint("cut to ", i), sound[:i], core.ErrInvalidInput)
	}
	for name, envelope := range map[string][]byte{
		"nil":                  nil,
		"trailing byte":        append(bytes.Clone(sound), 0),
		"two envelopes":        append(bytes.Clone(sound), sound...),
		"array of 3":           append([]byte{0x93}, sound[1:]...),
		"array of 5":           append(append([]byte{0x95}, sound[1:]...), 0xc0),
		"array16 of 2^16-1":    append(header(0xdc, 2, 1<<16-1), sound[1:]...),
		"array32 of 2^32-1":    append(header(0xdd, 4, 1<<32-1), sound[1:]...),
		"array of nothing":     {0x90},
		"not a container":      {0xc0},
		"reserved byte":        {0xc1},
		"envelope inside bin":  bin(sound),
		"envelope in an array": append([]byte{0x91}, sound...),

		"block longer than the input": with(func(p *parts) { p.block = append(header(0xc6, 4, 1<<32-1), block...) }),
		"block of 2^32-1 integers":    with(func(p *parts) { p.block = append(header(0xdd, 4, 1<<32-1), block...) }),
		"block of 256s":               with(func(p *parts) { p.block = fromHex("91cd0100") }),
		"block of negative integers":  with(func(p *parts) { p.block = fromHex("92 10 ff") }),
		"block of nils":               with(func(p *parts) { p.block = fromHex("91c0") }),
		"block of floats":             with(func(p *parts) { p.block = fromHex("91ca00000000") }),
		"block of booleans":           with(func(p *parts) { p.block = fromHex("91c2") }),
		"block of arrays":             with(func(p *parts) { p.block = fromHex("9190") }),
		"block a string":              with(func(p *parts) { p.block = str(string(block)) }),
		"block a map":                 with(func(p *parts) { p.block = fromHex("811000") }),
		"block nil":                   with(func(p *parts) { p.block = fromHex("c0") }),
		"block reserved":              with(func(p *parts) { p.block = fromHex("c1") }),
		"block an extension":          with(func(p *parts) { p.block = fromHex("d40100") }),
		"block an integer":            with(func(p *parts) { p.block = fromHex("10") }),

		// A bin header whose bytes are not there must not be taken for
		// nothing, with what follows it read as the other form of the field.
		"bin header before a block of integers": with(func(p *parts) { p.block = join(header(0xc5, 2, 1<<16-1), integers(block)) }),
		"bin header before a checksum":          with(func(p *parts) { p.checksum = join(header(0xc5, 2, 1<<16-1), integers(sumOf(hello))) }),

		"checksum of 7":         with(func(p *parts) { p.checksum = integers(sumOf(hello)[:7]) }),
		"checksum of 9":         with(func(p *parts) { p.checksum = integers(append(sumOf(hello), 0)) }),
		"checksum bin of 7":     with(func(p *parts) { p.checksum = bin(sumOf(hello)[:7]) }),
		"checksum bin of 9":     with(func(p *parts) { p.checksum = bin(append(sumOf(hello), 0)) }),
		"checksum bin of 0":     with(func(p *parts) { p.checksum = bin(nil) }),
		"checksum one integer":  with(func(p *parts) { p.checksum = integer(1) }),
		"checksum a string":     with(func(p *parts) { p.checksum = str("12345678") }),
		"checksum a map":        with(func(p *parts) { p.checksum = fromHex("88" + strings.Repeat("0000", 8)) }),
		"checksum with 256":     with(func(p *parts) { p.checksum = fromHex("98 00000000000000 cd0100") }),
		"checksum with a -1":    with(func(p *parts) { p.checksum = fromHex("98 00000000000000 ff") }),
		"checksum with a nil":   with(func(p *parts) { p.checksum = fromHex("98 00000000000000 c0") }),
		"checksum with a float": with(func(p *parts) { p.checksum = fromHex("98 00000000000000 ca00000000") }),
		"checksum an extension": with(func(p *parts) { p.checksum = fromHex("d701 0000000000000000") }),

		"size -1 fixint":        with(func(p *parts) { p.size = fromHex("ff") }),
		"size -1 int8":          with(func(p *parts) { p.size = fromHex("d0ff") }),
		"size -1 int16":         with(func(p *parts) { p.size = fromHex("d1ffff") }),
		"size -1 int32":         with(func(p *parts) { p.size = fromHex("d2ffffffff") }),
		"size -1 int64":         with(func(p *parts) { p.size = fromHex("d3ffffffffffffffff") }),
		"size -2^63":            with(func(p *parts) { p.size = fromHex("d38000000000000000") }),
		"size nil":              with(func(p *parts) { p.size = fromHex("c0") }),
		"size true":             with(func(p *parts) { p.size = fromHex("c3") }),
		"size a float":          with(func(p *parts) { p.size = fromHex("cb4036000000000000") }),
		"size a string":         with(func(p *parts) { p.size = str("22") }),
		"size bin":              with(func(p *parts) { p.size = bin([]byte{22}) }),
		"size an array":         with(func(p *parts) { p.size = fromHex("9116") }),
		"format nil":            with(func(p *parts) { p.format = fromHex("c0") }),
		"format bin":            with(func(p *parts) { p.format = bin([]byte("msgpack")) }),
		"format an integer":     with(func(p *parts) { p.format = integer(1) }),
		"format an array":       with(func(p *parts) { p.format = fromHex("91a161") }),
		"format an extension":   with(func(p *parts) { p.format = fromHex("d40161") }),
		"format not UTF-8":      with(func(p *parts) { p.format = str("msg\xffpack") }),
		"format a surrogate":    with(func(p *parts) { p.format = str("\xed\xa0\x80") }),
		"format cut in a rune":  with(func(p *parts) { p.format = str("é"[:1]) }),
		"format not all there":  with(func(p *parts) { p.format = append(header(0xdb, 4, 1<<32-1), "msgpack"...) }),
		"format before it ends": with(func(p *parts) { p.format = append(header(0xd9, 1, 6), "msgpack"...) }),
	} {
		checkRefused(t, name, envelope, core.ErrInvalidInput)
	}
}

// Claims around 2^31, 2^32 and 2^63, where what a smaller integer makes of them
// is negative, nothing or little.
func TestClaimsThatIntegersCannotHold(t *testing.T) {
	f := partsOf(hello).pairs()
	n := uint64(len(hello))
	for _, claim := range []uint64{1<<31 - 1, 1 << 31, 1<<31 + 1, 1<<31 + 4, 1<<32 - 1} {
		for name, envelope := range map[string][]byte{
			"array":                with(func(p *parts) {})[1:],
			"map":                  join(f[:]...),
			"block":                with(func(p *parts) { p.block = append(header(0xc6, 4, claim), literalBlock(hello)...) }),
			"block of integers":    with(func(p *parts) { p.block = append(header(0xdd, 4, claim), integers(literalBlock(hello))[1:]...) }),
			"checksum":             with(func(p *parts) { p.checksum = append(header(0xc6, 4, claim), sumOf(hello)...) }),
			"checksum of integers": with(func(p *parts) { p.checksum = append(header(0xdd, 4, claim), integers(sumOf(hello))[1:]...) }),
			"format":               with(func(p *parts) { p.format = append(header(0xdb, 4, claim), "msgpack"...) }),
			"unknown string":       mapOf(f[0], f[1], f[2], f[3], append(str("x"), header(0xdb, 4, claim)...)),
			"unknown bin":          mapOf(f[0], f[1], f[2], f[3], append(str("x"), header(0xc6, 4, claim)...)),
			"unknown extension":    mapOf(f[0], f[1], f[2], f[3], append(str("x"), header(0xc9, 4, claim)...), []byte{5}),
			"unknown array":        mapOf(f[0], f[1], f[2], f[3], append(str("x"), header(0xdd, 4, claim)...)),
			"unknown map":          mapOf(f[0], f[1], f[2], f[3], append(str("x"), header(0xdf, 4, claim)...)),
			"name":                 mapOf(f[0], f[1], f[2], f[3], header(0xdb, 4, claim)),
		} {
			switch name {
			case "array":
				envelope = append(header(0xdd, 4, claim), envelope...)
			case "map":
				envelope = append(header(0xdf, 4, claim), envelope...)
			}
			checkRefused(t, fmt.Sprintf("%s of %#x", name, claim), envelope, core.ErrInvalidInput)
		}
	}
	for _, claim := range []uint64{1<<31 - 1, 1 << 31, 1<<31 + n, 1<<32 - 1, 1 << 32, 1<<32 + n, 1<<63 - 1, 1 << 63, 1<<63 + n, 1<<64 - 1} {
		checkRefused(t, fmt.Sprintf("size %#x", claim), with(func(p *parts) { p.size = integer(claim) }), core.ErrInputTooLarge)
	}
}

func TestFormatsAreCarriedAsTheyAre(t *testing.T) {
	for _, n := range []int{0, 1, 31, 32, 255, 256, 65535, 65536, 100000} {
		format := strings.Repeat("f", n)
		envelope, err := core.NewByteStorage(format).Store(hello)
		if err != nil {
			t.Fatalf("format of %d bytes: %v", n, err)
		}
		head := 1
		for _, limit := range []int{31, 255, 65535} {
			if n > limit {
				head = map[int]int{31: 2, 255: 3, 65535: 5}[limit]
			}
		}
		e, err := core.Inspect(envelope)
		if err != nil || string(e.Format) != format || cap(e.Format) != n {
			t.Errorf("format of %d bytes comes back as %d with room for %d, %v", n, len(e.Format), cap(e.Format), err)
		}
		if want := 1 + binHeader(e.CompressedSize) + e.CompressedSize + len(checksumAsWritten(hello)) + 1 + head + n; len(envelope) != want {
			t.Errorf("format of %d bytes: envelope of %d, want the shortest headers, %d", n, len(envelope), want)
		}
	}
	for _, format := range []string{"", "\x00", "json\x00msgpack", "é☃💾", "../../etc/passwd", "%s%n", "a\nb", `"},{"x":"`} {
		envelope, err := core.NewByteStorage(format).Store(hello)
		e, err2 := core.Inspect(envelope)
		if err != nil || err2 != nil || string(e.Format) != format {
			t.Errorf("format %q comes back as %q, %v, %v", format, e.Format, err, err2)
		}
		checkAccepted(t, fmt.Sprintf("format %q", format), envelope, hello)
	}
	for _, format := range []string{"\xff", "a\x80", "\xed\xa0\x80", "\xc0\x80"} {
		for name, write := range map[string]func() ([]byte, error){
			"Store":       func() ([]byte, error) { return core.NewByteStorage(format).Store(hello) },
			"AppendStore": func() ([]byte, error) { return core.NewByteStorage("").AppendStore(nil, hello, format) },
			"StoreInto": func() ([]byte, error) {
				dst := make([]byte, core.EnvelopeBound(len(hello), len(format)))
				n, err := core.NewByteStorage("").StoreInto(dst, hello, format)
				return dst[:n], err
			},
		} {
			if got, err := write(); !errors.Is(err, core.ErrInvalidInput) || len(got) != 0 {
				t.Errorf("%s with format %q gives %d bytes, %v", name, format, len(got), err)
			}
		}
	}
}

// checksumAsWritten is the canonical form of a checksum.
func checksumAsWritten(data []byte) []byte {
	return append([]byte{0x98}, integers(sumOf(data))[5:]...)
}

// Everything but the block is canonical: sizes at which a header grows.
func TestEnvelopesAreCanonical(t *testing.T) {
	blocks := map[int]bool{}
	shortest := func(n int) []byte {
		switch {
		case n < 1<<7:
			return []byte{byte(n)}
		case n < 1<<8:
			return header(0xcc, 1, uint64(n))
		case n < 1<<16:
			return header(0xcd, 2, uint64(n))
		}
		return header(0xce, 4, uint64(n))
	}
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 127, 128, 220, 238, 239, 240, 252, 253, 254, 255, 256,
			65276, 65277, 65278, 65279, 65280, 65535, 65536, 196608, 196609, 300000} {
			data := kind.make(n)
			envelope := store(t, data)
			e, err := core.Inspect(envelope)
			if err != nil {
				t.Fatalf("%s of %d: %v", kind.name, n, err)
			}
			blocks[e.CompressedSize] = true
			head := binHeader(e.CompressedSize)
			want := join([]byte{0x94}, header(map[int]byte{2: 0xc4, 3: 0xc5, 5: 0xc6}[head], head-1, uint64(e.CompressedSize)),
				envelope[1+head:][:e.CompressedSize], checksumAsWritten(data), shortest(n), []byte("\xa7msgpack"))
			if !bytes.Equal(envelope, want) {
				t.Errorf("%s of %d: not canonical", kind.name, n)
			}
			if bound := core.EnvelopeBound(n, len("msgpack")); len(envelope) > bound {
				t.Errorf("%s of %d: envelope of %d bytes, above its bound %d", kind.name, n, len(envelope), bound)
			}
		}
	}
	for _, n := range []int{1<<8 - 1, 1 << 8, 1<<16 - 1, 1 << 16} {
		if !blocks[n] {
			t.Errorf("no block of %d bytes, at which its header grows, came up", n)
		}
	}
}

// Encoding writes beyond the block on the way. Whoever wipes the envelope has
// wiped all of the payload.
func TestNoPayloadIsBehindTheEnvelope(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	const untouched = 0x81
	for n := 100; n < 1000; n++ {
		// What ends in a repetition and few other bytes leaves most.
		data := jsonLike(n)
		data = append(data, data[:20+n%60]...)
		data = append(data, bytetest.Noise(5+n%10)...)
		dst := bytes.Repeat([]byte{untouched}, core.EnvelopeBound(len(data), 0))
		size, err := s.StoreInto(dst, data, "")
		if err != nil || size == len(dst) {
			t.Fatalf("%d of %d bytes, %v", size, len(dst), err)
		}
		for i, b := range dst[size:] {
			if b != 0 && b != untouched {
				t.Fatalf("%d bytes: byte %d behind the envelope is %#x", len(data), i, b)
			}
		}
	}
}
