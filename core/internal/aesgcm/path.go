package aesgcm

import "os"

// path is an implementation. A higher one is faster.
type path uint8

const (
	_ path = iota // no key, in a Key
	stdlib
	avx2
	avx512
)

var pathNames = [...]string{stdlib: "stdlib", avx2: "avx2", avx512: "avx512"}

func (p path) String() string { return pathNames[p] }

// active is the path of new keys. It never changes, except in tests.
var active = choose(detect(), os.Getenv("CACHEKIT_AES"), path.selfTest)

// choose returns the highest path that is not above best nor above the one named
// by limit and that works. The standard library is taken at its word.
func choose(best path, limit string, works func(path) bool) path {
	for p, name := range pathNames {
		if name == limit && limit != "" {
			best = min(best, path(p))
		}
	}
	for best > stdlib && !works(best) {
		best--
	}
	return best
}
