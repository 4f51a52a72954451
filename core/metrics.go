package core

// OperationMetrics counts one kind of operation over the life of its owner.
//
// Counts are exact. Time is taken for every input of 64 KiB and more and for
// a sample of the smaller ones, since two readings of the clock cost more than
// a small operation; TimedOperations says how many were.
type OperationMetrics struct {
	Operations      uint64 // all calls, failed ones included, except those that returned ErrBufferTooSmall
	Errors          uint64 // those that failed
	BytesIn         uint64 // taken in by the calls that succeeded
	BytesOut        uint64 // given out by the calls that succeeded
	TimedOperations uint64 // successful calls that were timed
	TotalNS         uint64 // time of the timed calls together, in nanoseconds
	LastNS          uint64 // time of the last timed call, in nanoseconds
}

// Metrics is a snapshot of what a ByteStorage, an Encryptor or a Keyring has
// done. It holds numbers only, never a byte of data or of a key.
type Metrics struct {
	Store, Retrieve  OperationMetrics
	Encrypt, Decrypt OperationMetrics

	// LastCompressionRatio is payload size / envelope size of the last store,
	// 0 before the first. With several threads it is one of the last.
	LastCompressionRatio float64

	// HardwareAccelerated tells whether encryption uses the CPU's AES
	// instructions. A ByteStorage cannot know, as this package pulls in no
	// cryptography: its Metrics say false, and encryption.HardwareAccelerated
	// tells.
	HardwareAccelerated bool
}
