package command

import (
	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/core"
)

func newStore() *cobra.Command {
	var format, output string
	var level int
	cmd := &cobra.Command{
		Use:   "store [FILE]",
		Short: "Put a payload into an envelope: compressed and checked, not secret",
		Example: `  cachekit store --format json users.json -o users.entry
  cachekit store --level 9 < users.json > users.entry`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			storage := core.NewByteStorage(format)
			if err := storage.SetLevel(level); err != nil {
				return usageOf(cmd, err)
			}
			payload, err := readInput(cmd, inputName(args))
			if err != nil {
				return err
			}
			envelope, err := storage.Store(payload)
			if err != nil {
				return err
			}
			return writeOutput(cmd, output, envelope, outputMode)
		},
	}
	cmd.Flags().StringVar(&format, "format", core.DefaultFormat, "`format` of the payload, which the envelope names")
	levelFlag(cmd, &level)
	outputFlag(cmd, &output)
	return cmd
}

func newRetrieve() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "retrieve [FILE]",
		Short: "Take the payload out of an envelope",
		Example: `  cachekit retrieve users.entry -o users.json
  redis-cli -r 1 --raw GET users:1 | head -c -1 | cachekit retrieve > users.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			envelope, err := readInput(cmd, inputName(args))
			if err != nil {
				return err
			}
			payload, err := core.Decompress(envelope)
			if err != nil {
				return ofEntry(err)
			}
			return writeOutput(cmd, output, payload, outputMode)
		},
	}
	outputFlag(cmd, &output)
	return cmd
}
