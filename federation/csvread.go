package federation

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// csvProblems is how many lines are named as wrong.
const csvProblems = 100

// csvNames are what a kind of lists is known by.
type csvNames struct {
	kind    store.CSVKind
	word    string
	files   []string
	columns []string
}

// csvKinds name the kinds of lists: as a word of the command line, by how the names
// begin that Mastodon, Misskey and dassie give the files, and by the columns that only
// one of them has.
var csvKinds = []csvNames{
	{store.CSVFollowing, "following", []string{"following", "follows"}, []string{"show boosts", "notify on new posts", "languages"}},
	{store.CSVLists, "lists", []string{"lists", "user-lists"}, []string{"list name"}},
	{store.CSVBlocks, "blocks", []string{"blocked_accounts", "blocks", "blocked-accounts", "blocking"}, nil},
	{store.CSVMutes, "mutes", []string{"muted_accounts", "mute", "muted-accounts"}, []string{"hide notifications"}},
	{store.CSVDomains, "domains", []string{"blocked_domains", "domain_blocks", "blocked-servers", "blocked_servers", "servers"}, []string{"#domain", "#severity", "domain"}},
	{store.CSVBookmarks, "bookmarks", []string{"bookmarks"}, []string{"#uri"}},
	{store.CSVFilters, "filters", []string{"custom_filters", "filters"}, nil},
}

// CSVKindOf reads the word for a kind; CSVUnknown for none.
func CSVKindOf(word string) store.CSVKind {
	for _, k := range csvKinds {
		if k.word == word {
			return k.kind
		}
	}
	return store.CSVUnknown
}

// CSVWords are the words for the kinds.
func CSVWords() (words []string) {
	for _, k := range csvKinds {
		words = append(words, k.word)
	}
	return words
}

