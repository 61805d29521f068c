package federation

import (
	"hash/maphash"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"dassie/federation/ap"
	"dassie/store"
)

// csvColumns says at which place a cell of a line stands, by the name of its column in
// lower case.
type csvColumns map[string]int

// usualColumns are those of lists without a first line that names them.
var usualColumns = map[store.CSVKind]csvColumns{
	store.CSVFollowing: {"account address": 0, "show boosts": 1, "notify on new posts": 2, "languages": 3},
	store.CSVLists:     {"list name": 0, "account address": 1},
	store.CSVBlocks:    {"account address": 0},
	store.CSVMutes:     {"account address": 0, "hide notifications": 1},
	store.CSVBookmarks: {"#uri": 0},
}

// columnsOf reads the first line of a list, if it names the columns; else nil.
func columnsOf(cells []string) csvColumns {
	c := csvColumns{}
	for i, cell := range cells {
		c[strings.ToLower(cell)] = i
	}
	for name := range c {
		if name == "account address" || slices.ContainsFunc(csvKinds, func(k csvNames) bool { return slices.Contains(k.columns, name) }) {
			return c
		}
	}
	return nil
}

func (c csvColumns) cell(cells []string, name string) (string, bool) {
	i, ok := c[name]
	if !ok || i >= len(cells) || cells[i] == "" {
		return "", false
	}
	return cells[i], true
}

// take makes a row of a line, or notes what is wrong with it.
func (in *csvReading) take(columns csvColumns, cells []string, raw string, line int) {
	row := store.CSVRow{Line: line}
	why := ""
	switch in.imp.Kind {
	case store.CSVBookmarks:
		uri, _ := columns.cell(cells, "#uri")
		row.Key, row.Host, why = postAddress(uri)
	default:
		handle, _ := columns.cell(cells, "account address")
		row.Key, row.Host, why = in.handle(handle)
	}
	if why == "" {
		why = choices(&row, in.imp.Kind, columns, cells)
	}
	if why != "" {
		in.wrong(line, raw, why)
		return
	}
	in.add(row)
}

func (in *csvReading) add(row store.CSVRow) {
	name := maphash.String(in.seed, row.Key+"\x00"+strconv.Itoa(row.Wish.Nth)+row.Title)
	if _, double := in.seen[name]; double {
		in.imp.Notes.Doubles++
		return
	}
	in.seen[name] = struct{}{}
	in.rows = append(in.rows, row)
}

// handle reads user@server; a name alone is of nobody's server.
func (in *csvReading) handle(text string) (key, host, why string) {
	user, host, err := ap.ParseHandle(text)
	switch {
	case text == "":
		return "", "", "There is no handle in this line."
	case err != nil:
		return "", "", "This is not a handle such as name@server.example."
	case in.s.isOwner(user, host):
		return "", "", "This is you."
	case host == in.s.origin.Domain || host == in.s.origin.Host:
		return "", "", "There is nobody of this name on your server."
	}
	return strings.ToLower(user) + "@" + host, host, ""
}

func postAddress(text string) (uri, host, why string) {
	u, err := url.Parse(text)
	if text == "" || err != nil || !ap.IsURL(text) || u.Path == "" || u.Path == "/" {
		return "", "", "This is not the address of a post."
	}
	return text, ap.Host(text), ""
}

// truth reads a cell that is true or false, or empty.
func (c csvColumns) truth(cells []string, name string) (*bool, bool) {
	cell, ok := c.cell(cells, name)
	if !ok {
		return nil, true
	}
	switch strings.ToLower(cell) {
	case "true", "t", "1", "yes", "on":
		return new(true), true
	case "false", "f", "0", "no", "off":
		return new(false), true
	}
	return nil, false
}

// choices reads what a line says beside whom it is about, or what is wrong with that.
func choices(row *store.CSVRow, kind store.CSVKind, c csvColumns, cells []string) (why string) {
	ok := true
	truth := func(to **bool, name string) {
		v, good := c.truth(cells, name)
		*to, ok = v, ok && good
	}
	switch kind {
	case store.CSVFollowing:
		truth(&row.Wish.Boosts, "show boosts")
		truth(&row.Wish.Notify, "notify on new posts")
		if cell, named := c.cell(cells, "languages"); named {
			choice := FollowChoice{Languages: strings.FieldsFunc(cell, func(r rune) bool { return r == ',' || r == ' ' })}
			if choice.check() != nil {
				return "“" + printable(cell, 40) + "” are not codes of languages, such as de or pt-BR."
			}
			row.Wish.Languages = new(strings.Join(choice.Languages, " "))
		} else if _, column := c["languages"]; column && len(cells) > c["languages"] {
			row.Wish.Languages = new("") // all of them
		}
	case store.CSVMutes:
		truth(&row.Wish.Notices, "hide notifications")
	case store.CSVLists:
		title, _ := c.cell(cells, "list name")
		row.Title = oneLine(title)
		if row.Title == "" || utf8.RuneCountInString(row.Title) > longestTitle {
			return "The title of the list is missing or has more than 100 characters."
		}
	}
	if !ok {
		return "A cell is neither true nor false."
	}
	return ""
}

// domains reads a list of servers, as the page for their blocks does.
func (in *csvReading) domains(text []byte, columns csvColumns) error {
	list, err := in.s.ParseServerList(text)
	if err != nil {
		return err
	}
	_, severity := columns["#severity"]
	_, plain := columns["severity"]
	n := &in.imp.Notes
	n.Wrong, n.Doubles, n.Skipped, n.Bare = list.Wrong, list.Doubles, list.Skipped, !severity && !plain
	for _, p := range list.Problems {
		n.Problems = append(n.Problems, store.CSVProblem{Line: p.Line, Text: p.Text, Why: p.Why})
	}
	for i, l := range list.Servers {
		in.rows = append(in.rows, store.CSVRow{Line: i + 1, Key: l.Name, Wish: store.CSVWish{Bound: l.Bound, Comment: l.Comment}})
	}
	return nil
}
