//go:build unix && !linux

package secret

import "golang.org/x/sys/unix"

// noCoreDump keeps keys out of core dumps.
func noCoreDump() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
