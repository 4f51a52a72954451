package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
)

// What any level writes is read by our reader and by the plain one, and is the same
// each time. No level makes any of these longer than the lowest does.
func TestLevels(t *testing.T) {
	for _, kind := range payloadKinds {
		for _, n := range []int{0, 1, 13, 100, 1000, 5000, 70000} {
			data, fast := kind.make(n), 0
			for level := core.DefaultLevel; level <= core.MaxLevel; level++ {
				name := fmt.Sprintf("%s of %d at level %d", kind.name, n, level)
				s := core.NewByteStorage(core.DefaultFormat)
				if err := s.SetLevel(level); err != nil {
					t.Fatal(err)
				}
				envelope, err := s.Store(data)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if again, _ := s.Store(data); !bytes.Equal(again, envelope) {
					t.Errorf("%s: the second envelope differs", name)
				}
				if got, err := s.Retrieve(envelope); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s: %d bytes come back, %v", name, len(got), err)
				}
				if plain, must, err := referenceRetrieve(envelope); err != nil || !must || !bytes.Equal(plain, data) {
					t.Errorf("%s: the plain reader gives %d bytes, %v", name, len(plain), err)
				}
				if fast == 0 {
					fast = len(envelope)
				}
				if len(envelope) > fast {
					t.Errorf("%s: %d bytes, and %d at the lowest", name, len(envelope), fast)
				}
			}
		}
	}
}

func TestSettingsThatAreRefusedChangeNothing(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	data := bytes.Repeat([]byte("a cache entry, and "), 1000)
	before, err := s.Store(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range []int{math.MinInt, -1, 0, core.MaxLevel + 1, math.MaxInt, 1<<(strconv.IntSize/2) + 5} {
		if err := s.SetLevel(level); !errors.Is(err, core.ErrInvalidInput) {
			t.Errorf("level %d: %v", level, err)
		}
	}
	for _, size := range []int{math.MinInt, -1, 0, core.MaxPayloadSize + 1, math.MaxInt} {
		if err := s.SetMaxPayload(size); !errors.Is(err, core.ErrInvalidInput) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if after, err := s.Store(data); err != nil || !bytes.Equal(before, after) {
		t.Errorf("%d bytes, %v, are other than before", len(after), err)
	}
	var zero core.ByteStorage
	if err := zero.SetLevel(3); !errors.Is(err, core.ErrInvalidHandle) {
		t.Errorf("SetLevel of a zero value: %v", err)
	}
	if err := zero.SetMaxPayload(3); !errors.Is(err, core.ErrInvalidHandle) {
		t.Errorf("SetMaxPayload of a zero value: %v", err)
	}
}

func TestMaxPayload(t *testing.T) {
	const most = 3000
	limited, other := core.NewByteStorage(core.DefaultFormat), core.NewByteStorage(core.DefaultFormat)
	if err := limited.SetMaxPayload(most); err != nil {
		t.Fatal(err)
	}
	for _, kind := range payloadKinds {
		for _, n := range []int{0, most, most + 1, 10 * most} {
			var want error
			if n > most {
				want = core.ErrInputTooLarge
			}
			data := kind.make(n)
			envelope, err := other.Store(data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := limited.Retrieve(envelope)
			_, storeErr := limited.Store(data)
			_, ratioErr := limited.EstimateCompression(data)
			for what, err := range map[string]error{
				"Retrieve": err, "Store": storeErr, "EstimateCompression": ratioErr, "Validate": limited.Validate(envelope),
			} {
				if !errors.Is(err, want) {
					t.Errorf("%s, %s of %d: %v, want %v", what, kind.name, n, err, want)
				}
			}
			if want == nil && !bytes.Equal(got, data) {
				t.Errorf("%s of %d: %d bytes come back", kind.name, n, len(got))
			}
			if want != nil && !core.IsMiss(err) {
				t.Errorf("%s of %d: what is above the limit is no miss", kind.name, n)
			}
		}
	}
}

// Settings change under calls, each of which takes the one or the other.
func TestSettingsWhileCallsRun(t *testing.T) {
	s := core.NewByteStorage(core.DefaultFormat)
	data := bytes.Repeat([]byte("a cache entry, and "), 200)
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for i := range 500 {
				if err := s.SetLevel(core.DefaultLevel + i%core.MaxLevel); err != nil {
					t.Error(err)
				}
				if err := s.SetMaxPayload(len(data) - i%2); err != nil {
					t.Error(err)
				}
				envelope, err := s.Store(data)
				if err != nil {
					if !errors.Is(err, core.ErrInputTooLarge) {
						t.Error(err)
					}
					continue
				}
				if got, err := s.Retrieve(envelope); err == nil && !bytes.Equal(got, data) {
					t.Error("other bytes come back")
				}
			}
		})
	}
	calls.Wait()
}
