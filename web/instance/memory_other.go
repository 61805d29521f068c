//go:build !linux

package instance

// dropCode is for Linux, where small machines run.
func dropCode() {}
