package core_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// The numbers and names that C programs are compiled against.
var pinned = []struct {
	code     core.Code
	number   uint32
	name     string
	sentinel error // nil for a code that arises only at the C boundary
}{
	{core.CodeOK, 0, "CACHEKIT_OK", nil},
	{core.CodeInvalidInput, 1, "CACHEKIT_INVALID_INPUT", core.ErrInvalidInput},
	{core.CodeChecksumMismatch, 2, "CACHEKIT_CHECKSUM_MISMATCH", core.ErrChecksumMismatch},
	{core.CodeDecompressionFailed, 3, "CACHEKIT_DECOMPRESSION_FAILED", core.ErrDecompressionFailed},
	{core.CodeDecryptionFailed, 4, "CACHEKIT_DECRYPTION_FAILED", core.ErrDecryptionFailed},
	{core.CodeRotationNeeded, 5, "CACHEKIT_ROTATION_NEEDED", nil},
	{core.CodeCounterExhausted, 6, "CACHEKIT_COUNTER_EXHAUSTED", core.ErrCounterExhausted},
	{core.CodeInvalidKeyLength, 7, "CACHEKIT_INVALID_KEY_LENGTH", core.ErrInvalidKeyLength},
	{core.CodeBufferTooSmall, 8, "CACHEKIT_BUFFER_TOO_SMALL", core.ErrBufferTooSmall},
	{core.CodeNullPointer, 9, "CACHEKIT_NULL_POINTER", nil},
	{core.CodeInputTooLarge, 10, "CACHEKIT_INPUT_TOO_LARGE", core.ErrInputTooLarge},
	{core.CodeDecompressionBomb, 11, "CACHEKIT_DECOMPRESSION_BOMB", core.ErrDecompressionBomb},
	{core.CodeSizeValidationFailed, 12, "CACHEKIT_SIZE_VALIDATION_FAILED", core.ErrSizeValidationFailed},
	{core.CodeRNGFailure, 13, "CACHEKIT_RNG_FAILURE", core.ErrRNGFailure},
	{core.CodeDomainTooLong, 14, "CACHEKIT_DOMAIN_TOO_LONG", core.ErrDomainTooLong},
	{core.CodeSaltTooLong, 15, "CACHEKIT_SALT_TOO_LONG", core.ErrSaltTooLong},
	{core.CodeInvalidHandle, 16, "CACHEKIT_INVALID_HANDLE", core.ErrInvalidHandle},
	{core.CodeOutOfMemory, 17, "CACHEKIT_OUT_OF_MEMORY", core.ErrOutOfMemory},
	{core.CodeForked, 18, "CACHEKIT_FORKED", nil},
	{core.CodeInternal, 19, "CACHEKIT_INTERNAL", core.ErrInternal},
}

func TestCodesArePinned(t *testing.T) {
	codes := core.Codes()
	if len(codes) != len(pinned) {
		t.Fatalf("%d codes, want %d", len(codes), len(pinned))
	}
	texts := map[string]bool{}
	for i, p := range pinned {
		if codes[i] != p.code || uint32(p.code) != p.number || p.code.Name() != p.name {
			t.Errorf("code %d is %d %s, want %d %s", i, codes[i], p.code.Name(), p.number, p.name)
		}
		if text := p.code.String(); text == "" || texts[text] {
			t.Errorf("%s: text %q is empty or not its own", p.name, text)
		}
		texts[p.code.String()] = true
	}
}

func TestUnknownCodesHaveTexts(t *testing.T) {
	for _, c := range []core.Code{core.CodeInternal + 1, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32} {
		if c.String() != "unknown error" || c.Name() != "CACHEKIT_UNKNOWN" {
			t.Errorf("code %d: %q %q", c, c.String(), c.Name())
		}
	}
}

func TestSentinelsMapToCodesAndBack(t *testing.T) {
	if core.CodeOf(nil) != core.CodeOK {
		t.Error("nil is not CodeOK")
	}
	for _, p := range pinned {
		if p.sentinel == nil {
			continue
		}
		wrapped := fmt.Errorf("store %q: %w", "key", fmt.Errorf("again: %w", p.sentinel))
		for _, err := range []error{p.sentinel, wrapped, errors.Join(io.EOF, p.sentinel)} {
			if core.CodeOf(err) != p.code {
				t.Errorf("CodeOf(%q) = %v, want %v", err, core.CodeOf(err), p.code)
			}
			for _, other := range pinned {
				if other.sentinel != nil && errors.Is(err, other.sentinel) != (other.code == p.code) {
					t.Errorf("errors.Is(%q, %q) = %t", err, other.sentinel, errors.Is(err, other.sentinel))
				}
			}
		}
		if text := p.sentinel.Error(); text != "cachekit: "+p.code.String() {
			t.Errorf("%s: text %q", p.name, text)
		}
	}
	for _, foreign := range []error{io.EOF, errors.New(core.ErrInvalidInput.Error())} {
		if core.CodeOf(foreign) != core.CodeInternal {
			t.Errorf("CodeOf(%q) = %v, want internal", foreign, core.CodeOf(foreign))
		}
	}
}
