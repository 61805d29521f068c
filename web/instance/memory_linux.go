package instance

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// dropCode takes the program's own code and constants out of memory, most of
// which only the start needed; what is used comes back from the system's file
// cache page by page. Only read-only mappings of the program file are touched:
// nothing is lost with them.
func dropCode() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return // no /proc: it stays as it is
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uintptr
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); err != nil {
			continue
		}
		if strings.HasSuffix(lines.Text(), " "+exe) && (rights == "r-xp" || rights == "r--p") {
			// A refusal leaves the pages where they are.
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}
