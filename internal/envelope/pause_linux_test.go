package envelope

import (
	"bytes"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/limits"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/pausetest"
)

// TestPauses stops the world again and again while each function works on hundreds of
// MiB. Those that the public packages have too are tested there.
func TestPauses(t *testing.T) {
	if !pausetest.Alone(t, "", "CACHEKIT_LZ4=portable") {
		return
	}
	// Half of it does not compress, so that the envelope is large, and moves far.
	data := bytes.Repeat(append(random(1<<19), make([]byte, 1<<19)...), 400)
	var envelope []byte
	pausetest.Run(t, "encode and fit", func() error {
		to := memory.Fitting()
		made, err := Encode(&to, data, limits.DefaultFormat)
		envelope = to.Fit(made)
		return err
	})
	tight := make([]byte, len(envelope))
	pausetest.Run(t, "encode tight", func() error {
		_, err := EncodeTight(tight, memory.Make, data, limits.DefaultFormat)
		return err
	})
	if !bytes.Equal(tight, envelope) {
		t.Error("not the same envelope")
	}
	e, err := Inspect(envelope)
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, e.InPlaceSize())
	pausetest.Run(t, "decode in place", func() error {
		memory.Copy(buffer[:len(envelope)], envelope)
		payload, err := DecodeInPlace(buffer, len(envelope))
		if err == nil && memory.Compare(payload, data) != 0 {
			t.Error("other bytes came back")
		}
		return err
	})
	pausetest.Run(t, "decode what is damaged in place", func() error {
		memory.Copy(buffer[:len(envelope)], envelope)
		buffer[len(envelope)-1] = 0xff
		if _, err := DecodeInPlace(buffer, len(envelope)); err == nil {
			t.Error("decoded what is no envelope")
		}
		return nil
	})
	pausetest.Run(t, "validate", func() error { return Default.Validate(memory.Make, envelope) })
}
