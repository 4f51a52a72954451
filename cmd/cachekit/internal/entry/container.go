package entry

import (
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/interop"
	"github.com/cachekit-go/cachekit-core/internal/lz4block"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// The container of the draft of interop v2 (cachekit protocol, spec/interop-v2.md): two
// bytes, and an array of method, original size and payload. No reader of the family takes
// it yet.
const (
	containerMagic   = 0xc1 // which no MessagePack document contains as an item
	containerVersion = 0x02

	methodNone = 0
	methodLZ4  = 1
)

func (o Options) container(value []byte) *Report {
	r := &Report{Kind: ContainerV2, State: Intact, Size: len(value), Parts: []Part{{"content", len(value)}},
		Why: "it begins with c1 02, as containers of the draft of interop v2 do"}
	at := 2
	next := func() msgpack.Header {
		h := msgpack.Next(value[at:])
		at += h.Size
		return h
	}
	if h := next(); h.Kind != msgpack.Array || h.N != 3 {
		return r.wrong("not an array of 3 at byte 2")
	}
	start := at
	method := next()
	if method.Kind != msgpack.Uint || method.N > methodLZ4 {
		return r.wrong("not a known method at byte %d", start)
	}
	start = at
	size := next()
	if size.Kind != msgpack.Uint {
		return r.wrong("not an original size at byte %d", start)
	}
	start = at
	payload := next()
	left := uint64(len(value) - at)
	switch {
	case payload.Kind != msgpack.Bin:
		return r.wrong("not a payload of type bin at byte %d", start)
	case payload.N > left:
		return r.wrong("truncated at byte %d: the payload has %d bytes, and %d are there", len(value), payload.N, left)
	case payload.N < left:
		return r.wrong("%d bytes behind the container, at byte %d", left-payload.N, uint64(at)+payload.N)
	case size.N > uint64(o.maxPayload()):
		return r.wrong("claims a payload of %d bytes, the limit is %d", size.N, o.maxPayload())
	case method.N == methodNone && size.N != payload.N:
		return r.wrong("claims %d bytes and holds %d, not compressed", size.N, payload.N)
	case method.N == methodLZ4 && size.N > core.MaxCompressionRatio*payload.N:
		return r.wrong("claims %d bytes in a block of %d, more than %d for each", size.N, payload.N, core.MaxCompressionRatio)
	}
	content := value[at:]
	r.Parts = []Part{{"payload", len(content)}, {"magic, version and headers", at}}
	r.Envelope = &Header{PayloadSize: int(size.N), BlockSize: len(content), Form: "not compressed",
		Ratio: float64(size.N) / float64(len(value))}
	if method.N == methodLZ4 {
		r.Parts[0].Name, r.Envelope.Form = "LZ4 block", "an LZ4 block"
		out := make([]byte, size.N)
		n, err := lz4block.Decode(out, content)
		if err != nil || n != len(out) {
			return r.wrong("the block is malformed, or is not of %d bytes", size.N)
		}
		content = out
	}
	if err := interop.Check(content); err != nil {
		return r.damaged(err)
	}
	r.Payload = content
	r.Inside = o.inside(content)
	return r
}

func (o Options) maxPayload() int {
	if o.MaxPayload > 0 {
		return o.MaxPayload
	}
	return core.MaxPayloadSize
}
