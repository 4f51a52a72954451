// Package sizes is the one list of the numbers that package lz4block, the
// generator of its assembly and its tests have to agree on: the sizes of tables,
// those at which an encoder or a decoder changes its ways, and how far either
// reads and writes ahead.
//
// After a change here run "make generate". The assembly has these numbers in
// its instructions, and the sizes of its tables in the types of its functions,
// so that before that a table of another size does not compile. A change here
// needs none elsewhere: the tests go through the sizes on both sides of Encoder
// and Decoder.
package sizes

// What the format of a block demands of encoders.
const (
	MatchRoom    = 12 // a match starts at least so many bytes before the end of the input
	LastLiterals = 5  // and ends at least so many before it
)

// Tables of the encoder in assembly, for inputs of up to Max bytes, with
// 1 << Bits entries. The smaller the input, the smaller the table, whose
// clearing takes most of the time then.
//
// Inputs up to Hash4Max take the hash of 4 bytes, which finds more in little
// data. That of 5 bytes, used beyond, is faster by a sixth; on JSON it costs
// 0.3 % at 4 KiB and gains 2 % at 16 KiB. From Hash6Min it is that of 6 bytes,
// which misses short matches and so finds longer ones: faster by up to a
// tenth, at the same ratio only with a table twice as large.
const (
	TinyMax   = 128
	TinyBits  = 8
	SmallMax  = 256
	SmallBits = 10
	ShortMax  = 1 << 10
	ShortBits = 11

	// From here on tables come from a pool.
	MediumMax  = 2 << 10
	MediumBits = 12
	Hash4Max   = 3 << 10
	Hash4Bits  = 13
	Hash5Bits  = 13
	Hash6Min   = 40 << 10
	Hash6Bits  = 14

	// Entries are positions. Up to here they have two bytes, beyond it four.
	Entry16Max = 64 << 10
	LargeBits  = 12

	// PooledBits are those of the largest table with entries of two bytes.
	PooledBits = max(MediumBits, Hash4Bits, Hash5Bits, Hash6Bits)
)

// Searches of the encoder in assembly.
const (
	// Ahead is how many positions behind the one at hand a search looks at. With
	// entries of four bytes it looks as far beyond where it is told to stop.
	Ahead       = 2
	MatchRoom32 = MatchRoom + Ahead

	// FastMin is the size from which an input is worth the start of the fast
	// search.
	FastMin = 512

	// More literals than MaxRun before a match, and Go writes the sequence, in
	// parts between which it can be preempted. A match longer than MaxCopy is
	// written as two.
	MaxRun  = 256 << 10
	MaxCopy = 1 << 20
)

// The search of levels 2 to 9. It keeps positions in rows: of all with the same
// hash, the last RowEntries. A row has a tag of 8 bits for each, which are further
// bits of the hash, so that most of the positions that share a row by chance are
// never looked at. The first place among the tags says which of the others is the
// newest.
const (
	RowSize    = 16
	RowEntries = RowSize - 1
	// Of the largest tables: 15 entries a row for 64 KiB, and twice as many.
	WordBits = 12
	LongBits = WordBits + 1
	// A table has one row for each 1 << BitsLess bytes of the input, and at least
	// 1 << MinBits.
	BitsLess = 3
	MinBits  = 4
	// TagsSize is how many bytes of a table are tags, TableSize how many it takes.
	WordTagsSize  = RowSize << WordBits
	WordTableSize = 3 * WordTagsSize
	LongTagsSize  = RowSize << LongBits
	LongTableSize = 3 * LongTagsSize

	// Sizes up to which levels search in other ways than beyond. See methods.
	LevelsTiny  = 2 << 10
	LevelsSmall = 16 << 10
	LevelsNear  = 64 << 10

	// Records is how many matches are found before the best way through them is
	// looked for. RecordSize is what one takes, in bytes.
	Records    = 1021 // one may be added to these
	RecordSize = 16

	// Lookback is how far back from where it was found a match can start.
	Lookback = 64
	// LongEnough is the length of a match for which no better one is looked for.
	LongEnough = 128
	// MaxMeasure is how much of a match, from where it was found, the search
	// measures. The rest is measured when the match is written.
	MaxMeasure = 64 << 10
	// Without a match the step grows by one every 1 << StepLog bytes, up to MaxStep.
	StepLog = 8
	MaxStep = 32

	// SearchStep is how many bytes are searched, or put into tables, between two
	// points where the goroutine can be preempted: less than a millisecond.
	SearchStep = 4 << 10
)

