package document

import (
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/limits"
)

// Why an input is refused. All of them are codes.InvalidInput with a reason
// that quotes nothing of the input. Where it was found is added by codes.At, so compare
// with errors.Is.
var (
	ErrNamespace = codes.InvalidInput.Because(`the namespace does not match [a-z0-9][a-z0-9._-]{0,63} without ".."`)
	ErrOperation = codes.InvalidInput.Because(`the operation does not match [a-z0-9][a-z0-9._-]{0,63} without ".."`)
	ErrReserved  = codes.InvalidInput.Because(`the namespaces "ns" and "nsapi" are reserved`)
	ErrNotArray  = codes.InvalidInput.Because("arguments must be one MessagePack array")

	ErrMalformed = codes.InvalidInput.Because("malformed MessagePack, or cut short")
	ErrOverclaim = codes.InvalidInput.Because("MessagePack claims more content than there is")
	ErrTrailing  = codes.InvalidInput.Because("bytes after the MessagePack document")
	ErrFrame     = codes.InvalidInput.Because("an entry in the private frame of the Python SDK (CK 03), not an interop value; its writer does not use interop mode")

	ErrTooDeep   = codes.InvalidInput.Because("nested deeper than %d levels", limits.MaxNesting)
	ErrExtension = codes.InvalidInput.Because("extension types have no canonical form")
	ErrMapKey    = codes.InvalidInput.Because("map keys must be strings")
	ErrDuplicate = codes.InvalidInput.Because("the same map key twice")
	ErrUTF8      = codes.InvalidInput.Because("a string is not valid UTF-8")
	ErrNotFinite = codes.InvalidInput.Because("NaN and infinities have no canonical form")
)
