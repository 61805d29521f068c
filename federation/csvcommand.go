package federation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"dassie/store"
	"dassie/web/reply"
)

// CSVOptions are the flags of the command that brings a list in.
type CSVOptions struct {
	As        string // the word for what the list holds; "" for what its name and columns say
	Overwrite bool   // what is here and not in the list goes
	DryRun    bool   // only say what would happen
}

// CSVCommand brings a list in from the command line. It says what happens, and leaves
// the work to the running server, or to the next one.
func CSVCommand(ctx context.Context, st *store.Store, file, version string, opt CSVOptions) (report []string, err error) {
	kind := CSVKindOf(opt.As)
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s", file)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	id, err := store.Get(ctx, st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		return nil, err
	}
	s, err := New(ctx, Config{Store: st, Identity: id, Version: version}) // it asks nobody
	if err != nil {
		return nil, err
	}
	i, err := s.ReadCSV(ctx, f, file, kind)
	if errors.Is(err, ErrCSVKind) {
		return nil, fmt.Errorf("neither its name nor its first line says what %s holds: add -as with one of %s", file, strings.Join(CSVWords(), ", "))
	}
	if err != nil {
		return nil, inFile(file, err)
	}
	p, err := store.Get(ctx, st, func(tx *store.Tx) (CSVPreview, error) { return PreviewCSV(tx, i, opt.Overwrite) })
	if err == nil {
		report = csvReport(i, p)
	}
	if err != nil || opt.DryRun || p.New+p.Changed+p.Going == 0 {
		return append(report, "nothing was changed"), errors.Join(err, s.DropCSV(ctx, i.ID))
	}
	if err := s.BeginCSV(ctx, i.ID, opt.Overwrite); err != nil {
		return report, err
	}
	return append(report, "begun; the running server does it, or the next one that is started: watch it under Your data, Import"), nil
}

// inFile names the file before what is wrong with it.
func inFile(file string, err error) error {
	if reply.CodeOf(err) == reply.Internal {
		return err
	}
	return fmt.Errorf("%s: %s", file, reply.Message(err))
}

func csvReport(i store.CSVImport, p CSVPreview) (lines []string) {
	add := func(form string, args ...any) { lines = append(lines, fmt.Sprintf(form, args...)) }
	for _, k := range csvKinds {
		if k.kind == i.Kind {
			add("holds: %s", k.word)
		}
		if k.kind == i.Notes.Unlike {
			add("but looks like: %s", k.word)
		}
	}
	if i.Notes.Encoding != "" {
		add("read as: %s", i.Notes.Encoding)
	}
	for _, f := range []struct {
		words string
		n     int
	}{
		{"new", p.New}, {"new lists", p.NewLists}, {"changed", p.Changed}, {"already so", p.Same}, {"left out, because of a block or of a limit", p.Barred},
		{"followers lost", p.Cost.Followers}, {"follows that end", p.Cost.Following}, {"passed over", i.Notes.Skipped}, {"twice", i.Notes.Doubles},
	} {
		if f.n > 0 {
			add("%s: %d", f.words, f.n)
		}
	}
	if p.Slow > 0 {
		add("slowly: %d, servers: %d, in %s or more", p.Slow, p.Servers, p.Takes)
	}
	if p.Going > 0 {
		add("goes, because it is not in the file: %d", p.Going)
		for _, r := range p.Leaving {
			add("  %s", printable(strings.TrimSpace(r.Key+" "+r.Title), 200))
		}
	}
	for _, w := range i.Notes.Problems {
		add("line %d cannot be taken: %s %s", w.Line, w.Text, w.Why)
	}
	if more := i.Notes.Wrong - len(i.Notes.Problems); more > 0 {
		add("and %d more lines cannot be taken", more)
	}
	return lines
}
