package federation

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
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

	listJob   = "server-list"
	listSlice = 20 // servers in one transaction
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
		comment = cell(c.comment)
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
	case strings.ContainsAny(text[:1], "=+-@\t\r"): // a formula for a spreadsheet, or a handle (T40)
		return "", "This is not the name of a server."
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

// ServerListCost says what a list changes if it is put in force.
type ServerListCost struct {
	store.ServerCost                // of all new lines together
	New              []ListedServer // lines that change something …
	Here             int            // … and those that are in force already, by their own name or one above
	Hit              []ServerHit    // new blocks that end follows, the most first
}

// ServerHit is a server of a list with the follows that its block ends.
type ServerHit struct {
	Name                 string
	Followers, Following int
}

// CostOfServerList reads that. With spare, servers with which there are follows stay
// out of it.
func CostOfServerList(tx *store.Tx, servers []ListedServer, spare bool) (c ServerListCost, err error) {
	names := make([]string, len(servers))
	for i, l := range servers {
		names[i] = l.Name
	}
	bound, err := tx.BoundOf(names)
	if err != nil {
		return c, err
	}
	under, err := tx.HostsUnderEach(names)
	if err != nil {
		return c, err
	}
	var all []int64
	for _, hosts := range under {
		for _, h := range hosts {
			all = append(all, h.ID)
		}
	}
	follows, err := tx.FollowsByHost(all)
	if err != nil {
		return c, err
	}
	cost := map[store.Bound]map[int64]bool{store.Blocked: {}, store.Silenced: {}}
	for _, l := range servers {
		if bound[l.Name] >= l.Bound {
			c.Here++
			continue
		}
		hit := ServerHit{Name: l.Name}
		for _, h := range under[l.Name] {
			hit.Followers += follows[h.ID].Followers
			hit.Following += follows[h.ID].Following
		}
		cuts := l.Bound == store.Blocked && hit.Followers+hit.Following > 0
		if cuts && spare {
			continue
		}
		c.New = append(c.New, l)
		if cuts {
			c.Hit = append(c.Hit, hit)
		}
		for _, h := range under[l.Name] {
			cost[l.Bound][h.ID] = true
		}
	}
	slices.SortStableFunc(c.Hit, func(a, b ServerHit) int { return b.Followers + b.Following - a.Followers - a.Following })
	c.ServerCost, err = tx.CostOf(slices.Sorted(maps.Keys(cost[store.Blocked])), slices.Sorted(maps.Keys(cost[store.Silenced])))
	return c, err
}

// listWork is the payload of the job "server-list".
type listWork struct {
	At      int64          `json:"at"` // when it was decided, which names the list
	Servers []ListedServer `json:"servers"`
}

// ApplyServerList queues a list to be put in force in slices, which goes on after a
// restart. It says how many servers it holds that are not in force already.
func (s *Service) ApplyServerList(ctx context.Context, servers []ListedServer, spare bool) (n int, err error) {
	if len(servers) > maxListed {
		return 0, reply.Errorf(reply.Unprocessable, "A list may have 5,000 servers; this one has more. Take it in parts.")
	}
	return store.Put(ctx, s.store, func(tx *store.Tx) (int, error) {
		c, err := CostOfServerList(tx, servers, spare)
		if err != nil || len(c.New) == 0 {
			return 0, err
		}
		payload, err := json.Marshal(listWork{s.now().UnixMilli(), c.New})
		if err != nil {
			return 0, fmt.Errorf("queue a list of servers: %w", err)
		}
		if err := tx.LogSecurity("block", fmt.Sprintf("a list of %d servers", len(c.New)), ""); err != nil {
			return 0, err
		}
		tx.After(s.work.pokeJobs)
		return len(c.New), tx.AddJob(listJob, listJob, payload, time.Time{})
	})
}

// applyServerList is the job "server-list". What is in force already is passed over,
// so that it may begin anew.
func (s *Service) applyServerList(ctx context.Context, payload []byte) error {
	var work listWork
	if err := json.Unmarshal(payload, &work); err != nil {
		return fmt.Errorf("%w: a list of servers: %w", store.ErrNotFound, err)
	}
	at := time.UnixMilli(work.At)
	for some := range slices.Chunk(work.Servers, listSlice) {
		if err := s.store.Write(ctx, func(tx *store.Tx) error { return s.applySome(tx, some, at) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) applySome(tx *store.Tx, some []ListedServer, at time.Time) error {
	names := make([]string, len(some))
	for i, l := range some {
		names[i] = l.Name
	}
	bound, err := tx.BoundOf(names)
	if err != nil {
		return err
	}
	var rules []store.ServerRule
	for _, l := range some {
		if bound[l.Name] < l.Bound {
			rules = append(rules, store.ServerRule{Name: l.Name, Bound: l.Bound, Comment: l.Comment, ListAt: at})
		}
	}
	ids, err := tx.RuleServers(rules)
	if err != nil {
		return err
	}
	if err := planCuts(tx, ids); err != nil {
		return err
	}
	s.serversChanged(tx)
	tx.After(s.work.pokeJobs)
	return nil
}

// planCuts queues the end of the follows with blocked names, of those that have some.
func planCuts(tx *store.Tx, ids map[string]int64) error {
	names := slices.Collect(maps.Keys(ids))
	under, err := tx.HostsUnderEach(names)
	if err != nil {
		return err
	}
	for name, id := range ids {
		h, err := tx.HostByID(id)
		if err != nil {
			return err
		}
		hosts := make([]int64, len(under[name]))
		for i, u := range under[name] {
			hosts[i] = u.ID
		}
		follows, err := tx.FollowsByHost(hosts)
		if err != nil {
			return err
		}
		if len(follows) == 0 || h.Blocked.IsZero() {
			continue
		}
		if err := tx.PlanJob(cutJob, idKey(cutJob, id), idPayload(id), time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// ServerListWaits says whether a list is still being put in force.
func ServerListWaits(tx *store.Tx) (bool, error) { return tx.JobWaiting(listJob) }

// UndoServerList takes back all that came in with a list, in slices. It says how many
// servers those were.
func (s *Service) UndoServerList(ctx context.Context, at time.Time) (int, error) {
	rules, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.ServerRule, error) { return tx.ServerRulesOfList(at) })
	if err != nil || len(rules) == 0 {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	for some := range slices.Chunk(rules, listSlice) {
		err := s.store.Write(ctx, func(tx *store.Tx) error {
			back := make([]store.ServerRule, len(some))
			for i, r := range some {
				back[i].Name = r.Name
			}
			s.serversChanged(tx)
			_, err := tx.RuleServers(back)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("take back a list of servers: %w", err)
		}
	}
	return len(rules), s.store.Write(ctx, func(tx *store.Tx) error {
		return tx.LogSecurity("unblock", fmt.Sprintf("a list of %d servers", len(rules)), "")
	})
}

// WriteServerList is what is in force as Mastodon's moderation exports it.
func WriteServerList(tx *store.Tx) ([]byte, error) {
	rules, err := tx.ServerRules(store.Page{Limit: 1 << 30})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rules, func(a, b store.ServerRule) int { return strings.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write([]string{"#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate"}); err != nil {
		return nil, err
	}
	for _, r := range rules {
		severity, all := "silence", "false"
		if r.Bound == store.Blocked {
			severity, all = "suspend", "true"
		}
		comment := r.Comment
		if comment != "" && strings.ContainsAny(comment[:1], "=+-@") { // no formula for a spreadsheet (T40)
			comment = "'" + comment
		}
		if err := w.Write([]string{r.Name, severity, all, all, comment, "false"}); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}
