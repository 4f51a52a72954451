// Package interop reads and writes cache entries that programs in other
// languages share: the interop mode of the cachekit SDKs. A key names an
// operation and its arguments, a value is one plain MessagePack document, and
// both have one canonical form, so that every language arrives at the same
// bytes:
//
//	key, err := interop.Key("users", "get_user", 42)
//	value, err := interop.Value(map[string]any{"name": "alice", "age": 30})
//
// are what the Python function
//
//	@cache(interop="get_user", namespace="users")
//	def get_user(user_id): ...
//
// looks for and stores. Encrypted entries are made of such a key and value by
// encryption.TenantKeyring.SealInterop, and read by OpenInterop.
//
// # Values and arguments
//
// Both are made of nil, booleans, integers from -2^63 to 2^64-1, finite
// floats, strings of valid UTF-8, bytes, arrays, and maps with string keys.
// Canonical form takes the shortest form of every header and integer, float64
// for every float, and sorts map keys by their bytes.
//
// Arguments, from which keys are made, may also be sets, times and UUIDs, and
// equal numbers are the same argument: 2.0 counts as 2. Values keep their
// floats.
//
// # Untrusted bytes
//
// Readers accept more than writers produce: any well-formed document, but
// only one, nested at most [core.MaxNesting] deep, and never one that claims
// more content than its length can hold. [Check] tells, without allocating;
// every function that takes a document checks first. Documents over
// [core.MaxPayloadSize] bytes are refused with [core.ErrInputTooLarge].
//
// Every function is safe for concurrent use.
package interop
