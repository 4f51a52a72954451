package command

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

func newVersion(version string) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version and the code paths that this processor runs",
		Example: `  cachekit version`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "cachekit %s %s %s/%s aes=%s lz4=%s\n", version,
				runtime.Version(), runtime.GOOS, runtime.GOARCH, encryption.Implementation(), core.Codec())
			for _, warning := range []string{encryption.ImplementationWarning(), core.CodecWarning()} {
				if warning != "" {
					cmd.PrintErrln("cachekit: " + warning)
				}
			}
			return err
		},
	}
}

// newMan writes the manual from what --help says.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the manual pages into a folder",
		Example: `  cachekit man /usr/local/share/man/man1
  cachekit man . && man ./cachekit-inspect.1`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			// The same pages every time.
			date := time.Unix(0, 0).UTC()
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "cachekit " + root.Version,
				Manual: "cachekit", Date: &date}, args[0])
		},
	}
}
