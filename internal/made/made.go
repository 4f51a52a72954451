// Package made tells a value that its constructor made from a zero value and from
// a copy, which must not be used: two zero values would give out the same nonces,
// and so would two copies.
package made

// Mark is a field of such a type. It holds its own address, so that it is good
// only where it was set.
type Mark struct{ self *Mark }

// Set is for the constructor, once the value is where it stays.
func (m *Mark) Set() { m.self = m }

// OK tells whether Set was called on this very mark.
func (m *Mark) OK() bool { return m.self == m }
