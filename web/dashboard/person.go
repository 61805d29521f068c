package dashboard

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	personTime  = 5 * time.Second // that opening somebody's page may spend at their server
	personCards = 20
)

// followChoice is what the owner wants to see of somebody followed.
type followChoice struct {
	Boosts, Notify   bool
	Languages, Error string
}

type personPage struct {
	assets.Owner
	Person                                   assets.Person
	Header, Relation, Trouble, Original      string
	Bio                                      template.HTML
	Fields                                   []assets.ProfileField
	Lines                                    []string
	FollowsYou, Asks, Fetching, Gone         bool
	MayRecommend, Recommended                bool
	Shared                                   []assets.Person
	SharedMore                               int
	Note, NoteText, NoteError, Muted, Server string
	Host                                     string // their server
	Limited                                  string // the name by which the strangers of their server are silenced, if they are one
	Choice                                   *followChoice
	MuteTimes                                []assets.Option
	Facts                                    []assets.Fact
	Tabs                                     []assets.Tab
	Pinned, Cards                            []assets.Card
	Pager                                    assets.Pager
	Moved                                    *assets.Person
}

// personTabs are the kinds of somebody's posts.
var personTabs = []struct {
	key, text string
	posts     store.AuthorQuery
}{
	{"", "Posts", store.AuthorQuery{Boosts: true}},
	{"replies", "Posts and replies", store.AuthorQuery{Boosts: true, Replies: true}},
	{"media", "Media", store.AuthorQuery{Replies: true, Media: true}},
	{"boosts", "Boosts", store.AuthorQuery{Replies: true, OnlyBoosts: true}},
}

// person handles GET /me/person/ID. What is stored is made fresh first, for a
// few seconds at most; without an answer the page shows what is here.
func (d *Dashboard) person(w http.ResponseWriter, r *http.Request) {
	id, query := idOf(r), r.URL.Query()
	var trouble error
	if id != 0 && query.Get("before") == "" && query.Get("after") == "" && query.Get("k") == "" {
		ctx, cancel := context.WithTimeout(r.Context(), personTime)
		trouble = d.service.OpenPerson(ctx, id)
		cancel()
	}
	d.showPerson(w, r, answer{}, trouble, func(*personPage) {})
}

// showPerson shows somebody's page; last changes it before it is rendered.
func (d *Dashboard) showPerson(w http.ResponseWriter, r *http.Request, a answer, trouble error, last func(*personPage)) {
	d.show(w, r, "person", a, func(v *view) (any, error) {
		a, err := v.actor(idOf(r))
		if err != nil {
			return nil, err
		}
		page := personPage{Person: v.face(a), Header: v.d.service.HeaderPath(a, federation.ForOwner), Fields: v.fields(a), Original: a.URL, Gone: !a.GoneAt.IsZero()}
		if page.Gone {
			page.Original = ""
		}
		page.Bio = pictured(a.Summary, v.profileEmojis(a))
		page.Person.URL = personPath(a.ID)
		if a.ID == store.OwnerID {
			page.Original = "/@" + a.Username
		}
		if page.Owner, err = v.frame(page.Person.Called(), ""); err != nil {
			return nil, err
		}
		if err := v.personRelation(&page, a); err != nil {
			return nil, err
		}
		if err := v.personFacts(&page, a, trouble); err != nil {
			return nil, err
		}
		if page.Moved, err = v.moved(a); err != nil {
			return nil, err
		}
		if err := v.personPosts(&page, a); err != nil {
			return nil, err
		}
		page.Fetching = len(page.Cards) == 0 && (errors.Is(trouble, context.DeadlineExceeded) || a.FetchedAt.IsZero())
		last(&page)
		return page, nil
	})
}

// personRelation fills how the owner and somebody stand to each other, in words.
func (v *view) personRelation(page *personPage, a store.Actor) error {
	all, err := v.tx.Relations(a.ID)
	if err != nil {
		return err
	}
	r := all[a.ID]
	page.Relation = relationWord(a.ID, r)
	if a.ID == store.OwnerID {
		return nil
	}
	if r.HostBlocked {
		page.Server = a.Domain
	}
	var silenced string
	if page.Host, silenced, err = v.serverOf(a.ID); err != nil {
		return err
	}
	if r.Limited {
		page.Limited = silenced
	}
	page.Note, page.NoteText, page.MuteTimes = r.Note, r.Note, muteOptions()
	if r.Mute.ActorID != 0 {
		page.Muted, v.evenMuted = v.muteWords(r.Mute), true
	}
	from, to := r.Follower, r.Following
	if from.ActorID != 0 && from.State == store.FollowAccepted {
		page.FollowsYou = true
		page.Lines = append(page.Lines, "Follows you since "+dayOf(v.local(from.DecidedAt))+".")
	} else if from.ActorID != 0 && from.State == store.FollowAsked {
		page.Asks = true
		page.Lines = append(page.Lines, "Asked to follow you "+ago(v.now, v.local(from.AskedAt))+".")
	}
	switch page.Relation {
	case "following":
		page.Lines = append(page.Lines, "You follow them since "+dayOf(v.local(to.DecidedAt))+".")
	case "asked":
		page.Lines = append(page.Lines, "You asked to follow them "+ago(v.now, v.local(to.AskedAt))+".")
	}
	if page.Relation == "following" || page.Relation == "asked" {
		page.Choice = &followChoice{Boosts: to.Boosts, Notify: to.Notify, Languages: to.Languages}
		page.MayRecommend, page.Recommended = page.Relation == "following", r.Endorsed
	}
	people, n, err := federation.SharedPeople(v.tx, a.ID)
	for _, b := range people {
		page.Shared = append(page.Shared, v.face(b))
	}
	page.SharedMore = n - len(people)
	return err
}

