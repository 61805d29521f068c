package command

import (
	"errors"
	"io/fs"
	"net"
	"syscall"

	"dassie/store"
	"dassie/web/reply"
)

// Explain is an error as one plain sentence that says what to do.
func Explain(err error) string {
	var said *reply.Error
	var door *net.OpError
	switch {
	case errors.As(err, &said):
		return said.Message
	case errors.Is(err, store.ErrLocked):
		return err.Error() + "; stop that one, or give this one a -data directory of its own"
	case errors.Is(err, store.ErrNoAccount):
		return "there is no account in this data directory yet; make one with dassie init or dassie serve, or name the right directory with -data"
	case errors.Is(err, store.ErrNotBackup):
		return err.Error() + "; nothing was written: take another backup"
	case errors.Is(err, store.ErrNewer):
		return err.Error() // it says what to install
	case errors.Is(err, store.ErrBroken):
		return err.Error() + "; nothing was changed: restore a backup, or give another -data directory"
	case errors.Is(err, syscall.EADDRINUSE):
		return err.Error() + "; stop the program that uses the port, or choose another with -listen"
	case errors.Is(err, syscall.ENOSPC), store.IsFull(err):
		return err.Error() + "; make room on the disk"
	case errors.As(err, &door) && errors.Is(err, fs.ErrPermission):
		return err.Error() + "; ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or root"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return err.Error() + "; give a path that dassie may use"
	}
	return err.Error()
}
