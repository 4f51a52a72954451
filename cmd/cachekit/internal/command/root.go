// Package command is the command line of cachekit: its commands, flags, screens and exit
// codes.
package command

import (
	"errors"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Run executes the command with these arguments and returns its exit code.
func Run(version string, args []string, in io.Reader, out, errs io.Writer) int {
	root := New(version)
	standard := &standardOutput{w: out}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(standard)
	root.SetErr(errs)
	code, err := codeOf(root.Execute())
	if err == nil && standard.failed != nil {
		code, err = exitFailed, standard.failed
	}
	if err != nil {
		printError(root, err)
	}
	return code
}

// printError says on the standard error what went wrong. Names of files and flags may come
// from anybody.
func printError(cmd *cobra.Command, err error) {
	cmd.PrintErrln("cachekit: " + harmless(withoutName(err.Error())))
}

// New returns the command with all its subcommands.
func New(version string) *cobra.Command {
	root := &cobra.Command{
		Use:   "cachekit",
		Short: "Look into cache entries, make and read them",
		Long: `cachekit looks into the entries of a cache: what is this value, is it damaged, which key opens
it? It makes and reads entries too, as the cachekit libraries of all languages do.

Master keys come from the environment (CACHEKIT_MASTER_KEY, and CACHEKIT_PREVIOUS_MASTER_KEYS
with those that only decrypt) or from a file that --key-file names, never from an argument. Once
they are read, the process leaves no core dump.

` + exitHelp,
		Example: `  cachekit inspect value.bin
  redis-cli --no-raw GET users:1 | cachekit inspect
  cachekit inspect --check *.bin`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(newInspect(), newStore(), newRetrieve(), newSeal(), newOpen(), newEncrypt(), newDecrypt(),
		newKey(), newInterop(), newReseal(), newBench(), newVersion(version), newMan())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageOf(cmd, err) })
	for _, cmd := range all(root) {
		complete(cmd)
	}
	return root
}

// all are cmd and the commands below it.
func all(cmd *cobra.Command) []*cobra.Command {
	commands := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		commands = append(commands, all(sub)...)
	}
	return commands
}

// complete gives cmd what all commands have: flags in the order in which they were
// declared, and errors that say where help is.
func complete(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageOf(cmd, err)
			}
			return nil
		}
	}
	cmd.Flags().SortFlags = false
	cmd.PreRunE = refuseEmpty
}

// mayBeEmpty are the flags whose value may have no characters. Elsewhere that is most
// likely a variable of the shell that is not set.
var mayBeEmpty = []string{"aad", "aad-hex", "strip"}

func refuseEmpty(cmd *cobra.Command, _ []string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		// A cache key may be empty where one looks into what others made.
		inspected := f.Name == "key" && cmd.Name() == "inspect"
		if f.Value.Type() == "string" && f.Value.String() == "" && !inspected && !slices.Contains(mayBeEmpty, f.Name) {
			err = usageOf(cmd, errors.New("--"+f.Name+" is empty"))
		}
	})
	return err
}

func usageOf(cmd *cobra.Command, err error) error {
	return usage(errors.New(err.Error() + "; see " + cmd.CommandPath() + " --help"))
}
