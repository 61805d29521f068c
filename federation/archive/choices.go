package archive

import (
	"time"

	"dassie/store"
)

// choices writes the settings, what the profile has beside actor.json, and what
// the owner noted about people.
func (e *export) choices() error {
	var set store.Settings
	var p profile
	err := e.read(func(tx *store.Tx) (err error) {
		if set, err = tx.Settings(); err != nil {
			return err
		}
		p, err = profileOf(tx)
		return err
	})
	if err != nil {
		return err
	}
	if err := e.json(settingsMember, set); err != nil {
		return err
	}
	if err := e.json(profileMember, p); err != nil {
		return err
	}
	notes := []note{}
	if err := e.eachNote(func(n note) error { notes = append(notes, n); return nil }); err != nil {
		return err
	}
	return e.json(ownFolder+"notes.json", notes)
}

func (e *export) eachNote(do func(note) error) error {
	return eachOf(e, func(tx *store.Tx, after int64) ([]store.Note, error) { return tx.NoteList(after, pageSize) },
		func(n store.Note) int64 { return n.ActorID },
		func(n store.Note, a store.Actor) error { return do(note{a.Handle(), n.Text}) })
}

type note struct {
	About string `json:"about"`
	Text  string `json:"text"`
}

// profile is what the owner typed, and what stands on the page beside it.
type profile struct {
	Name         string        `json:"name"`
	Bio          string        `json:"bio"`
	Fields       []store.Field `json:"fields"`
	Bot          bool          `json:"bot,omitempty"`
	Aliases      []string      `json:"aliases"`
	CreditedBy   []string      `json:"credited_by"`
	FollowedTags []string      `json:"followed_hashtags"`
	FeaturedTags []string      `json:"featured_hashtags"`
	Recommended  []string      `json:"recommended"`
	Pinned       []string      `json:"pinned"`
}

func profileOf(tx *store.Tx) (profile, error) {
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return profile{}, err
	}
	p := profile{
		Name: me.Name, Bio: me.Source, Fields: me.Extra.Fields, Bot: me.Bot, Aliases: me.Extra.AlsoKnownAs, CreditedBy: me.Extra.CreditedBy,
		FollowedTags: []string{}, Recommended: []string{}, Pinned: []string{},
	}
	for page := (store.Page{Limit: pageSize}); ; {
		tags, err := tx.FollowedTags(page)
		if err != nil {
			return p, err
		}
		if len(tags) == 0 {
			break
		}
		for _, t := range tags {
			p.FollowedTags = append(p.FollowedTags, t.Name)
			page.Max = t.ID
		}
	}
	if p.FeaturedTags, err = tx.FeaturedTagNames(); err != nil {
		return p, err
	}
	ids, err := tx.Endorsements(0, endorsementsRead)
	if err != nil {
		return p, err
	}
	actors, err := tx.Actors(ids...)
	if err != nil {
		return p, err
	}
	for _, id := range ids {
		if a, ok := actors[id]; ok {
			p.Recommended = append(p.Recommended, a.Handle())
		}
	}
	pins, err := tx.Pinned(store.OwnerID)
	for _, pin := range pins {
		p.Pinned = append(p.Pinned, pin.URI)
	}
	return p, err
}

// endorsementsRead is more than there can be.
const endorsementsRead = 1000

type filter struct {
	Title   string       `json:"title"`
	Where   []string     `json:"where"`
	Action  string       `json:"action"`
	Expires time.Time    `json:"expires,omitzero"`
	Words   []filterWord `json:"words"`
	Posts   []string     `json:"posts"`
}

type filterWord struct {
	Word  string `json:"word"`
	Whole bool   `json:"whole_word"`
}

var (
	filterPlaces = []struct {
		at   store.FilterContext
		name string
	}{{store.FilterHome, "home"}, {store.FilterNotifications, "notifications"}, {store.FilterPublic, "public"}, {store.FilterThread, "thread"}, {store.FilterAccount, "account"}}
	filterActions = [...]string{"warn", "hide", "blur"}
)

