package secret

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Once keys were read, the process leaves no core dump, and others may not look into it.
func TestNoCoreDump(t *testing.T) {
	masters, err := Read(file(t, k1, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	masters.Wipe()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("limit of core dumps %+v, %v", limit, err)
	}
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil || dumpable != 0 {
		t.Errorf("dumpable %d, %v", dumpable, err)
	}
}
