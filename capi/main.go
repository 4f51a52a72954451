// Command capi is the C library: built with -buildmode=c-shared it exports
// the functions of include/cachekit.h.
//
// It converts and decides nothing. C files hold what must not be Go: checks
// that need no runtime, handles, the fork guard, memory for results. Go files
// turn pointers into slices and errors into codes, and call the packages in
// internal that the Go packages are made of too.
package main

// make builds the product: it passes the linker scripts in link, which a plain
// go build leaves out, and sees a change in ../include, which Go's build cache
// does not.

/*
#cgo CFLAGS: -std=gnu11 -O2 -Wall -Wextra -Werror=implicit-function-declaration -I${SRCDIR}/../include
#cgo windows CFLAGS: -D__USE_MINGW_ANSI_STDIO=1
*/
import "C"

func main() {}
