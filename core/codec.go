package core

import "github.com/cachekit-go/cachekit-core/core/internal/lz4block"

// Codec names the implementation of LZ4 that this CPU runs, for logs and bug
// reports.
func Codec() string { return lz4block.Path() }
