// Package show writes plaintext so that a person can read it on a terminal: cut, and with
// nothing in it that a terminal would obey.
package show

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/text"
	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// Options say how to show.
type Options struct {
	Limit  int    // most bytes of text; 0: all
	Indent string // before each line
}

// maxHex is how many bytes of a binary item are shown.
const maxHex = 32

// What says what data is taken for: JSON, MessagePack, text, bytes or nothing.
func What(data []byte) string {
	start := bytes.TrimLeft(data, text.Space)
	document := interop.Check(data) == nil
	switch {
	case len(data) == 0:
		return "nothing"
	case text.IsJSON(data):
		return "JSON"
	case document && len(data) > 1:
		return "MessagePack"
	case len(start) > 0 && start[0] < utf8.RuneSelf && json.Valid(data):
		return "JSON"
	case text.Is(data):
		return "text"
	case document:
		return "MessagePack"
	}
	return "bytes"
}

// Value writes data in lines.
func Value(w io.Writer, data []byte, o Options) error {
	p := &printer{w: w, o: o}
	switch What(data) {
	case "nothing":
		return nil
	case "JSON":
		p.json(data)
	case "MessagePack":
		p.item(data, 0)
	case "text":
		p.text(data)
	default:
		p.dump(data)
	}
	p.line()
	if errors.Is(p.err, errCut) {
		_, err := fmt.Fprintf(w, "%s(cut: %d bytes in all; --show=all shows everything)\n", o.Indent, len(data))
		return err
	}
	return p.err
}

var errCut = errors.New("cut")

// printer writes lines until the limit is reached or something fails.
type printer struct {
	w      io.Writer
	o      Options
	buffer []byte // of the line that is being written
	sent   int
	err    error
}

// maxLine is what is kept before it is written; a line may be longer.
const maxLine = 4096

func (p *printer) put(text string) {
	if p.err != nil {
		return
	}
	if p.o.Limit > 0 && p.sent+len(text) > p.o.Limit {
		text = strings.ToValidUTF8(text[:max(0, p.o.Limit-p.sent)], "")
		p.buffer = append(p.buffer, text...)
		p.flush()
		if p.err == nil {
			p.err = errCut
		}
		return
	}
	p.sent += len(text)
	p.buffer = append(p.buffer, text...)
	if len(p.buffer) >= maxLine {
		p.flush()
	}
}

func (p *printer) flush() {
	if p.err == nil && len(p.buffer) > 0 {
		_, p.err = p.w.Write(p.buffer)
	}
	p.buffer = p.buffer[:0]
}

// maxIndent is the deepest indentation: with one for each level, what nests thousands deep
// would be nearly all white space.
const maxIndent = 40

// newline begins a line at a depth.
func (p *printer) newline(depth int) {
	p.put("\n" + p.o.Indent + strings.Repeat("  ", min(depth, maxIndent)))
}

// line ends the last line.
func (p *printer) line() {
	cut := errors.Is(p.err, errCut)
	if cut {
		p.err = nil
	}
	p.buffer = append(p.buffer, '\n')
	p.flush()
	if cut && p.err == nil {
		p.err = errCut
	}
}

// start begins the first line.
func (p *printer) start() { p.buffer = append(p.buffer, p.o.Indent...) }

// json writes JSON that is valid anew, with the numbers as they are.
func (p *printer) json(data []byte) {
	p.start()
	depth, empty := 0, false
	for i := 0; i < len(data) && p.err == nil; {
		c := data[i]
		if empty && c != '}' && c != ']' && strings.IndexByte(text.Space, c) < 0 {
			p.newline(depth)
			empty = false
		}
		switch c {
		case ' ', '\t', '\r', '\n':
			i++
		case '{', '[':
			p.put(string(c))
			depth++
			empty = true
			i++
		case '}', ']':
			depth--
			if !empty {
				p.newline(depth)
			}
			empty = false
			p.put(string(c))
			i++
		case ',':
			p.put(",")
			p.newline(depth)
			i++
		case ':':
			p.put(": ")
			i++
		default:
			for end := token(data, i); i < end && p.err == nil; {
				n := piece(data[i:end])
				p.put(safe(data[i : i+n]))
				i += n
			}
		}
	}
}

// token returns where the string, the number or the word at i ends.
func token(data []byte, i int) int {
	if data[i] != '"' {
		for i < len(data) && strings.IndexByte(" \t\r\n,:]}", data[i]) < 0 {
			i++
		}
		return i
	}
	for i++; i < len(data) && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(data))
}

// safe is text that is in quotes already, without what a terminal would obey.
func safe(text []byte) string {
	if plain(text) {
		return string(text)
	}
	var b strings.Builder
	for len(text) > 0 {
		c, n := utf8.DecodeRune(text)
		switch {
		case c == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case c > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, c)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
		text = text[n:]
	}
	return b.String()
}

