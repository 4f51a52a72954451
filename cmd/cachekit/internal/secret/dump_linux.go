package secret

import "golang.org/x/sys/unix"

// noCoreDump keeps keys out of core dumps, and other processes of the same user from
// reading this one's memory.
func noCoreDump() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
