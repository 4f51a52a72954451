package interop

import (
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// Why a Go value is refused. All of them are core.ErrInvalidInput with a reason that
// quotes nothing of it. What is wrong with a document stands in package document.
var (
	errNumber   = codes.InvalidInput.Because("a json.Number that is not a number in JSON")
	errInteger  = codes.InvalidInput.Because("an integer is outside -2^63 .. 2^64-1")
	errOwnForm  = codes.InvalidInput.Because("bytes of a Go type with a text or JSON form of its own, such as json.RawMessage or net.IP: decode it, or convert it to what it is to be")
	errType     = codes.InvalidInput.Because("a Go type that has no MessagePack form here")
	errTime     = codes.InvalidInput.Because("a time is too far from 1970")
	errUUID     = codes.InvalidInput.Because("not a UUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
	errArgsOnly = codes.InvalidInput.Because("sets, times and UUIDs can be arguments, not values: store them as arrays, strings or numbers")
)

// errTooLarge is the answer to more than a document may hold.
var errTooLarge = codes.InputTooLarge.Because("a document of more than %d bytes", limits.MaxPayloadSize)
