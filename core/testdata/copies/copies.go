// Package copies makes the mistakes that go vet has to find.
package copies

import "github.com/cachekit-go/cachekit-core/core"

func byteStorage(s *core.ByteStorage) string { c := *s; return c.DefaultFormat() }
