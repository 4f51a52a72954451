package meter

import "testing"

func BenchmarkOperation(b *testing.B) {
	for _, keep := range []bool{false, true} {
		name := map[bool]string{false: "plain", true: "keepLast"}[keep]
		b.Run(name, func(b *testing.B) {
			o := Operation{KeepLast: keep}
			for b.Loop() {
				o.End(o.Begin(64), 64, 92)
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			o := Operation{KeepLast: keep}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					o.End(o.Begin(64), 64, 92)
				}
			})
		})
	}
}
