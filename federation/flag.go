package federation

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	maxReportText  = 3000 // characters
	maxReportPosts = 100  // posts that one report names; more are left out
	reportsOfHost  = 20   // reports taken from one server in a day …
	reportsOfAll   = 200  // … and from all of them together
)

// onFlag takes a report about the owner. It mostly comes from the instance actor
// of a server, names the account and posts in any order, and is addressed to
// nobody (Mastodon, GoToSocial); Misskey and its kin put the addresses of posts
// into the text.
func (s *Service) onFlag(tx *store.Tx, in *incoming) (outcome, error) {
	if in.act.ID != "" {
		if seen, err := tx.Seen(in.act.ID); err != nil || seen {
			return done, err
		}
	}
	text := reportText(in.act.Raw)
	posts, err := s.reportedPosts(tx, append(in.act.ObjectIDs, s.postsInText(text)...))
	if err != nil || !s.namesOwner(in.act) && len(posts) == 0 {
		return done, err
	}
	ofHost, all, err := tx.CountReportsSince(s.now().Add(-24*time.Hour), in.sender.HostID)
	if err != nil {
		return done, err
	}
	if ofHost >= reportsOfHost || all >= reportsOfAll {
		s.log.Debug("left out a report: too many in a day", "actor", in.sender.URI)
		return done, nil
	}
	r := store.Report{ActorID: in.sender.ID, AboutID: store.OwnerID, URI: in.act.ID, Text: text, Posts: posts, Category: "other"}
	if r.Evidence, err = evidenceOf(tx, posts); err != nil {
		return done, err
	}
	if err := tx.AddReport(&r); err != nil {
		return done, err
	}
	return done, s.notify(tx, store.Notification{Kind: "admin.report", ActorID: in.sender.ID, PostID: r.ID})
}

func (s *Service) caresForFlag(_ *store.Tx, in *incoming) (bool, error) {
	return s.flagsOurs(in.act), nil
}

func (s *Service) flagByStranger(_ *store.Tx, act *ap.Activity) (bool, error) {
	return s.flagsOurs(act), nil
}

// flagsOurs says whether a report may be about something of this server.
func (s *Service) flagsOurs(act *ap.Activity) bool {
	for _, id := range act.ObjectIDs {
		if s.origin.Owns(id) {
			return true
		}
	}
	return false
}

func (s *Service) namesOwner(act *ap.Activity) bool {
	for _, id := range act.ObjectIDs {
		if id == s.actorURI || strings.EqualFold(id, s.origin.URL("/@"+s.me.Name)) {
			return true
		}
	}
	return false
}

// reportedPosts keeps those of the named posts that are the owner's, each once.
func (s *Service) reportedPosts(tx *store.Tx, uris []string) ([]string, error) {
	var posts []string
	seen := map[string]bool{}
	for _, uri := range uris {
		if seen[uri] || !s.origin.Owns(uri) || len(posts) == maxReportPosts {
			continue
		}
		seen[uri] = true
		p, err := tx.PostByURI(uri)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.Own() && p.BoostOf == 0 {
			posts = append(posts, p.URI)
		}
	}
	return posts, nil
}

const (
	reportedWords  = 20   // posts whose words are kept with a report
	reportedLength = 2000 // characters of each
)

// evidenceOf keeps what reported posts say now.
func evidenceOf(tx *store.Tx, uris []string) ([]store.Evidence, error) {
	var list []store.Evidence
	for _, uri := range uris[:min(len(uris), reportedWords)] {
		p, err := tx.PostByURI(uri)
		if err != nil {
			return nil, err
		}
		e := store.Evidence{URI: uri, Warning: p.Summary, Text: cut(markup.Text(p.HTML()), reportedLength), Files: len(p.Extra.Attachments), At: p.PublishedAt}
		if !p.EditedAt.IsZero() {
			e.At = p.EditedAt
		}
		list = append(list, e)
	}
	return list, nil
}

var numberInPath = regexp.MustCompile(`^(/posts/|/@[A-Za-z0-9_]+/)([0-9]{1,19})`)

// postsInText finds addresses of own posts, their ids or pages, in a report's text.
func (s *Service) postsInText(text string) []string {
	var uris []string
	for rest := text; len(uris) < maxReportPosts; {
		_, after, ok := strings.Cut(rest, s.origin.URL(""))
		if !ok {
			break
		}
		rest = after
		if m := numberInPath.FindStringSubmatch(after); m != nil {
			if id, err := strconv.ParseInt(m[2], 10, 64); err == nil {
				uris = append(uris, s.postURI(id))
			}
		}
	}
	return uris
}

