// Command errtable writes the C library's names and texts of errors from the
// table in package core.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/cachekit-go/cachekit-core/core"
)

func main() {
	out := flag.String("o", "error_table.h", "the file to write")
	flag.Parse()
	var b strings.Builder
	b.WriteString("/* Written by go generate ./capi from core/errors.go. */\n")
	for _, code := range core.Codes() {
		fmt.Fprintf(&b, "[%s] = {%q, %q},\n", code.Name(), code.Name(), code)
	}
	if err := os.WriteFile(*out, []byte(b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}
