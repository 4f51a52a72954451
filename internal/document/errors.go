package document

import (
	"fmt"

	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// Why an input is refused. All of them are codes.InvalidInput with a reason
// that quotes nothing of the input.
var (
	ErrNamespace = Invalid(`the namespace does not match [a-z0-9][a-z0-9._-]{0,63} without ".."`)
	ErrOperation = Invalid(`the operation does not match [a-z0-9][a-z0-9._-]{0,63} without ".."`)
	ErrReserved  = Invalid(`the namespaces "ns" and "nsapi" are reserved`)
	ErrNotArray  = Invalid("arguments must be one MessagePack array")

	ErrMalformed = Invalid("malformed MessagePack, or cut short")
	ErrOverclaim = Invalid("MessagePack claims more content than there is")
	ErrTrailing  = Invalid("bytes after the MessagePack document")
	ErrFrame     = Invalid("an entry in the private frame of the Python SDK (CK 03), not an interop value; its writer does not use interop mode")

	ErrTooDeep   = Invalid("nested deeper than 100 levels")
	ErrExtension = Invalid("extension types have no canonical form")
	ErrMapKey    = Invalid("map keys must be strings")
	ErrDuplicate = Invalid("the same map key twice")
	ErrUTF8      = Invalid("a string is not valid UTF-8")
	ErrNotFinite = Invalid("NaN and infinities have no canonical form")
)

// Invalid is codes.InvalidInput for a reason.
func Invalid(reason string) error {
	return fmt.Errorf("%w: %s", codes.InvalidInput, reason)
}
