package document

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/documenttest"
	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
)

// The published key of get_user(42), however wide the number is written.
func TestKnownAnswer(t *testing.T) {
	const want = "users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875"
	for _, args := range []string{"\x91\x2a", "\xdc\x00\x01\xd3\x00\x00\x00\x00\x00\x00\x00\x2a", "\x91\xca\x42\x28\x00\x00"} {
		got, err := AppendKeyFromMsgpack([]byte("before "), memory.Make, "users", "get_user", []byte(args))
		if err != nil || string(got) != "before "+want {
			t.Errorf("from % x: %q, %v", args, got, err)
		}
	}
	sum := Sum256([]byte("\x91\x2a"))
	if got := AppendKey([]byte("before "), "users", "get_user", sum); string(got) != "before "+want {
		t.Errorf("from the digest: %q", got)
	}
}

func TestEqualArgumentsHaveEqualKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 13))
	for i := range 500 {
		args := documenttest.Canonical([]any{documenttest.Value(rng, 3), documenttest.Value(rng, 3)})
		want, err := keyOf(args)
		if err != nil {
			t.Fatalf("%d: %x: %v", i, args, err)
		}
		for range 3 {
			loose := documenttest.LoosenArguments(rng, args)
			if got, err := keyOf(loose); err != nil || got != want {
				t.Fatalf("%d: from %x: %q, %v; want %q", i, loose, got, err, want)
			}
		}
	}
}

func TestKeyArgumentsAreOneArray(t *testing.T) {
	for _, args := range []string{"\x80", "\x2a", "\xa1a", "\xc0", "\xc4\x00"} {
		if got, err := keyOf([]byte(args)); got != "" || !errors.Is(err, ErrNotArray) {
			t.Errorf("% x: %q, %v", args, got, err)
		}
	}
}

func TestSegments(t *testing.T) {
	long := strings.Repeat("a", limits.MaxSegmentSize)
	for _, good := range []string{"a", "0", long, "9-lives_", "app.", "a.b.c", "a-", "a_", "nsx", "nsapix", "ns.", "ns-api"} {
		if err := CheckSegments(good, "op"); err != nil {
			t.Errorf("namespace %q: %v", good, err)
		}
		if err := CheckSegments("t", good); err != nil {
			t.Errorf("operation %q: %v", good, err)
		}
	}
	for _, reserved := range []string{"ns", "nsapi"} {
		if err := CheckSegments("t", reserved); err != nil {
			t.Errorf("operation %q: %v", reserved, err)
		}
		if err := CheckSegments(reserved, "op"); !errors.Is(err, ErrReserved) {
			t.Errorf("namespace %q: %v", reserved, err)
		}
	}
	for _, bad := range []string{
		"", long + "a", "users\n", "\nusers", "users\x00", "Users", "getUser", "users:v2", "users/v2", "get user",
		"..", "a..b", "x..", "a...", ".users", "-users", "_users", "users٣", "café", "ｇｅｔ", "\xff", "a{b", "a`", "a/", "a:",
	} {
		if err := CheckSegments(bad, "op"); !errors.Is(err, ErrNamespace) {
			t.Errorf("namespace %q: %v", bad, err)
		}
		if err := CheckSegments("t", bad); !errors.Is(err, ErrOperation) {
			t.Errorf("operation %q: %v", bad, err)
		}
		// A wrong name is found before the arguments are looked at.
		if got, err := AppendKeyFromMsgpack(nil, nil, "t", bad, []byte{0xc1}); got != nil || !errors.Is(err, ErrOperation) {
			t.Errorf("operation %q of a key: %q, %v", bad, got, err)
		}
	}
}

func TestTheLongestKey(t *testing.T) {
	long := strings.Repeat("a", limits.MaxSegmentSize)
	got, err := AppendKeyFromMsgpack(nil, memory.Make, long, long, []byte{0x90})
	if err != nil || len(got) != limits.MaxInteropKeySize {
		t.Errorf("%d bytes, %v; MaxInteropKeySize is %d", len(got), err, limits.MaxInteropKeySize)
	}
}

// The reasons for a refusal are all invalid input, and no two are the same.
func TestReasonsAreInvalidInput(t *testing.T) {
	reasons := []error{ErrNamespace, ErrOperation, ErrReserved, ErrNotArray, ErrMalformed, ErrOverclaim, ErrTrailing, ErrFrame,
		ErrTooDeep, ErrExtension, ErrMapKey, ErrDuplicate, ErrUTF8, ErrNotFinite}
	var texts []string
	for _, err := range reasons {
		if codes.Of(err) != codes.InvalidInput {
			t.Errorf("%v is not invalid input", err)
		}
		texts = append(texts, err.Error())
	}
	slices.Sort(texts)
	if n := len(slices.Compact(texts)); n != len(reasons) {
		t.Errorf("%d reasons have %d texts", len(reasons), n)
	}
}

// In one call of BLAKE2b or in parts.
func TestSum256(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 129, 1 << 20, 1<<20 + 1, 5 << 20} {
		b := bytes.Repeat([]byte("0123456789a"), n/11+1)[:n]
		if got, want := Sum256(b), blake2b.Sum256(b); got != want {
			t.Errorf("%d bytes: %x, want %x", n, got, want)
		}
	}
}
