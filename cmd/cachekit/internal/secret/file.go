// Package secret reads master keys for the command, and keeps them out of core dumps.
package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/crypt"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// ErrNone means that neither a file nor the environment names a key.
var ErrNone = errors.New("there is no master key: set " + encryption.MasterKeyVariable + ", or name a file by --key-file")

// maxKeyFile is the most that a file with keys may have in bytes.
const maxKeyFile = 64 << 10

// Masters are master keys, the current one first.
type Masters [][]byte

// Wipe overwrites them.
func (m Masters) Wipe() {
	for _, key := range m {
		clear(key)
	}
}

// Read returns the master keys in the file, or where its name is "" in the environment.
// From then on the process leaves no core dump.
func Read(file string) (Masters, error) {
	if err := noCoreDump(); err != nil {
		return nil, fmt.Errorf("core dumps cannot be switched off: %w", err)
	}
	if file != "" {
		return readFile(file)
	}
	return readEnvironment()
}

// Keyring returns the keys as those to look into entries with.
func (m Masters) Keyring() (*entry.Keys, error) {
	keyring, err := encryption.NewKeyring(m[0], m[1:]...)
	if err != nil {
		return nil, err
	}
	return entry.NewKeys(keyring, len(m)), nil
}

// readFile reads a key of hexadecimal digits a line, the current one first. Empty lines
// and those that begin with # do not count.
func readFile(name string) (masters Masters, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if open := info.Mode().Perm() & 0o077; info.Mode().IsRegular() && open != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s: others than its owner may use this file of keys (mode %04o): chmod 600 it",
			name, info.Mode().Perm())
	}
	text := make([]byte, maxKeyFile+1)
	defer clear(text)
	n, err := io.ReadFull(f, text)
	switch {
	case err == nil:
		return nil, fmt.Errorf("%s: more than %d bytes: this is no file of keys", name, maxKeyFile)
	case err != io.EOF && err != io.ErrUnexpectedEOF:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer func() {
		if err != nil {
			masters.Wipe()
			masters = nil
		}
	}()
	for i, line := range bytes.Split(text[:n], []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, err := encryption.ParseMasterKey(string(line))
		if err != nil {
			return masters, fmt.Errorf("%s, line %d: %w", name, i+1, err)
		}
		masters = append(masters, key)
	}
	if len(masters) == 0 {
		return nil, fmt.Errorf("%s: no key in this file: one of 64 hexadecimal digits or more a line, the current one first", name)
	}
	return masters, nil
}

// readEnvironment reads the variables that all libraries of the family read.
func readEnvironment() (Masters, error) {
	if os.Getenv(encryption.MasterKeyVariable) == "" {
		return nil, ErrNone
	}
	var masters crypt.Masters
	err := masters.Read(memory.Make, os.Getenv(encryption.MasterKeyVariable), os.Getenv(encryption.PreviousMasterKeysVariable))
	if err != nil {
		return nil, err
	}
	return append(Masters{masters.Current}, masters.DecryptOnly...), nil
}

// Write makes a new file that only its owner may use. One that exists stays as it is.
func Write(name string, text []byte) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(name) // half a key would be taken for damage
	}
	return err
}
