package encryption

// SetLevel chooses how hard Seal compresses: 1, the default, is the fastest, and 9
// gives the smallest entries of nearly all data. Whoever opens them need not know, and opens them as fast.
// It may be called at any time; calls under way keep the level that they began with.
//
// Errors: ErrNotMade, core.ErrInvalidInput for another number.
func (k *TenantKeyring) SetLevel(level int) error {
	if err := k.keyring.Check(); err != nil {
		return err
	}
	return k.keyring.SetLevel(level)
}

// SetMaxPayload lowers the limit of a payload, and of a plaintext, to so many bytes, 1
// to core.MaxPayloadSize. What is longer is neither sealed nor encrypted, and what
// claims to be longer is neither opened nor decrypted: no memory is allocated for it.
// All give core.ErrInputTooLarge. So does an entry to Open that is more than twice as
// long as any that Seal makes of so large a payload. It may be called at any time; calls
// under way keep the limit that they began with.
//
// Errors: ErrNotMade, core.ErrInvalidInput for another number.
func (k *TenantKeyring) SetMaxPayload(size int) error {
	if err := k.keyring.Check(); err != nil {
		return err
	}
	return k.keyring.SetMaxPayload(size)
}
