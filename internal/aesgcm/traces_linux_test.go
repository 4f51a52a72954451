//go:build amd64 && !purego && !race

// The race detector keeps copies of its own.

package aesgcm

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/alone"
	"github.com/cachekit-go/cachekit-core/internal/traces"
)

// What a message of several calls of assembly takes is not on the stack, and is used
// again: the schedule of its key, and what GHASH has come to so far.
func TestNothingIsLeftOfLongMessages(t *testing.T) {
	if !alone.Run(t) {
		return
	}
	eachKernel(t, func(t *testing.T) {
		const n = 3 * part
		key, nonce := newSource(50).bytes(KeySize), counting(1, NonceSize)
		k := NewKey(key)
		var secrets []traces.Secret
		hide := func(b []byte) { secrets = append(secrets, traces.Hide(bytes.Clone(b))) }
		for i := 2; i <= 14; i++ { // round keys 0 and 1 are the caller's key
			hide(k.schedule.rk[i*16:][:16])
		}
		for i := 1; i <= 4; i++ {
			hide(k.schedule.powers[(maxPowers-i)*16:][:16])
		}
		plain, sealed := make([]byte, n), make([]byte, n+TagSize)
		var s stream
		s.begin(&k.schedule.rk, active, nonce, n, nil)
		for i := range 2 {
			sealPart(&k.schedule.rk, active, &sealed[i*part], &plain[i*part], part, &s)
			var acc [16]byte
			binary.LittleEndian.PutUint64(acc[:], s.acc[0])
			binary.LittleEndian.PutUint64(acc[8:], s.acc[1])
			hide(acc[:])
			clear(acc[:])
		}
		s.wipe()
		k.Wipe()
		left := func() (found int) {
			for _, s := range secrets {
				found += traces.Left(t, s)
			}
			return found
		}
		if n := left(); n != 0 {
			t.Fatalf("this test leaves %d secrets", n)
		}
		k.Expand(key)
		if left() < 13+4 {
			t.Fatal("the search does not find the schedule of a key")
		}
		k.Seal(sealed, nonce, plain, nil)
		forged := bytes.Clone(sealed)
		forged[0] ^= 1
		k.Wipe()
		for name, call := range map[string]func(){
			"SealOnce":          func() { SealOnce(key, sealed, nonce, plain, nil) },
			"OpenOnce":          func() { OpenOnce(key, plain, nonce, sealed, nil) },
			"OpenOnce, refused": func() { OpenOnce(key, plain, nonce, forged, nil) },
			"Seal":              func() { k.Expand(key); k.Seal(sealed, nonce, plain, nil); k.Wipe() },
			"Open":              func() { k.Expand(key); k.Open(plain, nonce, sealed, nil); k.Wipe() },
			"Seal, long data":   func() { k.Expand(key); k.Seal(sealed[:TagSize], nonce, nil, sealed[TagSize:]); k.Wipe() },
		} {
			traces.Apart(call)
			if n := left(); n > 0 {
				t.Errorf("%s leaves %d secrets", name, n)
			}
		}
	})
}

// The first two round keys are the key.
func TestNothingIsLeftOfAKeyForOneMessage(t *testing.T) {
	if !alone.Run(t) {
		return
	}
	eachPath(t, func(t *testing.T) {
		var key [KeySize]byte
		make32 := func() {
			for i := range key {
				key[i] = byte(i*57 + 23)
			}
		}
		make32()
		secret := traces.Hide(key[:])
		nonce, plain := make([]byte, NonceSize), make([]byte, 3*part)
		sealed := make([]byte, len(plain)+TagSize)
		for _, n := range []int{64, len(plain)} {
			plain, sealed := plain[:n], sealed[:n+TagSize]
			for name, call := range map[string]func(){
				"SealOnce":          func() { SealOnce(key[:], sealed, nonce, plain, nil) },
				"OpenOnce":          func() { OpenOnce(key[:], plain, nonce, sealed, nil) },
				"OpenOnce, refused": func() { OpenOnce(key[:], plain, nonce, sealed, nonce) },
			} {
				make32()
				traces.Apart(call)
				clear(key[:])
				left := traces.Left(t, secret)
				left += traces.OnStack(t, func() { make32(); call(); clear(key[:]) }, secret)
				if left > 0 {
					t.Errorf("%s of %d bytes: the key is left in %d places", name, n, left)
				}
			}
		}
		make32()
		if traces.Left(t, secret) != 1 {
			t.Error("the key is in memory, and was not found there")
		}
		clear(key[:])
	})
}
