package federation

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"dassie/store"
	"dassie/web/reply"
)

const (
	// MaxServerList is how large a list of servers may be, in bytes …
	MaxServerList = 1 << 20
	maxListed     = 5000 // … and how many servers it may hold
	maxProblems   = 50   // lines that are named as wrong
	maxComment    = 300  // characters of a comment that are kept
)

// ListedServer is one line of a list of servers.
type ListedServer struct {
	Name    string      `json:"name"`
	Bound   store.Bound `json:"bound"`
	Comment string      `json:"comment,omitempty"`
}

// ListProblem is a line of a list that cannot be taken, and why.
type ListProblem struct {
	Line int
	Text string
	Why  string
}

// ServerList is a list of servers as it was read.
type ServerList struct {
	Servers  []ListedServer // each name once, the stricter line of two
	Skipped  int            // lines that ask for nothing ("noop")
	Doubles  int            // lines whose name stood there already
	Problems []ListProblem
	Wrong    int // how many lines there are problems with
}

// ParseServerList reads a list of servers: CSV as Mastodon exports it from its
// moderation ("#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate")
// or from a person's own blocks (names alone), or one name in a line. It changes nothing.
func (s *Service) ParseServerList(text []byte) (ServerList, error) {
	var list ServerList
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if len(text) > MaxServerList {
		return list, reply.Errorf(reply.TooLarge, "A list may have 1 MB; this one is larger.")
	}
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return list, reply.Errorf(reply.Unprocessable, "This is not a list of servers: it is not text in UTF-8.")
	}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord, rows.LazyQuotes, rows.TrimLeadingSpace, rows.ReuseRecord = -1, true, true, true
	columns, at := listColumns{}, map[string]int{}
	for first := true; ; first = false {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return list, reply.Errorf(reply.Unprocessable, "This is not a list of servers: %v.", err)
		}
		if found, is := headOf(row); first && is {
			columns = found
			continue
		}
		line, _ := rows.FieldPos(0)
		if err := s.takeLine(&list, at, columns, row, line); err != nil {
			return list, err
		}
	}
	return list, nil
}

// listColumns says where things stand in a line; 0 is the first column for the name,
// and else that there is none.
type listColumns struct{ name, severity, comment int }

// headOf reads the first line of a list, if it names the columns.
func headOf(row []string) (c listColumns, is bool) {
	for i, cell := range row {
		switch strings.ToLower(strings.TrimLeft(strings.TrimSpace(cell), "#")) {
		case "domain":
			c.name, is = i, true
		case "severity":
			c.severity = i
		case "public_comment":
			c.comment = i
		}
	}
	return c, is
}

func (c listColumns) of(row []string) (name, severity, comment string) {
	cell := func(i int) string {
		if i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	name = cell(c.name)
	if c.severity > 0 {
		severity = strings.ToLower(cell(c.severity))
	}
	if c.comment > 0 {
		comment = fromCSVCell(cell(c.comment))
	}
	return name, severity, comment
}

// takeLine adds a line to a list, or what is wrong with it.
func (s *Service) takeLine(list *ServerList, at map[string]int, c listColumns, row []string, line int) error {
	text, severity, comment := c.of(row)
	if text == "" || strings.HasPrefix(text, "#") {
		return nil // an empty line or a remark
	}
	wrong := func(why string) error {
		list.Wrong++
		if len(list.Problems) < maxProblems {
			list.Problems = append(list.Problems, ListProblem{line, printable(text, 80), why})
		}
		return nil
	}
	bound, ok := severities[severity]
	if !ok {
		return wrong("“" + printable(severity, 40) + "” is neither suspend, silence nor noop.")
	}
	name, why := s.listedName(text)
	if why != "" {
		return wrong(why)
	}
	if bound == store.Unbound {
		list.Skipped++
		return nil
	}
	entry := ListedServer{name, bound, shortComment(comment)}
	if i, here := at[name]; here {
		list.Doubles++
		if list.Servers[i].Bound < bound {
			list.Servers[i] = entry
		}
		return nil
	}
	if len(list.Servers) == maxListed {
		return reply.Errorf(reply.Unprocessable, "A list may have 5,000 servers; this one has more. Take it in parts.")
	}
	at[name] = len(list.Servers)
	list.Servers = append(list.Servers, entry)
	return nil
}

// severities are Mastodon's words; without one a line is a block.
var severities = map[string]store.Bound{
	"": store.Blocked, "suspend": store.Blocked, "block": store.Blocked,
	"silence": store.Silenced, "limit": store.Silenced, "noop": store.Unbound, "none": store.Unbound,
}

// listedName reads the name in a line, or says what is wrong with it.
func (s *Service) listedName(text string) (name, why string) {
	switch {
	case isFormula(text): // T40
		return "", "This is not the name of a server."
	case strings.Contains(text, "@"):
		return "", "This is a person, and no server."
	case strings.Contains(strings.TrimPrefix(text, "*."), "*"):
		return "", "Its name is hidden by stars."
	}
	name, err := ServerName(strings.TrimPrefix(text, "*."))
	if err != nil {
		return "", "This is not the name of a server."
	}
	if s.ownName(name) {
		return "", "This is your own server."
	}
	return name, ""
}

func shortComment(text string) string {
	text = strings.Join(strings.Fields(printable(text, 10*maxComment)), " ")
	if r := []rune(text); len(r) > maxComment {
		return string(r[:maxComment-1]) + "…"
	}
	return text
}
