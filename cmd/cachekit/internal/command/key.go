package command

import (
	"bufio"
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/secret"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

func newKey() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make, derive and name keys",
		Example: `  cachekit key generate -o keys.txt
  cachekit key fingerprint --key-file keys.txt --tenant acme`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeyGenerate(), newKeyDerive(), newKeyFingerprint())
	return cmd
}

func newKeyGenerate() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Print a new master key of 32 random bytes, as 64 hexadecimal digits",
		Long: `generate prints a new master key: 32 random bytes of the operating system, as 64 hexadecimal
digits, which CACHEKIT_MASTER_KEY takes. A file that -o names is made with mode 0600, as --key-
file asks for; one that exists is left as it is.`,
		Example: `  cachekit key generate -o keys.txt
  export CACHEKIT_MASTER_KEY=$(cachekit key generate)`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := encryption.GenerateKey()
			if err != nil {
				return err
			}
			defer clear(key[:])
			text := hex.AppendEncode(nil, key[:])
			defer clear(text)
			text = append(text, '\n')
			if output == "" || output == "-" {
				_, err = cmd.OutOrStdout().Write(text)
				return err
			}
			return secret.Write(output, text)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to make, with mode 0600")
	return cmd
}

func newKeyDerive() *cobra.Command {
	var keyFile, tenant, domain string
	cmd := &cobra.Command{
		Use:   "derive",
		Short: "Print a key that is derived from the current master key",
		Long: `derive prints the 32 bytes that HKDF-SHA256 derives from the current master key for a domain and
a tenant, as hexadecimal digits. The output is a secret.`,
		Example: `  cachekit key derive --domain encryption --tenant acme --key-file keys.txt`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			masters, err := secret.Read(keyFile)
			if err != nil {
				return err
			}
			defer masters.Wipe()
			var key [encryption.KeySize]byte
			defer clear(key[:])
			if err := encryption.DeriveDomainKeyInto(&key, masters[0], []byte(tenant), []byte(domain)); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", key)
			return err
		},
	}
	cmd.Flags().StringVar(&domain, "domain", "encryption", "`domain`: encryption, authentication, cache_keys, or one of your own")
	cmd.Flags().StringVar(&tenant, "tenant", encryption.DefaultTenant, "`tenant`, which is the salt")
	keyFileFlag(cmd, &keyFile)
	fixedValues(cmd, "domain", "encryption", "authentication", "cache_keys")
	return cmd
}

func newKeyFingerprint() *cobra.Command {
	var keyFile, tenant string
	cmd := &cobra.Command{
		Use:   "fingerprint",
		Short: "Name the keys of a tenant, without telling anything about them",
		Long: `fingerprint prints, for each master key, the fingerprint of the key that the tenant's entries
are encrypted with: the first 16 bytes of a SHA-256. It may go into logs. inspect shows the same
for the key that opened an entry.`,
		Example: `  cachekit key fingerprint --tenant acme --key-file keys.txt`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keyring, err := tenantKeyring(keyFile, tenant)
			if err != nil {
				return err
			}
			defer keyring.Wipe()
			return buffered(cmd, func(w *bufio.Writer) error {
				for i := range keyring.KeyCount() {
					fingerprint, err := keyring.Fingerprint(i)
					if err != nil {
						return err
					}
					fmt.Fprintf(w, "%d %x %s\n", i, fingerprint, keyRole(i))
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", encryption.DefaultTenant, "`tenant`")
	keyFileFlag(cmd, &keyFile)
	return cmd
}
