//go:build !amd64 || purego

package aesgcm

// There is no kernel, and detect does not offer one.

type schedule struct{ rk noKernel }

type noKernel struct{}

func detect() path { return stdlib }

func (*schedule) expand(path, []byte) { panic("aesgcm: no kernel") }

func (noKernel) seal(path, []byte, []byte, []byte, []byte) { panic("aesgcm: no kernel") }

func (noKernel) open(path, []byte, []byte, []byte, []byte) bool { panic("aesgcm: no kernel") }

func sealOnce(path, []byte, []byte, []byte, []byte, []byte) { panic("aesgcm: no kernel") }

func openOnce(path, []byte, []byte, []byte, []byte, []byte) bool { panic("aesgcm: no kernel") }