func (e *export) filters() error {
	list := []filter{}
	err := e.read(func(tx *store.Tx) (err error) {
		list, err = filterList(tx)
		return err
	})
	if err != nil {
		return err
	}
	return e.json(filtersMember, list)
}

func filterList(tx *store.Tx) ([]filter, error) {
	list := []filter{}
	all, err := tx.Filters()
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		out := filter{Title: f.Title, Where: []string{}, Action: filterActions[f.Action], Expires: f.ExpiresAt, Words: []filterWord{}, Posts: []string{}}
		for _, p := range filterPlaces {
			if f.Context&p.at != 0 {
				out.Where = append(out.Where, p.name)
			}
		}
		for _, w := range f.Words {
			out.Words = append(out.Words, filterWord{w.Word, w.Whole})
		}
		ids := make([]int64, len(f.Posts))
		for i, p := range f.Posts {
			ids[i] = p.PostID
		}
		posts, err := tx.Posts(ids)
		if err != nil {
			return nil, err
		}
		for _, p := range posts {
			out.Posts = append(out.Posts, p.URI)
		}
		list = append(list, out)
	}
	return list, nil
}

// unsentKinds name what is written and not posted.
var unsentKinds = []struct {
	kind store.UnsentKind
	name string
}{{store.UnsentDraft, "draft"}, {store.UnsentScheduled, "scheduled"}, {store.UnsentHeld, "held"}}

type unsent struct {
	Kind   string           `json:"kind"`
	Edited time.Time        `json:"edited"`
	Due    time.Time        `json:"due,omitzero"`
	Parent string           `json:"in_reply_to,omitempty"`
	Quote  string           `json:"quote,omitempty"`
	Text   store.UnsentText `json:"draft"`
	Files  []file           `json:"files,omitempty"`
}

func (e *export) unsent() error {
	list, err := e.unsentList()
	if err != nil {
		return err
	}
	return e.json(draftsMember, list)
}

func (e *export) unsentList() ([]unsent, error) {
	list := []unsent{}
	err := e.read(func(tx *store.Tx) error {
		for _, k := range unsentKinds {
			all, err := tx.UnsentList(k.kind)
			if err != nil {
				return err
			}
			for _, u := range all {
				out := unsent{Kind: k.name, Edited: u.EditedAt, Due: u.DueAt, Text: u.Draft}
				if out.Parent, err = uriOf(tx, u.Draft.ParentID); err != nil {
					return err
				}
				if out.Quote, err = uriOf(tx, u.Draft.QuoteID); err != nil {
					return err
				}
				out.Text.ParentID, out.Text.QuoteID = 0, 0 // numbers of this server
				files, err := tx.MediaList(u.Draft.Media)
				if err != nil {
					return err
				}
				for _, m := range files {
					out.Files = append(out.Files, fileOf(m))
				}
				list = append(list, out)
			}
		}
		return nil
	})
	return list, err
}

// uriOf is the address of a post; "" if it is not stored any more.
func uriOf(tx *store.Tx, id int64) (string, error) {
	posts, err := tx.Posts([]int64{id})
	if len(posts) == 0 {
		return "", err
	}
	return posts[0].URI, err
}

type event struct {
	At     time.Time `json:"at"`
	What   string    `json:"what"`
	Detail string    `json:"detail,omitempty"`
}

// security writes the security log without the addresses in it: an archive is
// shown around, and where its owner was is nobody's business.
func (e *export) security() error {
	out, err := e.lines(securityMember)
	if err != nil {
		return err
	}
	return e.eachEvent(func(v event) error { return out.add(v) })
}

// eachEvent calls do with its lines, the newest first.
func (e *export) eachEvent(do func(event) error) error {
	for before := int64(0); ; {
		var page []store.SecurityEvent
		if err := e.read(func(tx *store.Tx) (err error) { page, err = tx.SecurityLogBefore(before, pageSize); return err }); err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		for _, v := range page {
			if err := do(event{v.At, v.Kind, v.Detail}); err != nil {
				return err
			}
		}
		before = page[len(page)-1].ID
	}
}
