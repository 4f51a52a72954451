// Package core makes cache payloads small and checked: ByteStorage compresses
// bytes with LZ4, protects them with an XXH3-64 checksum and wraps both in an
// envelope that the cachekit libraries of other languages read and write too.
//
// Bytes in, bytes out:
//
//	storage := core.NewByteStorage(core.DefaultFormat)
//	envelope, err := storage.Store(data)
//	data, err = storage.Retrieve(envelope)
//
// The package uses no cryptography and pulls none in. The checksum finds
// accidents, not attackers; import core/encryption for secrecy and
// authenticity.
//
// Every function is safe for concurrent use. What an envelope claims is checked
// against the limits of this package before memory is taken or anything is
// decompressed. Within them a payload may be up to 1000 times as large as its
// envelope: where strangers may write, lower the limit by SetMaxPayload.
//
// StoreMany and RetrieveMany take many payloads in one call, SetLevel chooses between
// speed and size, and Metrics says what a storage has done, which AppendPrometheus
// writes as text.
package core
