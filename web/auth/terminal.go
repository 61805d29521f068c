package auth

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// errNoTerminal is returned where a password cannot be asked for.
var errNoTerminal = errors.New("there is no terminal to ask for the password on: give it with -password-file FILE")

// ReadPassword reads a password from a file, or asks for it twice on the
// terminal in without showing what is typed; the questions go to out. One
// newline at the end of the file is not part of the password. It does not
// judge the password, only its length of at most MaxPasswordBytes.
func ReadPassword(file string, in *os.File, out io.Writer) (string, error) {
	if file != "" {
		return readPasswordFile(file)
	}
	restore, err := silence(in)
	if err != nil {
		return "", errNoTerminal
	}
	defer restore()

	// Ctrl-C must not leave a terminal behind that shows nothing.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	defer signal.Stop(stop)
	type answer struct {
		password string
		err      error
	}
	done := make(chan answer, 1)
	go func() {
		password, err := askTwice(in, out)
		done <- answer{password, err}
	}()
	select {
	case a := <-done:
		return a.password, a.err
	case <-stop:
		fmt.Fprintln(out)
		return "", errors.New("interrupted; nothing was changed")
	}
}

func readPasswordFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("read the password file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxPasswordBytes+3)) // room for a newline, and to see one byte too many
	if err != nil {
		return "", fmt.Errorf("read the password file: %w", err)
	}
	password := cutNewline(string(b))
	if len(password) > MaxPasswordBytes {
		return "", fmt.Errorf("the password in %s is longer than 1,000 bytes", file)
	}
	if password == "" {
		return "", fmt.Errorf("there is no password in %s", file)
	}
	return password, nil
}

func askTwice(in io.Reader, out io.Writer) (string, error) {
	lines := bufio.NewReaderSize(in, MaxPasswordBytes+2)
	ask := func(question string) (string, error) {
		fmt.Fprint(out, question)
		line, err := lines.ReadSlice('\n')
		fmt.Fprintln(out) // the one that was typed is not shown
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return cutNewline(string(line)), nil
	}
	first, err := ask("Password: ")
	if err != nil {
		return "", err
	}
	second, err := ask("Again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

func cutNewline(s string) string {
	if line, ok := strings.CutSuffix(s, "\n"); ok {
		return strings.TrimSuffix(line, "\r")
	}
	return s
}
