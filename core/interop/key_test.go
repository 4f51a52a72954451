package interop

import "testing"

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
