package command

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/core/encryption"
)

func newSeal() *cobra.Command {
	var b binding
	var level int
	cmd := &cobra.Command{
		Use:   "seal [FILE]",
		Short: "Make an entry of a payload: compressed, encrypted, bound to its cache key",
		Long: `seal compresses a payload, encrypts it under the current key of the tenant and binds it to
tenant, cache key and format, so that it opens for no other. With --interop the payload is one
MessagePack document, and the result is what the SDKs of other languages read in interop mode.`,
		Example: `  cachekit seal --key users:1 --tenant acme --format json user.json -o user.entry
  cachekit interop value '{"name":"alice"}' |
      cachekit seal --interop --key "$(cachekit interop key users get_user '[42]')" -o user.entry`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.with(cmd, args, func(keyring *encryption.TenantKeyring, payload []byte) ([]byte, error) {
				if err := keyring.SetLevel(level); err != nil {
					return nil, usageOf(cmd, err)
				}
				if b.interop {
					return keyring.SealInterop(b.cacheKey, payload)
				}
				return keyring.Seal([]byte(b.cacheKey), payload, b.format)
			})
		},
	}
	b.flags(cmd)
	levelFlag(cmd, &level)
	return cmd
}

func newOpen() *cobra.Command {
	var b binding
	cmd := &cobra.Command{
		Use:   "open [FILE]",
		Short: "Open a sealed entry",
		Long: `open decrypts what seal, or another library of the family, made for the same tenant, cache key
and format. Where another key than the current one opened it, it says so.`,
		Example: `  cachekit open --key users:1 --tenant acme --format json user.entry
  cachekit open --interop --key "$(cachekit interop key users get_user '[42]')" user.entry -o user.msgpack`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.with(cmd, args, func(keyring *encryption.TenantKeyring, sealed []byte) (payload []byte, err error) {
				index := 0
				if b.interop {
					payload, index, err = keyring.OpenInterop(b.cacheKey, sealed)
				} else {
					payload, index, err = keyring.Open([]byte(b.cacheKey), sealed, b.format)
				}
				return payload, opened(cmd, index, err)
			})
		},
	}
	b.flags(cmd)
	return cmd
}

// opened warns of a key that is to be retired.
func opened(cmd *cobra.Command, index int, err error) error {
	if err != nil {
		return ofEntry(err)
	}
	if index > 0 {
		cmd.PrintErrf("cachekit: key %d opened it, which only decrypts: seal it again under the current one\n", index)
	}
	return nil
}

// raw are the flags of encrypt and decrypt, which leave it to the caller what a ciphertext
// is bound to.
type raw struct {
	keyed
	aad, aadHex string
}

func (r *raw) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	r.tenantFlag(cmd)
	flags.StringVar(&r.aad, "aad", "", "additional authenticated data, as `text`")
	flags.StringVar(&r.aadHex, "aad-hex", "", "additional authenticated data, as hexadecimal `digits`")
	r.fileFlags(cmd)
}

func (r *raw) data(cmd *cobra.Command) ([]byte, error) {
	switch {
	case r.aadHex == "":
		return []byte(r.aad), nil
	case r.aad != "":
		return nil, usageOf(cmd, errors.New("--aad and --aad-hex are the same in two forms: name one of them"))
	}
	data, err := hex.DecodeString(r.aadHex)
	if err != nil {
		return nil, usageOf(cmd, errors.New("--aad-hex is not an even number of hexadecimal digits"))
	}
	return data, nil
}

// with is that of keyed, with the additional data.
func (r *raw) with(cmd *cobra.Command, args []string, transform func(k *encryption.TenantKeyring, in, aad []byte) ([]byte, error)) error {
	aad, err := r.data(cmd)
	if err != nil {
		return err
	}
	return r.keyed.with(cmd, args, func(k *encryption.TenantKeyring, in []byte) ([]byte, error) { return transform(k, in, aad) })
}

func newEncrypt() *cobra.Command {
	var r raw
	cmd := &cobra.Command{
		Use:   "encrypt [FILE]",
		Short: "Encrypt bytes, without compressing them and without an envelope",
		Long: fmt.Sprintf(`encrypt is AES-256-GCM under the current key of the tenant: nonce, ciphertext and tag, %d bytes
more than the plaintext. It is bound to the additional data alone: pass the cache key. seal does
that for you.`, encryption.Overhead),
		Example: `  cachekit encrypt --aad users:1 token.bin -o token.entry`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.with(cmd, args, func(k *encryption.TenantKeyring, in, aad []byte) ([]byte, error) {
				return k.Encrypt(in, aad)
			})
		},
	}
	r.flags(cmd)
	return cmd
}

func newDecrypt() *cobra.Command {
	var r raw
	cmd := &cobra.Command{
		Use:     "decrypt [FILE]",
		Short:   "Decrypt what encrypt made",
		Example: `  cachekit decrypt --aad users:1 token.entry -o token.bin`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.with(cmd, args, func(k *encryption.TenantKeyring, in, aad []byte) ([]byte, error) {
				plaintext, index, err := k.Decrypt(in, aad)
				return plaintext, opened(cmd, index, err)
			})
		},
	}
	r.flags(cmd)
	return cmd
}
