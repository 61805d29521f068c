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
	Arg   string // name of the one argument beside the flags, such as FILE; "" for none
	About string // one line, for the list
	Env   bool   // each flag is also a variable: -trusted-proxies is DASSIE_TRUSTED_PROXIES; -data is one always
	Flags func(*flag.FlagSet, *O)
	File  func(*O) *string // where the argument goes
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
	if name == "help" && (len(args) == 0 || strings.HasPrefix(args[0], "-")) {
		list(table, out)
		return nil
	} else if name == "help" {
		name, args = args[0], []string{"-help"}
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
		fmt.Fprintf(out, "  dassie %-13s %s\n", strings.TrimSpace(c.Name+" "+c.Arg), c.About)
	}
	fmt.Fprint(out, "\ndassie help COMMAND lists the flags of a command.\n")
}

// parse reads the flags, and for those not given the environment.
func (c Command[O]) parse(o *O, args []string, out io.Writer) (helped bool, err error) {
	set := flag.NewFlagSet("dassie "+c.Name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	c.Flags(set, o)
	err = c.arguments(set, o, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(out, "dassie %s: %s\n", strings.TrimSpace(c.Name+" "+c.Arg), c.About)
		set.SetOutput(out)
		set.PrintDefaults()
		return true, nil
	}
	if err != nil {
		return false, err
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

// arguments reads the flags and the one argument, if the command takes one, in
// any order.
func (c Command[O]) arguments(set *flag.FlagSet, o *O, args []string) error {
	var rest []string
	for {
		if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
			return err
		} else if err != nil {
			return Usage("%v; dassie %s -help lists the flags", err, c.Name)
		}
		if args = set.Args(); len(args) == 0 {
			break
		}
		rest, args = append(rest, args[0]), args[1:]
	}
	switch {
	case c.Arg == "" && len(rest) > 0:
		return Usage("dassie %s takes no argument, but %q was given; dassie %s -help lists the flags", c.Name, rest[0], c.Name)
	case c.Arg != "" && len(rest) == 0:
		return Usage("dassie %s needs the name of a file: dassie %s %s", c.Name, c.Name, c.Arg)
	case len(rest) > 1:
		return Usage("dassie %s takes one %s, but %q was given too", c.Name, c.Arg, rest[1])
	case c.Arg != "":
		*c.File(o) = rest[0]
	}
	return nil
}
