// Package command is a table of commands with their flags: which one a command
// line means, its flags and their variables in the environment, and the exit
// status. It knows nothing of what the commands do, and writes no files.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// Command is one row of the table. O holds the flags of all commands.
type Command[O any] struct {
	Name  string
	About string // one line, for the list
	Env   bool   // each flag is also a variable: -trusted-proxies is DASSIE_TRUSTED_PROXIES; -data is one always
	Flags func(*flag.FlagSet, *O)
	Run   func(context.Context, *O) error
}

// UsageError is a wrong use of the command line: exit status 2.
type UsageError struct{ Text string }

func (e UsageError) Error() string { return e.Text }

// Usage returns a UsageError.
func Usage(format string, args ...any) error { return UsageError{fmt.Sprintf(format, args...)} }

// Status is the exit status for an error: 2 for wrong usage, 1 for failure.
func Status(err error) int {
	var usage UsageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return 2
	}
	return 1
}

// Run does what a command line says; without a command, the first of the table.
// Help goes to out.
func Run[O any](ctx context.Context, table []Command[O], args []string, out io.Writer) error {
	name := table[0].Name
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	} else if len(args) > 0 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help") {
		name = "help"
	}
	if name == "help" {
		list(table, out)
		return nil
	}
	for _, c := range table {
		if c.Name != name {
			continue
		}
		var o O
		helped, err := c.parse(&o, args, out)
		if err != nil || helped {
			return err
		}
		return c.Run(ctx, &o)
	}
	return Usage("there is no command %q; dassie help lists them", name)
}

func list[O any](table []Command[O], out io.Writer) {
	fmt.Fprint(out, "dassie is one person's server on the social web.\n\n")
	for _, c := range table {
		fmt.Fprintf(out, "  dassie %-8s %s\n", c.Name, c.About)
	}
	fmt.Fprint(out, "\ndassie COMMAND -help lists the flags of a command.\n")
}

// parse reads the flags, and for those not given the environment.
func (c Command[O]) parse(o *O, args []string, out io.Writer) (helped bool, err error) {
	set := flag.NewFlagSet("dassie "+c.Name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	c.Flags(set, o)
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(out, "dassie %s: %s\n", c.Name, c.About)
		set.SetOutput(out)
		set.PrintDefaults()
		return true, nil
	case err != nil:
		return false, Usage("%v; dassie %s -help lists the flags", err, c.Name)
	case set.NArg() > 0:
		return false, Usage("dassie %s takes no argument, but %q was given; dassie %s -help lists the flags", c.Name, set.Arg(0), c.Name)
	}
	given := map[string]bool{}
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	set.VisitAll(func(f *flag.Flag) {
		if given[f.Name] || err != nil || !c.Env && f.Name != "data" {
			return
		}
		name := "DASSIE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if !ok {
			return
		}
		if e := set.Set(f.Name, value); e != nil {
			err = Usage("the variable %s cannot be %q: %v", name, value, e)
		}
	})
	return false, err
}
