package core_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// The numbers and names that C programs are compiled against. A new
// code needs no row here before it is released.
var pinned = []struct {
	code     codes.Code
	number   uint32
	name     string
	sentinel error // nil for a code that arises only at the C boundary
}{
	{codes.OK, 0, "CACHEKIT_OK", nil},
	{codes.InvalidInput, 1, "CACHEKIT_INVALID_INPUT", core.ErrInvalidInput},
	{codes.ChecksumMismatch, 2, "CACHEKIT_CHECKSUM_MISMATCH", core.ErrChecksumMismatch},
	{codes.DecompressionFailed, 3, "CACHEKIT_DECOMPRESSION_FAILED", core.ErrDecompressionFailed},
	{codes.DecryptionFailed, 4, "CACHEKIT_DECRYPTION_FAILED", core.ErrDecryptionFailed},
	{codes.RotationNeeded, 5, "CACHEKIT_ROTATION_NEEDED", nil},
	{codes.CounterExhausted, 6, "CACHEKIT_COUNTER_EXHAUSTED", core.ErrCounterExhausted},
	{codes.InvalidKeyLength, 7, "CACHEKIT_INVALID_KEY_LENGTH", core.ErrInvalidKeyLength},
	{codes.BufferTooSmall, 8, "CACHEKIT_BUFFER_TOO_SMALL", core.ErrBufferTooSmall},
	{codes.NullPointer, 9, "CACHEKIT_NULL_POINTER", nil},
	{codes.InputTooLarge, 10, "CACHEKIT_INPUT_TOO_LARGE", core.ErrInputTooLarge},
	{codes.DecompressionBomb, 11, "CACHEKIT_DECOMPRESSION_BOMB", core.ErrDecompressionBomb},
	{codes.SizeValidationFailed, 12, "CACHEKIT_SIZE_VALIDATION_FAILED", core.ErrSizeValidationFailed},
	{codes.RNGFailure, 13, "CACHEKIT_RNG_FAILURE", core.ErrRNGFailure},
	{codes.DomainTooLong, 14, "CACHEKIT_DOMAIN_TOO_LONG", core.ErrDomainTooLong},
	{codes.SaltTooLong, 15, "CACHEKIT_SALT_TOO_LONG", core.ErrSaltTooLong},
	{codes.InvalidHandle, 16, "CACHEKIT_INVALID_HANDLE", core.ErrInvalidHandle},
	{codes.OutOfMemory, 17, "CACHEKIT_OUT_OF_MEMORY", nil},
	{codes.Forked, 18, "CACHEKIT_FORKED", nil},
	{codes.Internal, 19, "CACHEKIT_INTERNAL", nil},
}

func TestCodesArePinned(t *testing.T) {
	all := codes.All()
	if len(all) < len(pinned) {
		t.Fatalf("%d codes, want the %d that are pinned, and any after them", len(all), len(pinned))
	}
	for i, p := range pinned {
		if uint32(p.code) != p.number || all[i] != codes.Code(p.number) || all[i].Name() != p.name {
			t.Errorf("%s was %d and is %d; %d is %s now", p.name, p.number, p.code, i, all[i].Name())
		}
		if (p.sentinel != nil) != (p.code.Row().Go != "") {
			t.Errorf("%s is %q in Go, want %v", p.name, p.code.Row().Go, p.sentinel)
		}
	}
}

func TestUnknownCodesHaveTexts(t *testing.T) {
	next := codes.Code(len(codes.All()))
	for _, c := range []codes.Code{next, next + 1, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32} {
		if c.Text() != "unknown error" || c.Name() != "CACHEKIT_UNKNOWN" {
			t.Errorf("code %d: %q %q", c, c.Text(), c.Name())
		}
	}
}

func TestSentinelsMapToCodesAndBack(t *testing.T) {
	if codes.Of(nil) != codes.OK {
		t.Error("nil is not OK")
	}
	for _, p := range pinned {
		if p.sentinel == nil {
			continue
		}
		wrapped := fmt.Errorf("store %q: %w", "key", fmt.Errorf("again: %w", p.sentinel))
		for _, err := range []error{p.sentinel, wrapped, errors.Join(io.EOF, p.sentinel)} {
			if codes.Of(err) != p.code {
				t.Errorf("CodeOf(%q) = %v, want %v", err, codes.Of(err), p.code)
			}
			for _, other := range pinned {
				if other.sentinel != nil && errors.Is(err, other.sentinel) != (other.code == p.code) {
					t.Errorf("errors.Is(%q, %q) = %t", err, other.sentinel, errors.Is(err, other.sentinel))
				}
			}
		}
		if text := p.sentinel.Error(); text != "cachekit: "+p.code.Text() {
			t.Errorf("%s: text %q", p.name, text)
		}
	}
	for _, foreign := range []error{io.EOF, errors.New(core.ErrInvalidInput.Error())} {
		if codes.Of(foreign) != codes.Internal {
			t.Errorf("CodeOf(%q) = %v, want internal", foreign, codes.Of(foreign))
		}
	}
}