func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// item writes the first item of a document that was checked, and returns the rest.
func (p *printer) item(in []byte, depth int) []byte {
	if depth == 0 {
		p.start()
	}
	if p.err != nil {
		return nil
	}
	h := msgpack.Next(in)
	in = in[h.Size:]
	switch h.Kind {
	case msgpack.Nil:
		p.put("null")
	case msgpack.False:
		p.put("false")
	case msgpack.True:
		p.put("true")
	case msgpack.Uint:
		p.put(strconv.FormatUint(h.N, 10))
	case msgpack.Int:
		p.put(strconv.FormatInt(int64(h.N), 10))
	case msgpack.Float32:
		p.put(float(float64(math.Float32frombits(uint32(h.N))), 32))
	case msgpack.Float64:
		p.put(float(math.Float64frombits(h.N), 64))
	case msgpack.String:
		p.quoted(in[:h.N])
		in = in[h.N:]
	case msgpack.Bin:
		p.put(binary(in[:h.N]))
		in = in[h.N:]
	case msgpack.Ext:
		p.put(extension(h.ExtType, in[:h.N]))
		in = in[h.N:]
	case msgpack.Array, msgpack.Map:
		in = p.container(h, in, depth)
	}
	return in
}

func (p *printer) container(h msgpack.Header, in []byte, depth int) []byte {
	open, end := "[", "]"
	if h.Kind == msgpack.Map {
		open, end = "{", "}"
	}
	p.put(open)
	for i := uint64(0); i < h.N && p.err == nil; i++ {
		if i > 0 {
			p.put(",")
		}
		p.newline(depth + 1)
		in = p.item(in, depth+1)
		if h.Kind == msgpack.Map {
			p.put(": ")
			in = p.item(in, depth+1)
		}
	}
	if h.N > 0 {
		p.newline(depth)
	}
	p.put(end)
	return in
}

// quoted writes a string, a piece at a time since it may be long.
func (p *printer) quoted(text []byte) {
	p.put(`"`)
	for len(text) > 0 && p.err == nil {
		n := piece(text)
		q := strconv.Quote(string(text[:n]))
		p.put(q[1 : len(q)-1])
		text = text[n:]
	}
	p.put(`"`)
}

// piece returns the size of a first part of text that ends between runes.
func piece(text []byte) int {
	const most = 1024
	if len(text) <= most {
		return len(text)
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

// float is a number that cannot be taken for an integer.
func float(f float64, bits int) string {
	text := strconv.FormatFloat(f, 'g', -1, bits)
	if strings.Trim(text, "-0123456789") == "" {
		text += ".0"
	}
	return text
}

func binary(b []byte) string {
	if len(b) <= maxHex {
		return fmt.Sprintf("h'%x'", b)
	}
	return fmt.Sprintf("h'%x..' (%d bytes)", b[:maxHex], len(b))
}

func extension(kind int8, data []byte) string {
	if kind == -1 {
		if t, ok := timestamp(data); ok {
			return t.UTC().Format(time.RFC3339Nano)
		}
	}
	return fmt.Sprintf("ext(%d, %s)", kind, binary(data))
}

// timestamp reads the extension type -1 of the specification of MessagePack.
func timestamp(data []byte) (time.Time, bool) {
	number := func(b []byte) (n uint64) {
		for _, c := range b {
			n = n<<8 | uint64(c)
		}
		return n
	}
	switch len(data) {
	case 4:
		return time.Unix(int64(number(data)), 0), true
	case 8:
		n := number(data)
		return time.Unix(int64(n&(1<<34-1)), int64(n>>34)), n>>34 < 1e9
	case 12:
		nanoseconds, seconds := number(data[:4]), int64(number(data[4:]))
		// Beyond the year 9999 there is no text for it.
		return time.Unix(seconds, int64(nanoseconds)), nanoseconds < 1e9 && seconds > -62135596800 && seconds < 253402300800
	}
	return time.Time{}, false
}

// text writes the lines of a text, which end in a newline, or in a carriage return and one.
func (p *printer) text(data []byte) {
	p.start()
	for first := true; len(data) > 0 && p.err == nil; first = false {
		if !first {
			p.newline(0)
		}
		line, rest, found := bytes.Cut(data, []byte("\n"))
		if found {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		for len(line) > 0 && p.err == nil {
			n := piece(line)
			p.put(safe(bytes.ReplaceAll(line[:n], []byte("\t"), []byte("    "))))
			line = line[n:]
		}
		data = rest
	}
}

// dump writes bytes as xxd does.
func (p *printer) dump(data []byte) {
	p.start()
	for at := 0; at < len(data) && p.err == nil; at += 16 {
		if at > 0 {
			p.newline(0)
		}
		row := data[at:min(at+16, len(data))]
		var digits, characters strings.Builder
		for i, c := range row {
			if i%2 == 0 {
				digits.WriteByte(' ')
			}
			fmt.Fprintf(&digits, "%02x", c)
			if c < ' ' || c > '~' {
				c = '.'
			}
			characters.WriteByte(c)
		}
		p.put(fmt.Sprintf("%08x:%-40s  %s", at, digits.String(), characters.String()))
	}
}
