package command

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/secret"
	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

// fixedValues lets the shell complete the values of a flag.
func fixedValues(cmd *cobra.Command, flag string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // no such flag, or twice
	}
}

func keyFileFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "key-file", "", "`file` of master keys, the current one first, each as 64 hexadecimal digits on\na line; mode 0600 (default: from the environment)")
}

func outputFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "output", "o", "", "`file` to write, - for the standard output even if that is a terminal")
}

func levelFlag(cmd *cobra.Command, level *int) {
	cmd.Flags().IntVar(level, "level", core.DefaultLevel, "compression, 1 (fastest) to 9 (smallest)")
	values := make([]string, core.MaxLevel)
	for i := range values {
		values[i] = strconv.Itoa(i + 1)
	}
	fixedValues(cmd, "level", values...)
}

// binding is what an entry is bound to, by flags.
type binding struct {
	cacheKey string
	tenant   string
	format   string
	interop  bool
	keyFile  string
	output   string
}

func (b *binding) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&b.cacheKey, "key", "", "cache `key` of the entry (required)")
	flags.StringVar(&b.tenant, "tenant", encryption.DefaultTenant, "`tenant` whose keys are used")
	flags.StringVar(&b.format, "format", core.DefaultFormat, "`format` of the payload")
	flags.BoolVar(&b.interop, "interop", false, "an entry of interop mode: one MessagePack document, not compressed")
	keyFileFlag(cmd, &b.keyFile)
	outputFlag(cmd, &b.output)
}

// check refuses what is missing, or does not go together.
func (b *binding) check(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("key") {
		return usageOf(cmd, errors.New("name the cache key that the entry is bound to by --key"))
	}
	if b.interop && cmd.Flags().Changed("format") {
		return usageOf(cmd, errors.New("entries of interop mode have no other format than msgpack: --format and --interop do not go together"))
	}
	return nil
}

// tenantKeyring returns the keyring of a tenant, from the file or the environment.
func tenantKeyring(file, tenant string) (*encryption.TenantKeyring, error) {
	masters, err := secret.Read(file)
	if err != nil {
		return nil, err
	}
	defer masters.Wipe()
	return encryption.NewTenantKeyring(masters[0], masters[1:], []byte(tenant))
}

const outputMode = 0o600 // of files with a payload or an entry
