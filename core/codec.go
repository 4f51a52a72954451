package core

import "github.com/cachekit-go/cachekit-core/internal/lz4block"

// Codec names the implementation of LZ4 that this CPU runs, for logs and bug
// reports.
func Codec() string { return lz4block.Path() }

// CodecWarning says that the environment variable CACHEKIT_LZ4 has a value that
// has no meaning: "CACHEKIT_LZ4=fast is unknown". It is "" if there is nothing to
// say, and printable and short, whatever the value.
func CodecWarning() string { return lz4block.Warning() }