// Lengths that the decoder in assembly leaves to Go, which copies with memmove
// and in parts between which it can be preempted. Long runs of extension bytes
// are left to it for the same reason.
const (
	MaxLiterals = 2 << 10
	MaxMatch    = 2 << 10
	MaxFar      = 256 // for offsets from 32
)

// Assembly cannot be preempted: a garbage collection would wait for the end
// of the call. So long work is cut into calls of about 0.1 ms, in which so many
// bytes are encoded, or decoded.
const (
	EncodeStep = 64 << 10
	DecodeStep = 512 << 10
)

// Go code that calls nothing, or only the runtime's copy, cannot be preempted
// either.
const (
	// PieceSize is how much github.com/pierrec/lz4 encodes in one call. It takes
	// some milliseconds.
	PieceSize = 1 << 20
	// PortableStep is how many bytes the decoder in Go writes between two points
	// where it can be preempted: some milliseconds at most.
	PortableStep = 1 << 20
	// CopyStep is how much is copied at once.
	CopyStep = 256 << 10
	// RepeatStep is how much of a match that repeats itself is copied at once: as
	// much as the first-level cache holds.
	RepeatStep = 16 << 10
)

// How far beyond the end of its work an encoder or a decoder may write.
const (
	Slack       = 64 // Encode, beyond the block
	DecodeSlack = 64 // Decode, beyond what it has decoded
	// InPlaceRoom is what a buffer needs for decoding in place, beyond the size of
	// the data and one byte for each 255 of the block. See InPlaceMargin.
	InPlaceRoom = 96
)

// What decodeBlock, the decoder in assembly, reports.
const (
	Done         = iota // the block ended
	Paused              // op passed stop; ip is at a token
	LongLiterals        // ip is at a token whose literals are for Go to copy
	LongMatch           // ip is at the offset of a match, nibble 15, for Go to copy
	Malformed
)

// What has to hold between these numbers. A difference below zero does not
// compile. The generator has more of these, where it relies on them.
const (
	_ uint = MatchRoom - 12   // by the format
	_ uint = LastLiterals - 5 // by the format
	// In the smallest input with a match, the last position from which eight bytes
	// may be compared is not negative.
	_ uint = MatchRoom + 1 - LastLiterals - 8
	_ uint = SmallMax - TinyMax
	_ uint = ShortMax - SmallMax
	_ uint = MediumMax - ShortMax
	_ uint = Hash4Max - MediumMax
	_ uint = Hash6Min - 1 - Hash4Max
	_ uint = Entry16Max - Hash6Min
	_ uint = 1<<16 - Entry16Max // a position fits into two bytes
	_ uint = min(TinyBits, SmallBits, ShortBits, MediumBits, Hash4Bits) - 1
)

// Encoder returns the sizes of inputs at which an encoder changes its ways, for
// tests to go through those on both sides.
func Encoder() []int {
	return []int{MatchRoom, TinyMax, SmallMax, FastMin, ShortMax, MediumMax, Hash4Max, Hash6Min, Entry16Max,
		2 * EncodeStep, MaxRun}
}

// Levels returns the sizes of inputs at which levels 2 to 9 change their ways.
func Levels() []int {
	return []int{MatchRoom, 1 << (MinBits + BitsLess), LevelsTiny, LevelsSmall, 1 << (WordBits + BitsLess), LevelsNear,
		MaxMeasure + 2*SearchStep}
}

// Decoder returns the lengths of literals and matches at which a decoder changes
// its ways.
func Decoder() []int {
	return []int{MaxFar, MaxLiterals, MaxMatch, RepeatStep, CopyStep}
}
