// Package codestest looks at errors for tests.
package codestest

import (
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// Explained fails unless err is nil, or has a reason that can be printed and is no longer
// than it may be.
func Explained(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	detail := codes.Detail(err)
	unprintable := func(r rune) bool { return r < ' ' || r > '~' }
	if detail == "" || len(detail) > codes.MaxDetail || strings.ContainsFunc(detail, unprintable) || strings.Contains(detail, "%") ||
		err.Error() != codes.Of(err).Error()+": "+detail {
		t.Errorf("%q has the reason %q", err, detail)
	}
}
