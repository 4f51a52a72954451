// Command cachekit looks into cache entries, and makes and reads them.
package main

import (
	"os"
	"runtime/debug"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/command"
)

// version is set by make; go install leaves it to the build information.
var version string

func main() {
	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		version = info.Main.Version
	}
	os.Exit(command.Run(version, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
