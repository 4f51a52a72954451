package bytetest

import "runtime"

// ErrorSize is how many bytes a call may take that fails, for its error and the reason:
// whatever its input claims.
const ErrorSize = 512

// Allocated is how many bytes a call of f takes from the heap, in the best of some.
func Allocated(f func()) uint64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	least := ^uint64(0)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}
