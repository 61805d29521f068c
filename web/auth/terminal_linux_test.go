package auth

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestPasswordFromAFile(t *testing.T) {
	for content, want := range map[string]string{
		"correct horse":                    "correct horse",
		"correct horse\n":                  "correct horse",
		"correct horse\r\n":                "correct horse",
		"correct horse\n\n":                "correct horse\n",
		" correct horse ":                  " correct horse ",
		strings.Repeat("x", 1000) + "\n":   strings.Repeat("x", 1000),
		strings.Repeat("x", 1001) + "\n":   "",
		strings.Repeat("x", 5000):          "",
		"":                                 "",
		"\n":                               "",
		strings.Repeat("x", 1000) + "\r\n": strings.Repeat("x", 1000),
	} {
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadPassword(file, nil, nil)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.20q: %.20q %v", content, got, err)
		}
	}
	if _, err := ReadPassword(filepath.Join(t.TempDir(), "none"), nil, nil); err == nil {
		t.Error("a missing file was read")
	}
}

func TestPasswordWithoutATerminal(t *testing.T) {
	in, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := ReadPassword("", in, os.Stderr); err == nil || !strings.Contains(err.Error(), "-password-file") {
		t.Errorf("%v", err)
	}
}

// terminal is a person at a pseudo-terminal: they type what they are asked for.
func terminal(t *testing.T, typed ...string) (password, shown string, err error) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	defer master.Close()
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	defer slave.Close()
	done := make(chan struct{})
	go func() {
		password, err = ReadPassword("", slave, slave)
		fmt.Fprint(slave, "end: ")
		close(done)
	}()
	screen := bufio.NewReader(master)
	var all strings.Builder
	for _, line := range append(typed, "") {
		for !strings.HasSuffix(all.String(), ": ") {
			c, err := screen.ReadByte()
			if err != nil {
				t.Fatalf("after %q: %v", all.String(), err)
			}
			all.WriteByte(c)
		}
		if strings.HasSuffix(all.String(), "end: ") {
			break
		}
		all.WriteString("|")
		fmt.Fprint(master, line+"\n")
	}
	<-done
	term, e := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if e != nil || term.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal was left without echo (%v)", e)
	}
	return password, all.String(), err
}

func TestPasswordIsAskedTwiceWithoutShowingIt(t *testing.T) {
	password, shown, err := terminal(t, "correct horse", "correct horse")
	if err != nil || password != "correct horse" {
		t.Errorf("%q %v", password, err)
	}
	if strings.Contains(shown, "horse") || !strings.Contains(shown, "Password: ") || !strings.Contains(shown, "Again: ") {
		t.Errorf("shown: %q", shown)
	}
	if _, _, err := terminal(t, "correct horse", "correct house"); err == nil || !strings.Contains(err.Error(), "differ") {
		t.Errorf("two different ones: %v", err)
	}
}
