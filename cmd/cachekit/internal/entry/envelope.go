package entry

import (
	"encoding/hex"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// looksLikeEnvelope tells whether value begins as envelopes of all writers do, so that
// it was one before it was damaged: an array of 4, and the block.
func looksLikeEnvelope(value []byte) bool {
	array := msgpack.Next(value)
	if array.Kind != msgpack.Array || array.N != 4 {
		return false
	}
	block := msgpack.Next(value[array.Size:])
	if block.Kind != msgpack.Bin && block.Kind != msgpack.Array {
		// Cut inside the header of the block.
		return block.Size == 0 && (len(value) == array.Size || value[array.Size] >= 0xc4 && value[array.Size] <= 0xc6)
	}
	rest := value[array.Size+block.Size:]
	if block.Kind == msgpack.Bin && block.N < uint64(len(rest)) {
		sum := msgpack.Next(rest[block.N:]) // an array or bin; a document's could be anything
		return sum.Kind == msgpack.Array && sum.N == core.ChecksumSize || sum.Kind == msgpack.Bin && sum.N == core.ChecksumSize
	}
	return block.Kind == msgpack.Bin || len(rest) > 0 && (rest[0] == 0xcc || rest[0] <= 0x7f)
}

// envelope reports on what is an envelope, or was one: header and flaw are what Inspect
// says.
func (o Options) envelope(value []byte, header core.Envelope, flaw error) *Report {
	r := &Report{Kind: Envelope, State: Intact, Size: len(value),
		Why: "it is an array of 4 fields: block, checksum, original size and format"}
	if flaw != nil {
		r.Parts = []Part{{"unreadable", len(value)}}
		return r.damaged(flaw)
	}
	r.Parts, r.Envelope = envelopeParts(value)
	if msgpack.Next(value).Kind == msgpack.Map {
		r.Why = "it is a map with the 4 fields of an envelope"
	}
	r.Envelope.PayloadSize = header.OriginalSize
	r.Envelope.BlockSize = header.CompressedSize
	r.Envelope.Ratio = float64(header.OriginalSize) / float64(len(value))
	r.Envelope.Checksum = hex.EncodeToString(header.Checksum[:])
	r.Envelope.Format = string(header.Format)

	storage := core.NewByteStorage(core.DefaultFormat)
	if o.MaxPayload > 0 {
		if err := storage.SetMaxPayload(o.MaxPayload); err != nil {
			return r.damaged(err)
		}
	}
	payload, err := storage.Retrieve(value)
	if err != nil {
		return r.damaged(err)
	}
	r.Envelope.Verified = true
	r.Payload = payload
	r.Inside = o.inside(payload)
	return r
}

// envelopeParts walks over an envelope that Inspect took.
func envelopeParts(value []byte) ([]Part, *Header) {
	form := &Header{Form: "an array, block as bin"}
	container := msgpack.Next(value)
	rest, pairs := value[container.Size:], container.Kind == msgpack.Map
	if pairs {
		form.Form = "a map, block as bin"
	}
	block, sum, size, format := Part{Name: "LZ4 block"}, Part{Name: "checksum"}, Part{Name: "original size"}, Part{Name: "format"}
	fields := []*Part{&block, &sum, &size, &format}
	for i := range container.N {
		var to *Part
		if !pairs {
			to = fields[i]
		} else {
			name := msgpack.Next(rest)
			end := itemSize(rest)
			switch string(rest[name.Size:end]) {
			case "compressed_data":
				to = &block
			case "checksum":
				to = &sum
			case "original_size":
				to = &size
			case "format":
				to = &format
			default:
				to = new(Part) // not a field: it stays among the headers
			}
			rest = rest[end:]
		}
		n, h := itemSize(rest), msgpack.Next(rest)
		to.Size = n
		switch {
		case to == &block && h.Kind == msgpack.Array:
			to.Name = "LZ4 block, its bytes spelled as integers"
			form.Form = "an array, block as integers"
			if pairs {
				form.Form = "a map, block as integers"
			}
		case to == &block || to == &format:
			to.Size -= h.Size
		}
		rest = rest[n:]
	}
	headers := Part{"headers", len(value)}
	if pairs {
		headers.Name = "headers, names and other fields"
	}
	parts := []Part{block, sum, size, format}
	for _, p := range parts {
		headers.Size -= p.Size
	}
	return append(parts, headers), form
}

// itemSize is the size of the first item of a document that was checked.
func itemSize(in []byte) int {
	at := 0
	for items := uint64(1); items > 0; items-- {
		h := msgpack.Next(in[at:])
		if h.Kind == msgpack.Invalid {
			return len(in)
		}
		at += h.Size
		switch h.Kind {
		case msgpack.String, msgpack.Bin, msgpack.Ext:
			at += int(h.N)
		case msgpack.Array:
			items += h.N
		case msgpack.Map:
			items += 2 * h.N
		}
	}
	return at
}
