package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"dassie/store"
)

var errNobodyToAsk = errors.New("two servers with one identity harm each other, and there is no terminal to ask whether the old one is off: if it is, and stays off, say so with -old-is-off")

// AskOldIsOff asks on the terminal in whether the server that a backup is of is
// off; the question goes to out. Anything but yes is an error, and so is that
// there is nobody to ask.
func AskOldIsOff(ctx context.Context, in *os.File, out io.Writer, b store.Backup) error {
	if !isTerminal(in) {
		return errNobodyToAsk
	}
	fmt.Fprintf(out, "This is @%s as of %s. Two servers with one identity harm each other:\nis the old one off, and will it stay off? [yes/no] ",
		b.Handle, b.Created.Format("2 January 2006"))
	answer := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(io.LimitReader(in, 1000)).ReadString('\n')
		if err != nil {
			line = "" // /dev/null looks like a terminal and answers nothing
		}
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return errors.New("interrupted; nothing was changed")
	case a := <-answer:
		switch a {
		case "yes", "y":
			return nil
		case "":
			return errNobodyToAsk
		}
		return errors.New("nothing was changed: switch the old server off first, and see that it does not start again")
	}
}

// Progress tells a person at a terminal what a long command is doing; programs
// are told nothing but the result.
func Progress(out *os.File) func(string) {
	return func(text string) {
		if isTerminal(out) {
			fmt.Fprintln(out, text)
		}
	}
}

// isTerminal takes /dev/null for one too, which does no harm.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
