//go:build !amd64 || purego

package lz4block

const haveAssembly = false

func encodeAssembly(dst, src []byte) int { return encodePortable(dst, src) }

func decode(dst, src []byte) (int, error) { return decodePortable(dst, src) }

func (t *tables) search(src []byte, s *search, stop int) { t.searchPortable(src, s, stop) }