// reportText is the reason of a report as plain text: content, or summary as
// Lemmy has it. Line ends stay; what could disturb a page or a log does not.
func reportText(o ap.Object) string {
	text := o.Str("content")
	if strings.TrimSpace(text) == "" {
		text = o.Str("summary")
	}
	return cut(plainLines(text), maxReportText)
}

// plainLines drops control characters but line ends, and what turns the
// direction of the text around.
func plainLines(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\u200d' || !unicode.Is(unicode.C, r) {
			return r
		}
		return -1
	}, text))
}

// CloseReport notes that the owner dealt with a report. The note stays here:
// nobody is told.
func (s *Service) CloseReport(ctx context.Context, id int64, note string) error {
	note = plainLines(note)
	if n := utf8.RuneCountInString(note); n > maxReportText {
		return reply.Errorf(reply.Unprocessable, "The note has %d characters; %d is the most there can be.", n, maxReportText)
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.CloseReport(id, note) })
	if errors.Is(err, store.ErrNotFound) {
		return reply.Errorf(reply.NotFound, "There is no such report.")
	}
	return err
}

// reportCategories are the client API's words for why.
var reportCategories = map[string]bool{"spam": true, "legal": true, "violation": true, "other": true}

// Complaint is a report that the owner makes.
type Complaint struct {
	ActorID  int64
	PostIDs  []int64 // of theirs
	Text     string
	Category string // "" is other
	Forward  bool   // send it to their server; the owner is not named there
}

// Report keeps a report about somebody and, only if the owner wants it, sends it
// to their server. It goes out as the server's, not as the owner's, as Mastodon
// and GoToSocial do it.
func (s *Service) Report(ctx context.Context, c Complaint) (store.Report, error) {
	c.Text = plainLines(c.Text)
	if c.Category == "" {
		c.Category = "other"
	}
	if n := utf8.RuneCountInString(c.Text); n > maxReportText {
		return store.Report{}, reply.Errorf(reply.Unprocessable, "The text has %d characters; %d is the most there can be.", n, maxReportText)
	}
	if !reportCategories[c.Category] {
		return store.Report{}, reply.Errorf(reply.Unprocessable, "The category is one of spam, legal, violation, other.")
	}
	if c.ActorID == store.OwnerID {
		return store.Report{}, reply.Errorf(reply.Unprocessable, "You cannot report yourself.")
	}
	if len(c.PostIDs) > maxReportPosts {
		return store.Report{}, reply.Errorf(reply.Unprocessable, "A report names at most %d posts.", maxReportPosts)
	}
	r, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Report, error) { return s.report(tx, c) })
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("report actor %d: %w", c.ActorID, err)
	}
	return r, err
}

func (s *Service) report(tx *store.Tx, c Complaint) (store.Report, error) {
	a, err := tx.Actor(c.ActorID)
	if errors.Is(err, store.ErrNotFound) {
		return store.Report{}, reply.Errorf(reply.NotFound, "This person is not known here.")
	}
	if err != nil {
		return store.Report{}, err
	}
	posts, err := tx.Posts(c.PostIDs)
	if err != nil {
		return store.Report{}, err
	}
	r := store.Report{Own: true, ActorID: store.OwnerID, AboutID: a.ID, Text: c.Text, Category: c.Category, Forwarded: c.Forward && a.Inbox != ""}
	for _, p := range posts {
		if p.ActorID == a.ID {
			r.Posts = append(r.Posts, p.URI)
		}
	}
	if len(r.Posts) < len(c.PostIDs) {
		return r, reply.Errorf(reply.NotFound, "One of these posts is not here, or not by @%s.", a.Handle())
	}
	if same, ok, err := reportedJustNow(tx, r, s.now()); err != nil || ok {
		return same, err
	}
	if !r.Forwarded {
		return r, tx.AddReport(&r)
	}
	r.URI = s.newActivityID()
	if err := tx.AddReport(&r); err != nil {
		return r, err
	}
	m := ap.NewActivity("Flag", r.URI, s.instanceURI(), append([]string{a.URI}, r.Posts...), nil, nil, time.Time{})
	m.Content = r.Text
	return r, s.sendByInstance(tx, "Flag", m, inboxOf(a))
}

// reportTwice is how long a report that says the very same is the same one: a
// button pressed twice, or an app that did not hear the answer.
const reportTwice = 10 * time.Minute

func reportedJustNow(tx *store.Tx, r store.Report, now time.Time) (store.Report, bool, error) {
	last, err := tx.Reports(true, store.Page{Limit: 1})
	if err != nil || len(last) == 0 {
		return store.Report{}, false, err
	}
	old := last[0]
	same := old.AboutID == r.AboutID && old.Text == r.Text && old.Category == r.Category && old.Forwarded == r.Forwarded && slices.Equal(old.Posts, r.Posts)
	return old, same && now.Sub(old.At) < reportTwice, nil
}
