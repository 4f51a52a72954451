//go:build !linux

package encryption

import "crypto/rand"

func systemRandom(b []byte) error {
	_, err := rand.Read(b)
	return err
}
