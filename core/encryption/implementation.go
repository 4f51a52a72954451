package encryption

import "github.com/cachekit-go/cachekit-core/internal/aesgcm"

// HardwareAccelerated tells whether encryption uses the CPU's AES
// instructions.
func HardwareAccelerated() bool { return aesgcm.Accelerated() }

// Implementation names the implementation of AES-256-GCM that this CPU runs,
// for logs and bug reports.
func Implementation() string { return aesgcm.Path() }

// ImplementationWarning says that the environment variable CACHEKIT_AES has a
// value that has no meaning: "CACHEKIT_AES=avx1024 is unknown". It is "" if there is
// nothing to say, and printable and short, whatever the value. Where constructors
// return ErrFIPS140, it says that.
func ImplementationWarning() string { return aesgcm.Warning() }
