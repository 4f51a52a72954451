package crypt

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// systemRandom reads at most 256 bytes, so that getrandom(2) does not stop
// half-way. crypto/rand would end the process if the system refused, and this
// may be a guest in someone else's.
func systemRandom(b []byte) error {
	for {
		_, err := unix.Getrandom(b, 0)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		}
		device, openErr := os.Open("/dev/urandom")
		if openErr != nil {
			return err
		}
		defer device.Close()
		_, err = io.ReadFull(device, b)
		return err
	}
}
