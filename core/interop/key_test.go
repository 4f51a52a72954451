package interop

import (
	"errors"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
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

func TestSegments(t *testing.T) {
	long := strings.Repeat("a", MaxSegmentSize)
	for _, good := range []string{"a", "0", long, "9-lives_", "app.", "a.b.c", "a-", "a_", "nsx", "nsapix", "ns.", "ns-api"} {
		if _, err := Key(good, "op"); err != nil {
			t.Errorf("namespace %q: %v", good, err)
		}
		if _, err := Key("t", good); err != nil {
			t.Errorf("operation %q: %v", good, err)
		}
	}
	for _, operation := range []string{"ns", "nsapi"} {
		if _, err := Key("t", operation); err != nil {
			t.Errorf("operation %q: %v", operation, err)
		}
		if _, err := Key(operation, "op"); err != errReserved {
			t.Errorf("namespace %q: %v", operation, err)
		}
	}
	for _, bad := range []string{
		"", long + "a", "users\n", "\nusers", "users\x00", "Users", "getUser", "users:v2", "users/v2", "get user",
		"..", "a..b", "x..", "a...", ".users", "-users", "_users", "users٣", "café", "ｇｅｔ", "\xff", "a{b", "a`", "a/", "a:",
	} {
		if got, err := Key(bad, "op"); got != "" || err != errNamespace {
			t.Errorf("namespace %q: %q, %v", bad, got, err)
		}
		if got, err := KeyFromMsgpack("t", bad, []byte{0x90}); got != "" || err != errOperation {
			t.Errorf("operation %q: %q, %v", bad, got, err)
		}
	}
	for _, err := range []error{errNamespace, errOperation, errReserved} {
		if !errors.Is(err, core.ErrInvalidInput) {
			t.Errorf("%v is not invalid input", err)
		}
	}
}

func TestTheLongestKey(t *testing.T) {
	long := strings.Repeat("a", MaxSegmentSize)
	got, err := Key(long, long, "any")
	if err != nil || len(got) != MaxKeySize || MaxKeySize != 194 {
		t.Errorf("%d bytes, %v; MaxKeySize is %d", len(got), err, MaxKeySize)
	}
}
