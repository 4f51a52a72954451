package command

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
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
	cmd.Flags().StringVar(file, "key-file", "", "`file` of master keys, the current one first, each as 64 hexadecimal digits\nor more on a line; mode 0600 (default: from the environment)")
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

// keyed are the flags of commands that do something to a file with a tenant's keys.
type keyed struct {
	tenant, keyFile, output string
}

func (k *keyed) tenantFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.tenant, "tenant", encryption.DefaultTenant, "`tenant` whose keys are used")
}

func (k *keyed) fileFlags(cmd *cobra.Command) {
	keyFileFlag(cmd, &k.keyFile)
	outputFlag(cmd, &k.output)
}

// with gives transform the keyring and the input, and writes what it returns.
func (k *keyed) with(cmd *cobra.Command, args []string, transform func(*encryption.TenantKeyring, []byte) ([]byte, error)) error {
	keyring, err := tenantKeyring(k.keyFile, k.tenant)
	if err != nil {
		return err
	}
	defer keyring.Wipe()
	in, err := readInput(cmd, inputName(args))
	if err != nil {
		return err
	}
	out, err := transform(keyring, in)
	if err != nil {
		return err
	}
	return writeOutput(cmd, k.output, out, outputMode)
}

// binding is what an entry is bound to, by flags.
type binding struct {
	keyed
	cacheKey string
	format   string
	interop  bool
}

func (b *binding) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&b.cacheKey, "key", "", "cache `key` of the entry (required)")
	b.tenantFlag(cmd)
	flags.StringVar(&b.format, "format", core.DefaultFormat, "`format` of the payload")
	flags.BoolVar(&b.interop, "interop", false, "an entry of interop mode: one MessagePack document, not compressed")
	b.fileFlags(cmd)
}

// with is that of keyed, for flags that go together.
func (b *binding) with(cmd *cobra.Command, args []string, transform func(*encryption.TenantKeyring, []byte) ([]byte, error)) error {
	if err := b.check(cmd); err != nil {
		return err
	}
	return b.keyed.with(cmd, args, transform)
}

// check refuses what is missing, or does not go together.
func (b *binding) check(cmd *cobra.Command) error {
	if b.cacheKey == "" {
		return usageOf(cmd, errors.New("name the cache key that the entry is bound to by --key"))
	}
	if b.interop && cmd.Flags().Changed("level") {
		return usageOf(cmd, errors.New("entries of interop mode are not compressed: --level has no effect beside --interop"))
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

// readKeys reads the keys that there have to be, to try them on entries.
func readKeys(file string) (*entry.Keys, error) {
	masters, err := secret.Read(file)
	if err != nil {
		return nil, err
	}
	defer masters.Wipe()
	return masters.Keyring()
}

// readKeysIfAny is readKeys where there need not be any.
func readKeysIfAny(file string) (*entry.Keys, error) {
	keys, err := readKeys(file)
	if errors.Is(err, secret.ErrNone) {
		return nil, nil
	}
	return keys, err
}

const outputMode = 0o600 // of files with a payload or an entry
