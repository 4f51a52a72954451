//go:build purego

package aesgcm

// stdlibAccelerated: the tag goes for the standard library as well.
func stdlibAccelerated() bool { return false }