// kindByName guesses from what the file is called, also where a browser has numbered it.
func kindByName(file string) store.CSVKind {
	name := strings.ToLower(filepath.Base(strings.ReplaceAll(file, `\`, "/")))
	for _, k := range csvKinds {
		if slices.ContainsFunc(k.files, func(f string) bool { return strings.HasPrefix(name, f) }) {
			return k.kind
		}
	}
	return store.CSVUnknown
}

// ErrCSVKind is returned for a list whose kind neither its name nor its columns tell.
var ErrCSVKind = &reply.Error{Code: reply.Unprocessable, Message: "Neither its name nor its first line says what this list holds. Say whether it is following, lists, blocks, mutes, domains, bookmarks or filters."}

// ReadCSV reads a list of Mastodon's, or our own, and stores its rows; nothing else is
// changed. The kind is told by the columns and the name of the file, or given. What
// cannot be a list is a *reply.Error, and leaves nothing behind.
func (s *Service) ReadCSV(ctx context.Context, r io.Reader, file string, as store.CSVKind) (store.CSVImport, error) {
	imp := store.CSVImport{File: printable(filepath.Base(file), 100), Kind: as}
	text, encoding, err := readCSVText(r)
	if err != nil {
		return imp, err
	}
	if strings.HasPrefix(strings.ToLower(imp.File), "followers") && as == store.CSVUnknown {
		return imp, reply.Errorf(reply.Unprocessable, "This is a list of followers. Nobody can be made to follow you by a file: move the old account here, and its followers come along.")
	}
	imp.Notes.Encoding = encoding
	in := &csvReading{s: s, imp: &imp, seen: map[uint64]struct{}{}, seed: maphash.MakeSeed()}
	if err = in.read(ctx, text, file); err == nil {
		err = in.end(ctx)
	}
	if err != nil && imp.ID != 0 {
		err = errors.Join(err, s.DropCSV(context.WithoutCancel(ctx), imp.ID))
	}
	return imp, err
}

// csvReading is a list on its way from text to rows. Rows are stored as they are read,
// so that few of them are in memory at a time.
type csvReading struct {
	s    *Service
	imp  *store.CSVImport
	rows []store.CSVRow // not stored yet
	seen map[uint64]struct{}
	seed maphash.Seed
}

// keep stores the rows that were read, in slices, so that the writer is never held for
// long; all of them with the last.
func (in *csvReading) keep(ctx context.Context, last bool) error {
	for len(in.rows) >= csvSlice || last && len(in.rows) > 0 {
		n := min(len(in.rows), csvSlice)
		if err := in.s.storeCSV(ctx, in.imp, in.rows[:n]); err != nil {
			return err
		}
		in.rows = in.rows[:copy(in.rows, in.rows[n:])]
	}
	return nil
}

// end makes a list that was read whole one that can be begun.
func (in *csvReading) end(ctx context.Context) error {
	if err := in.keep(ctx, true); err != nil {
		return err
	}
	if in.imp.ID == 0 && in.imp.Notes.Wrong == 0 {
		return reply.Errorf(reply.Unprocessable, "There is nothing in this file.")
	}
	in.imp.State = store.CSVRead
	return in.s.storeCSV(ctx, in.imp, nil)
}

func (in *csvReading) read(ctx context.Context, text []byte, file string) error {
	first := strings.TrimSpace(string(text[:min(len(text), 200)]))
	if strings.HasPrefix(first, "{") || strings.HasPrefix(first, "[") {
		return in.filters(text)
	}
	if in.imp.Kind == store.CSVFilters {
		return reply.Errorf(reply.Unprocessable, "Filters come as JSON, in a file such as custom_filters.json. This is something else.")
	}
	lines := newCSVLines(text)
	cells, raw, err := lines.next()
	if errors.Is(err, io.EOF) {
		return reply.Errorf(reply.Unprocessable, "There is nothing in this file.")
	}
	var columns csvColumns
	switch {
	case err == nil:
		columns = columnsOf(cells)
	case !errors.Is(err, errQuotes) && !errors.Is(err, errFormula):
		return err
	}
	if err := in.guess(columns, cells, file); err != nil {
		return err
	}
	if in.imp.Kind == store.CSVDomains {
		return in.domains(text, columns)
	}
	room := maxCSVRows
	if columns != nil {
		cells, raw, err = lines.next()
		room++
	} else {
		columns = usualColumns[in.imp.Kind]
	}
	if n, err := newCSVLines(text).count(); err != nil {
		return err
	} else if n > room {
		return reply.Errorf(reply.TooLarge, "A list may have 50,000 lines; this one has more. Nothing was taken from it: cut it into parts.")
	}
	for ; !errors.Is(err, io.EOF); cells, raw, err = lines.next() {
		switch {
		case errors.Is(err, errQuotes):
			in.wrong(lines.line, raw, "The quotes in this line do not match.")
		case errors.Is(err, errFormula):
			in.wrong(lines.line, raw, "A cell of this line is a formula of a spreadsheet. If it is meant as text, put an apostrophe before it.")
		case err != nil:
			return err
		default:
			in.take(columns, cells, raw, lines.line)
		}
		if err := in.keep(ctx, false); err != nil {
			return err
		}
	}
	return nil
}

// guess finds the kind: as the owner says, by the columns, by the name of the file,
// or by what the first line looks like.
func (in *csvReading) guess(columns csvColumns, first []string, file string) error {
	found := store.CSVUnknown
	for _, k := range csvKinds {
		for _, name := range k.columns {
			if _, has := columns[name]; has && found == store.CSVUnknown {
				found = k.kind
			}
		}
	}
	if found == store.CSVUnknown {
		found = kindByName(file)
	}
	if found == store.CSVUnknown && columns == nil && len(first) > 0 {
		_, _, one := ap.ParseHandle(first[0])
		switch {
		case ap.IsURL(first[0]):
			found = store.CSVBookmarks
		case len(first) == 2 && one != nil:
			if _, _, err := ap.ParseHandle(first[1]); err == nil {
				found = store.CSVLists
			}
		}
	}
	switch {
	case in.imp.Kind == store.CSVUnknown && found == store.CSVUnknown:
		return ErrCSVKind
	case in.imp.Kind == store.CSVUnknown:
		in.imp.Kind = found
	case found != store.CSVUnknown && found != in.imp.Kind:
		in.imp.Notes.Unlike = found
	}
	return nil
}

func (in *csvReading) wrong(line int, text, why string) {
	in.imp.Notes.Wrong++
	if len(in.imp.Notes.Problems) < csvProblems {
		in.imp.Notes.Problems = append(in.imp.Notes.Problems, store.CSVProblem{Line: line, Text: printable(text, 80), Why: why})
	}
}
