package interop

import (
	"errors"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/document"
)

func TestKnownAnswer(t *testing.T) {
	const want = "users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875"
	if got, err := Key("users", "get_user", 42); err != nil || got != want {
		t.Errorf("from a Go value: %q, %v", got, err)
	}
	for _, args := range []string{"\x91\x2a", "\xdc\x00\x01\xd3\x00\x00\x00\x00\x00\x00\x00\x2a"} {
		if got, err := KeyFromMsgpack("users", "get_user", []byte(args)); err != nil || got != want {
			t.Errorf("from % x: %q, %v", args, got, err)
		}
	}
}

// Package document tests which names are good; here it is that all functions ask it.
func TestSegments(t *testing.T) {
	for _, c := range []struct {
		namespace, operation string
		want                 error
	}{
		{"t", "op", nil}, {"t", "ns", nil}, {"Users", "op", document.ErrNamespace}, {"", "op", document.ErrNamespace},
		{"t", "get user", document.ErrOperation}, {"t", "", document.ErrOperation}, {"ns", "op", document.ErrReserved}, {"nsapi", "op", document.ErrReserved},
	} {
		fromGo, err1 := Key(c.namespace, c.operation)
		fromDoc, err2 := KeyFromMsgpack(c.namespace, c.operation, []byte{0x90})
		if !errors.Is(err1, c.want) || !errors.Is(err2, c.want) || fromGo != fromDoc || (fromGo == "") != (c.want != nil) {
			t.Errorf("%q, %q: %q, %v and %q, %v; want %v", c.namespace, c.operation, fromGo, err1, fromDoc, err2, c.want)
		}
	}
}

func TestTheLongestKey(t *testing.T) {
	long := strings.Repeat("a", 64)
	got, err := Key(long, long, "any")
	if err != nil || len(got) != MaxKeySize || MaxKeySize != 194 {
		t.Errorf("%d bytes, %v; MaxKeySize is %d", len(got), err, MaxKeySize)
	}
}
