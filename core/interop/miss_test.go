package interop

import (
	"errors"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// What Check and Parse refuse came from a cache, and is as if it were not there; what
// is refused of a caller's arguments and values is the caller's mistake.
func TestWhatIsAMiss(t *testing.T) {
	for name, doc := range map[string]string{
		"nothing": "", "no MessagePack": "\xc1", "cut short": "\x91", "two documents": "\xc0\xc0",
		"a frame of the Python SDK": "CK\x03", "more than there is": "\xdd\xff\xff\xff\xff",
	} {
		_, parsed := Parse([]byte(doc))
		for by, err := range map[string]error{"Check": Check([]byte(doc)), "Parse": parsed} {
			if !errors.Is(err, core.ErrInvalidInput) || !core.IsMiss(err) {
				t.Errorf("%s of %s: %v, a miss: %t", by, name, err, core.IsMiss(err))
			}
		}
		_, canonical := Canonical([]byte(doc))
		_, key := KeyFromMsgpack("users", "get", []byte(doc))
		for by, err := range map[string]error{"Canonical": canonical, "KeyFromMsgpack": key} {
			if !errors.Is(err, core.ErrInvalidInput) || core.IsMiss(err) {
				t.Errorf("%s of %s: %v, a miss: %t", by, name, err, core.IsMiss(err))
			}
		}
	}
	if _, err := Value(struct{}{}); err == nil || core.IsMiss(err) {
		t.Errorf("Value: %v, a miss: %t", err, core.IsMiss(err))
	}
	if err := Check([]byte("\xc0")); err != nil {
		t.Error(err)
	}
}
