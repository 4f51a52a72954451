package aesgcm

import "github.com/cachekit-go/cachekit-core/internal/setting"

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

// limit is the value of CACHEKIT_AES. A path that the CPU lacks is a known one.
var limit, warning = setting.Read("CACHEKIT_AES", pathNames[stdlib:]...)

// active is the path of new keys. It never changes, except in tests.
var active = choose(detect(), limit, path.selfTest)

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
