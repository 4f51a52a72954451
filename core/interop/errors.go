package interop

import (
	"fmt"

	"github.com/cachekit-go/cachekit-core/core"
)

// Why an input is refused. All of them are core.ErrInvalidInput with a reason
// that quotes nothing of the input.
var (
	errNamespace = invalid(`the namespace does not match [a-z0-9][a-z0-9._-]{0,63} without ".."`)
	errOperation = invalid(`the operation does not match [a-z0-9][a-z0-9._-]{0,63} without ".."`)
	errReserved  = invalid(`the namespaces "ns" and "nsapi" are reserved`)
	errNotArray  = invalid("arguments must be one MessagePack array")

	errMalformed = invalid("malformed MessagePack, or cut short")
	errOverclaim = invalid("MessagePack claims more content than there is")
	errTrailing  = invalid("bytes after the MessagePack document")
	errFrame     = invalid("an entry in the private frame of the Python SDK (CK 03), not an interop value; its writer does not use interop mode")

	errTooDeep   = invalid("nested deeper than 100 levels")
	errExtension = invalid("extension types have no canonical form")
	errMapKey    = invalid("map keys must be strings")
	errDuplicate = invalid("the same map key twice")
	errUTF8      = invalid("a string is not valid UTF-8")
	errNotFinite = invalid("NaN and infinities have no canonical form")
	errNumber    = invalid("a json.Number that is not a number in JSON")
	errInteger   = invalid("an integer is outside -2^63 .. 2^64-1")

	errOwnForm  = invalid("bytes of a Go type with a text or JSON form of its own, such as json.RawMessage or net.IP: decode it, or convert it to what it is to be")
	errType     = invalid("a Go type that has no MessagePack form here")
	errTime     = invalid("a time is too far from 1970")
	errUUID     = invalid("not a UUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
	errArgsOnly = invalid("sets, times and UUIDs can be arguments, not values: store them as arrays, strings or numbers")
)

func invalid(reason string) error {
	return fmt.Errorf("%w: %s", core.ErrInvalidInput, reason)
}
