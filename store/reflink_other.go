//go:build !linux

package store

import (
	"errors"
	"os"
)

// reflink is used on Linux alone.
func reflink(_, _ *os.File) error { return errors.ErrUnsupported }
