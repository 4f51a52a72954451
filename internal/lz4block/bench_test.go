package lz4block

import (
	"fmt"
	"testing"
)

var benchSizes = []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20}

// benchEach runs f on each path, kind and size. It goes round several inputs
// of the kind, or short ones would be learned by the branch predictor.
func benchEach(b *testing.B, f func(b *testing.B, inputs [][]byte)) {
	eachPath(b, func(path string) {
		for _, kind := range []string{"json", "msgpack", "text", "repetitive", "random"} {
			for _, size := range benchSizes {
				inputs := make([][]byte, min(max(1<<18/size, 1), 64))
				for i := range inputs {
					inputs[i] = generate(kind, uint64(i), size)
				}
				b.Run(fmt.Sprintf("%s/%s/%d", path, kind, size), func(b *testing.B) {
					b.SetBytes(int64(size))
					b.ReportAllocs()
					f(b, inputs)
				})
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	benchEach(b, func(b *testing.B, inputs [][]byte) {
		block := make([]byte, Bound(len(inputs[0])))
		in, out := 0, 0
		for i := 0; b.Loop(); i++ {
			data := inputs[i%len(inputs)]
			in += len(data)
			out += Encode(block, data)
		}
		b.ReportMetric(float64(out)/float64(in), "size")
	})
}

func BenchmarkDecode(b *testing.B) {
	benchEach(b, func(b *testing.B, inputs [][]byte) {
		blocks := make([][]byte, len(inputs))
		for i, data := range inputs {
			blocks[i] = encode(data)
		}
		data := make([]byte, len(inputs[0]))
		for i := 0; b.Loop(); i++ {
			if _, err := Decode(data, blocks[i%len(blocks)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
