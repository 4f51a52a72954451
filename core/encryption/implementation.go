package encryption

import "github.com/cachekit-go/cachekit-core/internal/aesgcm"

// HardwareAccelerated tells whether encryption uses the CPU's AES
// instructions.
func HardwareAccelerated() bool { return aesgcm.Accelerated() }

// Implementation names the implementation of AES-256-GCM that this CPU runs,
// for logs and bug reports.
func Implementation() string { return aesgcm.Path() }

// ImplementationWarning says that the environment variable CACHEKIT_AES has a
// value that has no meaning, "CACHEKIT_AES=avx1024 is unknown", or is empty. It is
// printable and short, whatever the value. Where ErrFIPS140 is the answer of the
// constructors, it says that.
func ImplementationWarning() string { return aesgcm.Warning() }