// personFacts fills what their server says of somebody, and why it may be old.
func (v *view) personFacts(page *personPage, a store.Actor, trouble error) error {
	if a.ID == store.OwnerID {
		return nil
	}
	host, err := v.tx.HostByID(a.HostID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	page.Trouble = v.d.troubleWith(a, trouble)
	if errors.Is(trouble, context.DeadlineExceeded) || reply.CodeOf(trouble) == reply.Unavailable || reply.CodeOf(trouble) == reply.Internal {
		page.Trouble += v.lastHeard(a, host)
	}
	server := a.Domain
	if s := software(host); s != "" {
		server += ", " + s
	}
	page.Facts = append(v.accountFacts(a),
		assets.Fact{Label: "Followers", Text: thousands(a.FollowersCount)},
		assets.Fact{Label: "Following", Text: thousands(a.FollowingCount)},
		assets.Fact{Label: "Server", Text: server},
		assets.Fact{Label: "Known", Text: "here since " + dayOf(v.local(store.TimeOf(a.ID)))})
	if a.Bot {
		page.Facts = append(page.Facts, assets.Fact{Label: "Kind", Text: "Run by a program"})
	}
	return nil
}

// lastHeard says since when somebody's server has been silent.
func (v *view) lastHeard(a store.Actor, h store.Host) string {
	if !h.DeadAt.IsZero() {
		return " The server counts as dead since " + dayOf(v.local(h.DeadAt)) + "."
	}
	heard := a.FetchedAt
	for _, at := range []time.Time{h.SeenAt, h.AcceptedAt} {
		if at.After(heard) {
			heard = at
		}
	}
	if heard.IsZero() {
		return ""
	}
	return " We last heard from it " + ago(v.now, v.local(heard)) + "."
}

// troubleWith says why somebody's page may be old. The cause of a fault of ours
// is for the log.
func (d *Dashboard) troubleWith(a store.Actor, err error) string {
	switch {
	case !a.GoneAt.IsZero():
		return "Their server says that this account is deleted."
	case err == nil || errors.Is(err, store.ErrNotFound):
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return a.Domain + " did not answer in time. This is what we knew before."
	case reply.CodeOf(err) == reply.Internal:
		d.log.Info("refresh somebody's page", "actor", a.URI, "err", err)
		return a.Domain + " could not be asked just now. This is what we knew before."
	}
	return reply.Message(err) + " This is what we knew before."
}

// personPosts fills a page of one kind of somebody's posts; before the first are
// those that they pinned.
func (v *view) personPosts(page *personPage, a store.Actor) error {
	v.filtersAt = store.FilterAccount
	query := v.r.URL.Query()
	tab, base := personTabs[0], page.Person.URL+"?"
	for _, t := range personTabs {
		at := assets.Tab{URL: page.Person.URL, Text: t.text, Current: t.key == query.Get("k")}
		if t.key != "" {
			at.URL += "?k=" + t.key
		}
		if at.Current && t.key != "" {
			tab, base = t, at.URL+"&"
		}
		page.Tabs = append(page.Tabs, at)
	}
	p := pageOf(number(query.Get("before")), number(query.Get("after")), personCards)
	rows, err := v.tx.PostsOf(a.ID, tab.posts, p)
	if err != nil {
		return err
	}
	rows, page.Pager = cutPage(rows, p, base, postID)
	if page.Cards, _, err = v.cards(rows); err != nil || tab.key != "" || p.Max != 0 || p.Min != 0 {
		return err
	}
	pins, err := v.tx.Pinned(a.ID)
	if err != nil {
		return err
	}
	if page.Pinned, _, err = v.cards(pins); err != nil {
		return err
	}
	page.Cards = without(page.Cards, page.Pinned)
	return nil
}

// without leaves out the cards that stand in another list of the page: no two may
// have one anchor.
func without(cards, others []assets.Card) []assets.Card {
	there := map[string]bool{}
	for _, c := range others {
		there[c.ID] = true
	}
	var left []assets.Card
	for _, c := range cards {
		if !there[c.ID] {
			left = append(left, c)
		}
	}
	return left
}

func (v *view) fields(a store.Actor) []assets.ProfileField {
	emojis := v.profileEmojis(a)
	var list []assets.ProfileField
	for _, f := range a.Extra.Fields {
		list = append(list, assets.ProfileField{Name: f.Name, Value: pictured(f.Value, emojis), Verified: !f.Verified.IsZero()})
	}
	return list
}
