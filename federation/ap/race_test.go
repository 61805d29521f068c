//go:build race

package ap

// slowness is how much longer the race detector lets the code run.
const slowness = 20
