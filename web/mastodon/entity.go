package mastodon

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
)

// visibilities are Mastodon's words for who may read a post.
var visibilities = map[string]store.Visibility{
	"public": store.Public, "unlisted": store.Unlisted, "private": store.Followers, "direct": store.Direct,
}

func visibilityName(v store.Visibility) string {
	return [...]string{"public", "unlisted", "private", "direct"}[v]
}

// date is RFC 3339 in UTC with exactly three decimals: some apps read nothing else.
func date(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func dateOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(date(t))
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func idOrNull(n int64) *string {
	if n == 0 {
		return nil
	}
	return new(id(n))
}

// or is the first text that is not empty.
func or(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// account converts somebody once for the whole page; nil if they are not here.
func (m *room) account(actorID int64) *Account {
	if acc, ok := m.accounts[actorID]; ok {
		return acc
	}
	a, ok := m.actors[actorID]
	if !ok {
		return nil
	}
	acc := &Account{
		ID: id(a.ID), Username: a.Username, Acct: a.Handle(), DisplayName: a.DisplayName(),
		Locked: a.Locked, Bot: a.Bot || a.Kind == "Service" || a.Kind == "Application", Group: a.Kind == "Group",
		Discoverable: a.Discoverable, Indexable: a.Indexable, CreatedAt: date(a.PublishedAt),
		Note: a.Summary, URL: or(a.URL, a.URI), URI: a.URI,
		Avatar: or(m.path(m.api.svc.FacePath(a, m.scope)), m.api.noAvatar), Header: or(m.path(m.api.svc.HeaderPath(a, m.scope)), m.api.noHeader),
		FollowersCount: a.FollowersCount, FollowingCount: a.FollowingCount, StatusesCount: a.PostsCount,
		Emojis: m.emojisOf(a.HostID, a.Extra.Emojis), Roles: []Role{}, Fields: make([]ProfileField, 0, len(a.Extra.Fields)),
	}
	acc.AvatarStatic, acc.HeaderStatic, acc.Limited = acc.Avatar, acc.Header, m.limited[a.ID]
	for _, f := range a.Extra.Fields {
		acc.Fields = append(acc.Fields, ProfileField{f.Name, f.Value, dateOrNull(f.Verified)})
	}
	if a.ID == store.OwnerID {
		m.ownAccount(acc)
	}
	m.accounts[actorID] = acc
	acc.Moved = m.movedTo(a)
	return acc
}

// movedTo is the account that somebody moved to, if it is here and names the old
// one as its alias; where that one went in turn is not followed.
func (m *room) movedTo(a store.Actor) *Account {
	to, ok := m.moved[a.Extra.MovedTo]
	if !ok || to.ID == a.ID || !slices.Contains(to.Extra.AlsoKnownAs, a.URI) {
		return nil
	}
	if m.accounts[to.ID] == nil && m.actors[to.ID].ID == 0 {
		m.actors[to.ID] = to
	}
	acc := m.account(to.ID)
	if acc == nil || acc.Moved == nil {
		return acc
	}
	last := *acc
	last.Moved = nil
	return &last
}

// ownAccount puts in what is known of the owner better than their row says.
func (m *room) ownAccount(acc *Account) {
	acc.Acct = acc.Username
	acc.Locked, acc.Discoverable, acc.Indexable = m.settings.ApproveFollowers, m.settings.Discoverable, m.settings.Indexable
	acc.NoIndex, acc.HideLists = !m.settings.SearchEngines, !m.settings.ShowLists
	acc.StatusesCount, acc.FollowersCount, acc.FollowingCount = m.counts.posts, m.counts.followers, m.counts.followed
	if m.visited() && !m.settings.ShowCounts {
		acc.FollowersCount, acc.FollowingCount = 0, 0
	}
	if !m.counts.lastPost.IsZero() {
		acc.LastStatusAt = new(m.counts.lastPost.UTC().Format(time.DateOnly))
	}
}

// picture is never empty: apps read it as an address.
func (m *room) picture(name, fallback string) string {
	if name == "" {
		return fallback
	}
	return m.api.svc.Origin().URL("/media/" + name)
}

// path is a path of ours as an address; "" stays.
func (m *room) path(path string) string {
	if path == "" {
		return ""
	}
	return m.api.svc.Origin().URL(path)
}

// credentials is the owner with the defaults of new posts.
func (m *room) credentials(requests int) CredentialAccount {
	me := m.actors[store.OwnerID]
	return CredentialAccount{
		Account: *m.account(store.OwnerID),
		Source: Source{
			Privacy: visibilityName(m.settings.PostVisibility), Sensitive: m.settings.PostSensitive, Language: m.settings.Language, Note: me.Source, Fields: typedFields(me),
			FollowRequestsCount: requests, HideLists: !m.settings.ShowLists,
			Discoverable: m.settings.Discoverable, Indexable: m.settings.Indexable, AttributionDomains: append([]string{}, me.Extra.CreditedBy...),
			QuotePolicy: string(m.settings.QuotePolicy),
		},
		Role: Role{ID: "-99", Permissions: "0"}, // Mastodon's role of everybody
	}
}

// typedFields are the lines of the profile as they were typed.
func typedFields(me store.Actor) []ProfileField {
	fields := make([]ProfileField, 0, len(me.Extra.Fields))
	for _, f := range me.Extra.Fields {
		fields = append(fields, ProfileField{f.Name, or(f.Source, markup.Text(f.Value)), dateOrNull(f.Verified)})
	}
	return fields
}

// statuses converts posts in their order; what cannot be shown is left out.
func (m *room) statuses(posts []store.Post) []*Status {
	list := make([]*Status, 0, len(posts))
	for i := range posts {
		if s := m.status(&posts[i]); s != nil {
			list = append(list, s)
		}
	}
	return list
}

// status is nil where the author, or the post that is boosted, is not here, or
// blocked by the owner, alone or with their server.
func (m *room) status(p *store.Post) *Status {
	s := m.bare(p)
	if s == nil {
		return nil
	}
	if p.BoostOf == 0 {
		s.Quote = m.quote(p)
		return s
	}
	boosted, ok := m.posts[p.BoostOf]
	if !ok || boosted.BoostOf != 0 { // a boost of a boost would nest without end
		return nil
	}
	s.Content = ""
	s.Reblog = m.status(boosted)
	if s.Reblog == nil {
		return nil
	}
	s.Filtered = s.Reblog.Filtered
	s.Favourited, s.Reblogged, s.Bookmarked, s.Muted = s.Reblog.Favourited, s.Reblog.Reblogged, s.Reblog.Bookmarked, s.Reblog.Muted
	return s
}

// bare is a post without what it boosts or quotes.
func (m *room) bare(p *store.Post) *Status {
	acc := m.account(p.ActorID)
	if acc == nil || m.hidden[p.ActorID] || !m.seen(p) {
		return nil
	}
	marks := m.marks[p.ID]
	s := &Status{
		ID: id(p.ID), CreatedAt: date(p.PublishedAt), Sensitive: p.Sensitive, SpoilerText: p.Summary,
		Visibility: visibilityName(p.Visibility), Language: textOrNull(p.Language), URI: p.URI, URL: or(p.URL, p.URI),
		RepliesCount: p.Replies, ReblogsCount: p.Boosts, FavouritesCount: p.Likes, EditedAt: dateOrNull(p.EditedAt),
		Content: p.HTML(), Filtered: filtered(m.filters.Match(p), p.ID), Account: acc, Media: m.media(p), Mentions: m.mentions(p.Extra.Mentions),
		Tags: m.tags(p.Extra.Tags), Emojis: m.emojisOf(m.actors[p.ActorID].HostID, p.Extra.Emojis), Poll: m.poll(p),
		Muted:         m.hushed[p.ID],
		Card:          m.card(p),
		QuoteApproval: m.quoteApproval(p), QuotesCount: marks.Quotes,
	}
	if m.visited() {
		m.forVisitor(s, p)
		return s
	}
	s.Favourited, s.Reblogged, s.Bookmarked = marks.Liked, marks.Boosted, marks.Saved
	s.Application = application(p)
	if p.Own() && p.BoostOf == 0 && p.Visibility.Open() {
		s.Pinned = new(m.pinned[p.ID])
	}
	m.answers(s, p)
	return s
}

// application is the app that a post was written with; nil if none is known.
func application(p *store.Post) *Application {
	if p.Extra.App == "" {
		return nil
	}
	return &Application{p.Extra.App, textOrNull(p.Extra.AppURL)}
}

// answers names what a post answers, if it is here for who asks.
func (m *room) answers(s *Status, p *store.Post) {
	if parent, ok := m.posts[p.ParentID]; ok && m.seen(parent) {
		s.InReplyToID, s.InReplyToAccount = idOrNull(parent.ID), idOrNull(parent.ActorID)
	}
}

func (m *room) mentions(list []store.Mention) []Mention {
	out := make([]Mention, 0, len(list))
	for _, n := range list {
		if n.ActorID == 0 { // not known here, so that there is no id to open
			continue
		}
		name, _, _ := strings.Cut(n.Handle, "@")
		acct := n.Handle
		if n.ActorID == store.OwnerID {
			acct = name
		}
		out = append(out, Mention{id(n.ActorID), name, or(n.URL, n.URI), acct})
	}
	return out
}

func (m *room) tags(names []string) []StatusTag {
	out := make([]StatusTag, 0, len(names))
	for _, n := range names {
		out = append(out, StatusTag{store.TagName(n), m.api.tagURL(n)})
	}
	return out
}

// emojisOf lists the pictures for words that somebody of a server used; apps fetch
// them from here.
func (m *room) emojisOf(host int64, list []store.Emoji) []CustomEmoji {
	found := m.emojis.Of(host, list)
	out := make([]CustomEmoji, 0, len(found))
	moving := map[string]string{} // the owner's: those that move do so in apps
	for _, e := range list {
		if whole, _, ok := federation.OwnEmojiPaths(e); ok {
			moving[e.Shortcode] = whole
		}
	}
	for _, e := range found {
		if whole := moving[e.Shortcode]; whole != "" {
			out = append(out, CustomEmoji{Shortcode: e.Shortcode, URL: m.path(whole), StaticURL: m.path(e.URL), Visible: true})
			continue
		}
		out = append(out, CustomEmoji{Shortcode: e.Shortcode, URL: m.path(e.URL), StaticURL: m.path(e.URL)})
	}
	return out
}

func relationshipOf(actorID int64, with store.Relation) Relationship {
	r := Relationship{ID: id(actorID), Languages: []string{}, Blocking: with.Blocked, BlockedBy: with.BlockedBy, DomainBlocking: with.HostBlocked, Endorsed: with.Endorsed, Note: with.Note}
	if m := with.Mute; m.ActorID != 0 {
		r.Muting, r.MutingNotifications = true, m.Notices
	}
	if to := with.Following; to.ActorID != 0 {
		r.Following, r.Requested = to.State == store.FollowAccepted, to.State == store.FollowAsked
		r.Languages = append(r.Languages, strings.Fields(to.Languages)...)
		// What was chosen counts from the moment of the request on, as in Mastodon.
		r.ShowingReblogs, r.Notifying = (r.Following || r.Requested) && to.Boosts, (r.Following || r.Requested) && to.Notify
	}
	if from := with.Follower; from.ActorID != 0 {
		r.FollowedBy, r.RequestedBy = from.State == store.FollowAccepted, from.State == store.FollowAsked
	}
	return r
}

// notification is nil where the person, or what it is about, is not here any more or
// not to be shown.
func (m *room) notification(n store.Notification, reports map[int64]*Report) *Notification {
	out := &Notification{
		ID: id(n.ID), Type: n.Kind, CreatedAt: date(n.At), GroupKey: n.GroupKey(store.GroupedNotices), Account: m.account(n.ActorID),
	}
	if n.Kind == reportKind {
		if out.Report = reports[n.PostID]; out.Report == nil {
			return nil
		}
	} else if n.PostID != 0 {
		p, ok := m.posts[n.PostID]
		if !ok {
			return nil
		}
		if out.Status = m.status(p); out.Status == nil {
			return nil
		}
	}
	if out.Account == nil || m.hidden[n.ActorID] && n.Kind != reportKind {
		return nil
	}
	return out
}
