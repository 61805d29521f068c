package dashboard

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	listBytes  = federation.MaxServerList + 64<<10 // of the form of a list: a file or its text, and the fields beside it
	hitsShown  = 100                               // servers of a list that end follows, named one by one
	listsShown = 30                                // servers of a list that end none, named
)

type serverListPage struct {
	assets.Owner
	Error    string
	Text     string // that cannot be taken, to be mended
	Preview  bool
	Lead     string
	Sum      []assets.Fact
	Hits     []assets.Fact // servers that end follows
	MoreHits int
	Others   string // names of those that end none
	Spare    bool   // servers with follows are left out
	Rows     string // the list for the form that puts it in force
	New      int
	Wrong    int
	Problems []federation.ListProblem
}

// serverList handles GET /me/blocked/servers/list: the form for a list.
func (d *Dashboard) serverList(w http.ResponseWriter, r *http.Request) {
	d.showServerList(w, r, http.StatusOK, serverListPage{})
}

func (d *Dashboard) showServerList(w http.ResponseWriter, r *http.Request, status int, page serverListPage) {
	d.show(w, r, "server_list", answer{status: status, cache: reply.Private}, func(v *view) (any, error) {
		var err error
		page.Owner, err = v.frame("A list of servers", "safety")
		return page, err
	})
}

// serverListLook handles POST /me/blocked/servers/list: what a list would do. Nothing
// is changed yet.
func (d *Dashboard) serverListLook(w http.ResponseWriter, r *http.Request) {
	text, err := listText(r)
	var list federation.ServerList
	if err == nil {
		list, err = d.service.ParseServerList(text)
	}
	if err == nil && len(list.Servers) == 0 && list.Wrong == 0 {
		err = reply.Errorf(reply.Unprocessable, "There is no server in this list. Choose a file, or write one name in each line.")
	}
	if words, ok := refused(err); ok {
		page := serverListPage{Error: words}
		if len(text) < 100<<10 {
			page.Text = strings.ToValidUTF8(string(text), "")
		}
		d.showServerList(w, r, refusedStatus(err), page)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.show(w, r, "server_list", answer{cache: reply.Private}, func(v *view) (any, error) {
		page := serverListPage{Preview: true, Spare: r.PostForm.Get("spare") == "yes", Wrong: list.Wrong, Problems: list.Problems}
		if page.Owner, err = v.frame("A list of servers", "safety"); err != nil {
			return nil, err
		}
		return page, v.serverListCost(&page, list)
	})
}

// listText is the file of the form, or what was written into it.
func listText(r *http.Request) ([]byte, error) {
	file, _, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return []byte(r.PostForm.Get("text")), nil
	}
	if err != nil {
		return nil, reply.Errorf(reply.Unprocessable, "The file could not be read. Choose it again.")
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, federation.MaxServerList+1))
	if err == nil && len(text) == 0 {
		text = []byte(r.PostForm.Get("text"))
	}
	return text, err
}

// serverListCost fills in what a list costs.
func (v *view) serverListCost(page *serverListPage, list federation.ServerList) error {
	c, err := federation.CostOfServerList(v.tx, list.Servers, page.Spare)
	if err != nil {
		return err
	}
	page.New, page.Lead = len(c.New), lossWords(c.ServerCost)
	blocked, hit := 0, map[string]bool{}
	for _, h := range c.Hit {
		hit[h.Name] = true
	}
	var others []string
	for _, l := range c.New {
		if l.Bound == store.Blocked {
			blocked++
		}
		if !hit[l.Name] {
			others = append(others, l.Name)
		}
	}
	page.Sum = listFacts(list, c, blocked)
	page.Sum = append(page.Sum, costLines(c.ServerCost, "", "")...)
	for _, h := range c.Hit[:min(len(c.Hit), hitsShown)] {
		page.Hits = append(page.Hits, assets.Fact{Label: h.Name, Strong: hitWords(h)})
	}
	page.MoreHits = len(c.Hit) - len(page.Hits)
	page.Others = strings.Join(others[:min(len(others), listsShown)], ", ")
	if more := len(others) - listsShown; more > 0 {
		page.Others += " and " + plural(more, "other", "others")
	}
	page.Rows, err = listRows(c.New)
	return err
}

func hitWords(h federation.ServerHit) string {
	switch {
	case h.Following == 0:
		return plural(h.Followers, "follower or request", "followers and requests")
	case h.Followers == 0:
		return "you follow " + plural(h.Following, "person", "people")
	}
	return plural(h.Followers, "follower or request", "followers and requests") + ", you follow " + plural(h.Following, "person", "people")
}

// listFacts count the lines of a list by what becomes of them.
func listFacts(list federation.ServerList, c federation.ServerListCost, blocked int) (facts []assets.Fact) {
	for _, f := range []struct {
		n                      int
		label, one, many, text string
	}{
		{blocked, "New blocks", "server", "servers", "."},
		{len(c.New) - blocked, "Silenced", "server", "servers", ", whose strangers are kept out."},
		{c.Here, "Already so", "server", "servers", ", by their own name or one above it."},
		{len(list.Servers) - len(c.New) - c.Here, "Left out", "server", "servers", ", because of people there who follow you or whom you follow."},
		{list.Skipped, "Passed over", "line", "lines", ", with nothing asked for."},
		{list.Doubles, "Twice", "line", "lines", " with a name that stood there already. The stricter one counts."},
	} {
		if f.n > 0 {
			facts = append(facts, assets.Fact{Label: f.label, Strong: plural(f.n, f.one, f.many), Text: f.text})
		}
	}
	return facts
}

// listRows writes servers for the hidden field of the form that puts them in force.
func listRows(list []federation.ListedServer) (string, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write([]string{"#domain", "#severity", "#public_comment"}); err != nil {
		return "", err
	}
	for _, l := range list {
		severity := "suspend"
		if l.Bound == store.Silenced {
			severity = "silence"
		}
		if err := w.Write([]string{l.Name, severity, l.Comment}); err != nil {
			return "", err
		}
	}
	w.Flush()
	return b.String(), w.Error()
}

// serverListApply handles POST /me/blocked/servers/list/apply: what was shown is put
// in force.
func (d *Dashboard) serverListApply(w http.ResponseWriter, r *http.Request) {
	list, err := d.service.ParseServerList([]byte(r.PostForm.Get("rows")))
	n := 0
	if err == nil {
		n, err = d.service.ApplyServerList(r.Context(), list.Servers, r.PostForm.Get("spare") == "yes")
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, fmt.Sprintf("/me/safety?done=list-taken&n=%d", n))
}
