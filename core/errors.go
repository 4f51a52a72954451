package core

import "github.com/cachekit-go/cachekit-core/internal/codes"

// IsMiss tells whether err, of a call that read an entry, means that the entry
// cannot be used: it was damaged, or it is not one, or it was made under another
// key, tenant, cache key or format. Treat that as if it were not in the cache. It
// is false for nil, and for errors that another entry would meet too, such as a key
// of the wrong length.
func IsMiss(err error) bool { return codes.IsMiss(err) }
