// Package preempt lets a long loop without calls be preempted. In the C library
// the runtime does not do that by signal, and a loop over hundreds of MiB would
// hold up the garbage collector's stop-the-world, and with it every other thread.
package preempt

// Point is where the goroutine can be preempted. Go looks for that where a
// function makes sure of its stack, in the prologue; one that calls nothing has
// none. It costs some 2 ns: a loop calls it once in a few thousand times.
//
//go:noinline
func Point() { nothing() }

//go:noinline
func nothing() {}
