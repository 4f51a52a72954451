package interop

import "github.com/cachekit-go/cachekit-core/internal/document"

// Why a Go value is refused. All of them are core.ErrInvalidInput with a reason that
// quotes nothing of it. What is wrong with a document stands in package document.
var (
	errNumber   = document.Invalid("a json.Number that is not a number in JSON")
	errInteger  = document.Invalid("an integer is outside -2^63 .. 2^64-1")
	errOwnForm  = document.Invalid("bytes of a Go type with a text or JSON form of its own, such as json.RawMessage or net.IP: decode it, or convert it to what it is to be")
	errType     = document.Invalid("a Go type that has no MessagePack form here")
	errTime     = document.Invalid("a time is too far from 1970")
	errUUID     = document.Invalid("not a UUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
	errArgsOnly = document.Invalid("sets, times and UUIDs can be arguments, not values: store them as arrays, strings or numbers")
)
