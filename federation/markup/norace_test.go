//go:build !race

package markup

const slowness = 1
