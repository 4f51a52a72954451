//go:build !windows

package meter

import "time"

// epoch makes readings of the monotonic clock small positive numbers.
var epoch = time.Now().Add(-1)

// now is the time in nanoseconds, above 0.
func now() int64 { return int64(time.Since(epoch)) }
