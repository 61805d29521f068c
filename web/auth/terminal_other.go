//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package auth

import "os"

// silence knows no terminals here: the password comes from a file.
func silence(*os.File) (restore func(), err error) { return nil, errNoTerminal }
