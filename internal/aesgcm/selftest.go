package aesgcm

import (
	"bytes"
	"encoding/hex"
)

// knownAnswers are tags for messages that take the ways through a kernel: less
// than a block, several registers, the bulk loop, and a message in parts.
// Key, nonce, plaintext and additional data are bytes that count up from 1, 2, 3
// and 4. A right tag means a right ciphertext, as it is computed from that.
var knownAnswers = []struct {
	plaintext, aad int
	tag            string
}{
	{13, 0, "0e39153bd8794d344653650cd547b2db"},
	{189, 20, "2fe265a8982a58c33bbae78fc742e4e9"},
	{1100, 77, "25433963c89e58267d1c76ece455a809"},
	{1100, 600, "9367a0b1c0e07d13605eb134f373a148"},
}

// selfTest reports whether p computes the known answers, opens them, and
// refuses them with one bit changed.
func (p path) selfTest() bool {
	var k Key
	k.expand(p, counting(1, KeySize))
	return selfTest(k.Seal, k.Open)
}

func selfTest(seal func(dst, nonce, plaintext, aad []byte), open func(dst, nonce, ciphertext, aad []byte) bool) bool {
	nonce := counting(2, NonceSize)
	for _, m := range knownAnswers {
		plaintext, aad := counting(3, m.plaintext), counting(4, m.aad)
		sealed, opened := make([]byte, m.plaintext+TagSize), make([]byte, m.plaintext)
		seal(sealed, nonce, plaintext, aad)
		if hex.EncodeToString(sealed[m.plaintext:]) != m.tag ||
			!open(opened, nonce, sealed, aad) || !bytes.Equal(opened, plaintext) {
			return false
		}
		sealed[m.plaintext+TagSize-1] ^= 0x80
		if open(opened, nonce, sealed, aad) {
			return false
		}
	}
	return true
}

// counting returns n bytes: first, first+1, and so on.
func counting(first, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(first + i)
	}
	return b
}
