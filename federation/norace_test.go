//go:build !race

package federation_test

const slowness = 1
