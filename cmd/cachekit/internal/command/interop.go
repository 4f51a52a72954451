package command

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/show"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/tagged"
	"github.com/cachekit-go/cachekit-core/core/interop"
)

func newInterop() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "interop",
		Short: "Keys and values of entries that programs in other languages share",
		Long: `interop makes keys and values of interop mode from JSON, and shows such values.

` + tagged.Help,
		Example: `  cachekit interop key users get_user '[42]'
  cachekit interop value '{"name":"alice","age":30}' -o value.msgpack
  cachekit interop value --decode value.msgpack`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newInteropKey(), newInteropValue())
	return cmd
}

func newInteropKey() *cobra.Command {
	return &cobra.Command{
		Use:   "key NAMESPACE OPERATION [ARGS]",
		Short: "Print the cache key of an operation and its arguments",
		Long: `key prints the cache key under which the SDKs store the result of an operation. ARGS is a JSON
array of all arguments in the order of the operation's declaration, defaults filled in; without
it there are none.

` + tagged.Help,
		Example: `  cachekit interop key users get_user '[42]'
  cachekit interop key orders by_day '[{"$datetime":"2026-01-31T00:00:00+00:00"}]'`,
		Args: cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			var list []any
			if len(args) == 3 {
				value, err := tagged.Parse([]byte(args[2]))
				if err != nil {
					return usageOf(cmd, err)
				}
				var ok bool
				if list, ok = value.([]any); !ok {
					return usageOf(cmd, fmt.Errorf("ARGS is a JSON array, as in '[42]'"))
				}
			}
			key, err := interop.Key(args[0], args[1], list...)
			if err != nil {
				return usageOf(cmd, err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), key)
			return err
		},
	}
}

func newInteropValue() *cobra.Command {
	var output string
	var decode bool
	cmd := &cobra.Command{
		Use:   "value [JSON | FILE]",
		Short: "Turn JSON into a value of interop mode, or show one",
		Long: `value writes the MessagePack document that the SDKs store for a value, which is given as JSON:
as an argument or, without one, on the standard input. With --decode it reads such a document,
from a file or the standard input, and shows it.

` + tagged.Help,
		Example: `  cachekit interop value '{"name":"alice","age":30}' | xxd
  cachekit interop value --decode value.msgpack`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if decode && output != "" {
				return usageOf(cmd, errors.New("--output is for a value that is made: what --decode shows is text"))
			}
			if decode {
				return showValue(cmd, inputName(args))
			}
			text, err := jsonOf(cmd, args)
			if err != nil {
				return err
			}
			value, err := tagged.Parse(text)
			if err != nil {
				return usageOf(cmd, err)
			}
			document, err := interop.Value(value)
			if err != nil {
				return usageOf(cmd, err)
			}
			return writeOutput(cmd, output, document, outputMode)
		},
	}
	cmd.Flags().BoolVar(&decode, "decode", false, "show a MessagePack document")
	outputFlag(cmd, &output)
	return cmd
}

func jsonOf(cmd *cobra.Command, args []string) ([]byte, error) {
	if len(args) == 1 && args[0] != "-" {
		return []byte(args[0]), nil
	}
	return readInput(cmd, "-")
}

func showValue(cmd *cobra.Command, name string) error {
	document, err := readInput(cmd, name)
	if err != nil {
		return err
	}
	if err := interop.Check(document); err != nil {
		return ofEntry(err)
	}
	return buffered(cmd, func(w *bufio.Writer) error { return show.Value(w, document, show.Options{}) })
}
