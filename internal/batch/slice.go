package batch

import "unsafe"

// Item is one of a Go program's; core.Item says what the fields are.
type Item struct {
	CacheKey, In, Out []byte
	KeyIndex          int
	Err               error
}

// Slice are the items of a Go program. It forgets what an earlier call left in them.
type Slice []Item

// Of is a slice of another type with the fields of Item, which the caller's conversion
// of one to the other proves to the compiler. So they lie in memory alike.
func Of[T any](items []T) Slice {
	s := Slice(unsafe.Slice((*Item)(unsafe.Pointer(unsafe.SliceData(items))), len(items)))
	for i := range s {
		s[i].Out, s[i].KeyIndex, s[i].Err = nil, 0, nil
	}
	return s
}

func (s Slice) Len() int                    { return len(s) }
func (s Slice) Input(i int) ([]byte, error) { return s[i].In, s[i].Err }
func (s Slice) CacheKey(i int) []byte       { return s[i].CacheKey }
func (s Slice) Opened(i, keyIndex int)      { s[i].KeyIndex = keyIndex }
func (s Slice) Warned(int)                  {}

// Done is that of Items.
func (s Slice) Done(i int, out []byte, err error) {
	s[i].Out, s[i].Err = out, err
	if err != nil {
		s[i].KeyIndex = 0
	}
}

// MoveTo says that the results of a Run lie in other memory now.
func (s Slice) MoveTo(results []byte) {
	at := 0
	for i := range s {
		if s[i].Err == nil {
			n := len(s[i].Out)
			s[i].Out = results[at : at+n : at+n]
			at = min(Add(at, n), len(results))
		}
	}
}
