package interop

import (
	"math"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// Pairs is a map that Go's map[string]any cannot hold as it is: a key is not a
// string, or comes twice; or a key is longer than 1 MiB, which Go would hash without a
// pause, while all other goroutines may have to wait.
type Pairs []Pair

// maxMapKey is the longest key in bytes of a map[string]any.
const maxMapKey = 1 << 20

// Pair is a key of a map and its value.
type Pair struct{ Key, Value any }

// Extension is an application's own type.
type Extension struct {
	Type int8
	Data []byte
}

// Parse reads one MessagePack document by the rules of [Check] into Go values:
// nil, bool, int64, uint64 for integers above 2^63-1, float64, string, []byte,
// []any, and map[string]any or [Pairs]. An [Extension] stays as it is. Strings
// are not checked for UTF-8.
//
// Nothing in the result is part of doc. It takes memory in proportion to what
// doc really holds, at worst some 190 times len(doc), for maps of one pair
// inside each other; callers who take documents from strangers bound len(doc).
func Parse(doc []byte) (any, error) {
	if _, err := document.Scan(doc, document.Reading); err != nil {
		return nil, codes.Entry(err)
	}
	p := parser{doc: doc, owed: 1}
	v, err := p.next(0)
	if err != nil {
		return nil, codes.Entry(err)
	}
	return v, nil
}

// parser reads a document that document.Scan accepted. It believes nothing of that, since
// somebody else may write to the document meanwhile.
type parser struct {
	doc  []byte
	pos  int
	owed int // items that containers have announced and that have not been read
}

// next reads the next item, which lies inside depth containers.
func (p *parser) next(depth int) (any, error) {
	h, pos, err := document.Read(p.doc, p.pos, depth)
	if err != nil {
		return nil, err
	}
	p.pos = pos
	p.owed--
	items := int(h.N)
	if h.Kind == msgpack.Map {
		items *= 2
	}
	if h.Kind == msgpack.Array || h.Kind == msgpack.Map {
		// Each takes a byte at least, and so does memory for no more than there is.
		if items > len(p.doc)-pos-p.owed {
			return nil, document.ErrOverclaim
		}
		p.owed += items
	}
	switch h.Kind {
	case msgpack.False, msgpack.True:
		return h.Kind == msgpack.True, nil
	case msgpack.Uint:
		if h.N > math.MaxInt64 {
			return h.N, nil
		}
		return int64(h.N), nil
	case msgpack.Int:
		return int64(h.N), nil
	case msgpack.Float32:
		return math.Float64frombits(document.Widen(uint32(h.N))), nil
	case msgpack.Float64:
		return math.Float64frombits(h.N), nil
	case msgpack.String:
		return memory.String(p.content(h.N)), nil
	case msgpack.Bin:
		return memory.Clone(p.content(h.N)), nil
	case msgpack.Ext:
		return Extension{h.ExtType, memory.Clone(p.content(h.N))}, nil
	case msgpack.Array:
		items := make([]any, h.N)
		for i := range items {
			if items[i], err = p.next(depth + 1); err != nil {
				return nil, err
			}
		}
		return items, nil
	case msgpack.Map:
		return p.mapping(h.N, depth)
	}
	return nil, nil
}

func (p *parser) content(n uint64) []byte {
	content := p.doc[p.pos:][:n]
	p.pos += len(content)
	return content
}

func (p *parser) mapping(n uint64, depth int) (any, error) {
	pairs := make(Pairs, n)
	for i := range pairs {
		var err error
		if pairs[i].Key, err = p.next(depth + 1); err == nil {
			pairs[i].Value, err = p.next(depth + 1)
		}
		if err != nil {
			return nil, err
		}
	}
	m := make(map[string]any, n)
	for _, pair := range pairs {
		name, ok := pair.Key.(string)
		if !ok || len(name) > maxMapKey {
			return pairs, nil
		}
		m[name] = pair.Value
	}
	if uint64(len(m)) != n {
		return pairs, nil
	}
	return m, nil
}
