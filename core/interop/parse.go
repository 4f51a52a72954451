package interop

import (
	"math"

	"github.com/cachekit-go/cachekit-core/core/internal/memory"
	"github.com/cachekit-go/cachekit-core/core/internal/msgpack"
)

// Pairs is a map that Go's map[string]any cannot hold as it is: a key is not a
// string, or comes twice. No writer of this package makes one.
type Pairs []Pair

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
	if _, err := scan(doc, reading); err != nil {
		return nil, err
	}
	p := parser{doc}
	return p.next(), nil
}

// parser reads a document that scan accepted: nothing in it can be cut short,
// and its depth bounds the recursion.
type parser struct{ in []byte }

func (p *parser) next() any {
	h := msgpack.Next(p.in)
	p.in = p.in[h.Size:]
	switch h.Kind {
	case msgpack.False, msgpack.True:
		return h.Kind == msgpack.True
	case msgpack.Uint:
		if h.N > math.MaxInt64 {
			return h.N
		}
		return int64(h.N)
	case msgpack.Int:
		return int64(h.N)
	case msgpack.Float32:
		return math.Float64frombits(widen(uint32(h.N)))
	case msgpack.Float64:
		return math.Float64frombits(h.N)
	case msgpack.String:
		return memory.String(p.content(h.N))
	case msgpack.Bin:
		return memory.Clone(p.content(h.N))
	case msgpack.Ext:
		return Extension{h.ExtType, memory.Clone(p.content(h.N))}
	case msgpack.Array:
		items := make([]any, h.N)
		for i := range items {
			items[i] = p.next()
		}
		return items
	case msgpack.Map:
		return p.mapping(h.N)
	}
	return nil
}

func (p *parser) content(n uint64) []byte {
	content := p.in[:n]
	p.in = p.in[n:]
	return content
}

func (p *parser) mapping(n uint64) any {
	pairs := make(Pairs, n)
	for i := range pairs {
		pairs[i] = Pair{Key: p.next(), Value: p.next()}
	}
	m := make(map[string]any, n)
	for _, pair := range pairs {
		name, ok := pair.Key.(string)
		if !ok {
			return pairs
		}
		m[name] = pair.Value
	}
	if uint64(len(m)) != n {
		return pairs
	}
	return m
}
