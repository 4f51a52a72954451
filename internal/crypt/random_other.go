//go:build !linux

package crypt

import "crypto/rand"

func systemRandom(b []byte) error {
	_, err := rand.Read(b)
	return err
}
