//go:build race

package federation_test

// slowness is how much longer the race detector lets the code run.
const slowness = 20
