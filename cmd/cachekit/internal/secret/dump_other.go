//go:build !unix

package secret

// noCoreDump does nothing: there are no core files here.
func noCoreDump() error { return nil }
