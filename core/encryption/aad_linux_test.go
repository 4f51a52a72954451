package encryption

import (
	"errors"
	"math"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// Components that the AAD has no room to count are refused before a byte of them
// is read: one of 4 GiB, or on 32-bit machines two of 1 GiB.
func TestAADTooLarge(t *testing.T) {
	tenant, cacheKey := []byte("tenant"), []byte(nil)
	if size := uint64(math.MaxUint32 + 1); size <= math.MaxInt {
		cacheKey = untouchable(t, int(size))
	} else {
		cacheKey = untouchable(t, 1<<30)
		tenant = cacheKey
	}
	if got, err := AppendAAD([]byte("abc"), tenant, cacheKey, "json", true, ""); string(got) != "abc" || !errors.Is(err, core.ErrInputTooLarge) {
		t.Errorf("AppendAAD: %d bytes, %v", len(got), err)
	}
}
