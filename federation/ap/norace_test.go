//go:build !race

package ap

const slowness = 1
