// Package need leaves out a test for which something is not installed, built or
// fetched.
package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Missing skips what cannot run here. Where everything is known to be there,
// CACHEKIT_NO_SKIPS makes it a failure, lest nobody notice.
func Missing(t testing.TB, why string) {
	t.Helper()
	failIfWanted(t, why)
	t.Skip("skipped: " + why)
}

// Without is Missing for a test that goes on and proves less.
func Without(t testing.TB, why string) {
	t.Helper()
	failIfWanted(t, why)
	t.Log(why)
}

func failIfWanted(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CACHEKIT_NO_SKIPS") != "" {
		t.Fatal(why)
	}
}

// Program returns the path of a program.
func Program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name+" is not installed")
	}
	return path
}

// Programs is Program for several, of which no path is wanted.
func Programs(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		Program(t, name)
	}
}

// Ruby returns the path of a Ruby that has the ffi gem.
func Ruby(t *testing.T) string {
	t.Helper()
	ruby := Program(t, "ruby")
	if exec.Command(ruby, "-e", `require "ffi"`).Run() != nil {
		Missing(t, "Ruby has no ffi gem")
	}
	return ruby
}

// Library returns the folder of the library that make built, for a test in a
// folder of tests.
func Library(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../build")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + "/libcachekit_core.so"); err != nil {
		Missing(t, "build/libcachekit_core.so is missing; make builds it")
	}
	return dir
}
