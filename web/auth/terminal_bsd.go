//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package auth

import "golang.org/x/sys/unix"

const getTermios, setTermios = unix.TIOCGETA, unix.TIOCSETAF
