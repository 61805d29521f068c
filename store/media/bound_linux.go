package media

import "golang.org/x/sys/unix"

// bound holds a program to what one film may cost: it goes last, and ends where it
// takes too much. The machine's own limits stand behind it.
func bound(pid int) {
	_ = unix.Setpriority(unix.PRIO_PROCESS, pid, 15)
	for resource, most := range map[int]uint64{
		unix.RLIMIT_AS: 1 << 30, unix.RLIMIT_CPU: 120, unix.RLIMIT_FSIZE: 2 * OwnerFilm, unix.RLIMIT_CORE: 0,
	} {
		_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil) // one that has ended needs no limit
	}
}
