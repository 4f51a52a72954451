package lz4block

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
)

// kinds are the sorts of data that tests and benchmarks generate.
var kinds = []string{"json", "msgpack", "text", "repetitive", "random", "runs", "mixed"}

var words = strings.Fields(`the of and to in a is that for it as was with be by on not he his but at
	are this have from or had an which one you were all her she there would their we him been has when who
	will no more if out so up said what its about than into them can only other time new some could these
	two may first then do any like my now over such our man me even most made after also did many off before
	must well back through years much where your way down should because long each just state those people
	cache entry tenant record session token request response header payload value timestamp region`)

// generate returns n bytes of a kind; the same for the same seed.
func generate(kind string, seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(len(kind))))
	b := make([]byte, 0, n+1024)
	for i := 0; len(b) < n; i++ {
		switch kind {
		case "json":
			b = fmt.Appendf(b, `{"id":%d,"user":"%s_%d","email":"%s@example.com","score":%.3f,"active":%t,"tags":["%s","%s"],"created":"2026-%02d-%02dT%02d:%02d:%02dZ"},`,
				100000+r.IntN(900000), word(r), r.IntN(1000), word(r), r.Float64()*100, r.IntN(2) == 0, word(r), word(r),
				1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
		case "msgpack":
			b = append(b, 0x84)
			b = appendString(b, "id")
			b = binary.BigEndian.AppendUint32(append(b, 0xce), r.Uint32())
			b = appendString(b, "name")
			b = appendString(b, word(r)+" "+word(r))
			b = appendString(b, "score")
			b = binary.BigEndian.AppendUint64(append(b, 0xcb), r.Uint64())
			b = appendString(b, "flags")
			b = append(b, 0x93, byte(r.IntN(128)), byte(r.IntN(128)), 0xc3)
		case "text":
			b = append(append(b, word(r)...), " ,.\n"[max(r.IntN(24)-20, 0)])
		case "repetitive":
			b = append(b, "status=ok;region=eu-west-1;retries=0;"...)
		case "random":
			b = binary.LittleEndian.AppendUint64(b, r.Uint64())
		case "runs":
			// Patterns of each short period, of all lengths.
			for start, period, length := len(b), 1+r.IntN(20), 1+r.IntN(1+r.IntN(600)); length > 0; length-- {
				if len(b)-start < period {
					b = append(b, byte(r.Uint32()))
				} else {
					b = append(b, b[len(b)-period])
				}
			}
		case "mixed":
			b = mixed(r, b)
		}
	}
	return b[:n:n]
}

// mixed appends a piece of one of many sorts, copies from far back included.
func mixed(r *rand.Rand, b []byte) []byte {
	length := 1 + r.IntN(1+r.IntN(1+r.IntN(3000)))
	switch r.IntN(5) {
	case 0:
		c := byte(r.Uint32())
		for range length {
			b = append(b, c)
		}
	case 1:
		for range length {
			b = append(b, byte(r.Uint32()))
		}
	case 2:
		for range length {
			b = append(b, 'a'+byte(r.IntN(3)))
		}
	default:
		if len(b) == 0 {
			break
		}
		back := 1 + r.IntN(min(len(b), 1<<r.IntN(18)))
		for range length {
			b = append(b, b[len(b)-back])
		}
	}
	return b
}

func word(r *rand.Rand) string {
	// Low ranks are more frequent, as in any language.
	return words[r.IntN(1+r.IntN(len(words)))]
}

func appendString(b []byte, s string) []byte {
	return append(append(b, 0xa0|byte(len(s))), s...)
}
