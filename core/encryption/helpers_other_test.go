//go:build !linux

package encryption

import "testing"

func hugeSlice(*testing.T) []byte { return make([]byte, MaxPlaintextSize+Overhead+1) }
