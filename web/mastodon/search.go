package mastodon

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// search: GET /api/v2/search. A handle or an address is looked up, over the
// network if resolve is set; a hashtag is itself; any other words are looked for
// in the posts that are stored here, and in names. The three lists are always there.
func (a *API) search(c *call) (any, error) {
	q, kind, err := searchQuery(c)
	if err != nil {
		return nil, err
	}
	found, err := a.find(c, q)
	if err != nil {
		return nil, err
	}
	out := noHits()
	// All there is to find by name fits on the first page.
	first := offset(c) == 0
	if (kind == "" || kind == "hashtags") && first {
		if tag, ok := tagQuery(q); ok {
			found, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (map[string]bool, error) { return tx.FollowedAmong([]string{tag}) })
			if err != nil {
				return nil, err
			}
			out.Hashtags = append(out.Hashtags, a.tagEntity(tag, found[tag]))
		}
	}
	err = a.st.Read(c.ctx, func(tx *store.Tx) error {
		posts, people, err := a.hits(tx, c, q, found, first)
		if err != nil {
			return err
		}
		if c.params.truth("following") {
			if people, err = followed(tx, people); err != nil {
				return err
			}
		}
		m, err := a.gather(tx, posts, people...)
		if err != nil {
			return err
		}
		if kind == "" || kind == "statuses" {
			out.Statuses = m.statuses(posts)
		}
		for _, actorID := range people {
			if acc := m.account(actorID); acc != nil && (kind == "" || kind == "accounts") {
				out.Accounts = append(out.Accounts, acc)
			}
		}
		return nil
	})
	return out, err
}

// searchQuery reads what is looked for, and which kind of things.
func searchQuery(c *call) (q, kind string, err error) {
	q, kind = strings.TrimSpace(c.params.get("q")), c.params.get("type")
	if q == "" {
		return q, kind, reply.Errorf(reply.Invalid, "Say in q what to search for.")
	}
	if kind != "" && kind != "accounts" && kind != "statuses" && kind != "hashtags" {
		return q, kind, reply.Errorf(reply.Invalid, "The type is one of accounts, statuses, hashtags.")
	}
	return q, kind, nil
}

func noHits() Search { return Search{Accounts: []*Account{}, Statuses: []*Status{}, Hashtags: []Tag{}} }

// maxOffset is how far an app may skip: beyond it, search for something else.
const maxOffset = 400

// offset is how many hits an app has already. Only of one kind can it know.
func offset(c *call) int {
	if c.params.get("type") == "" {
		return 0
	}
	return c.params.number("offset", 0, 1<<20)
}

// followed keeps those whom the owner follows.
func followed(tx *store.Tx, people []int64) ([]int64, error) {
	with, err := tx.Relations(people...)
	return slices.DeleteFunc(people, func(id int64) bool {
		to := with[id].Following
		return to.ActorID == 0 || to.State != store.FollowAccepted
	}), err
}

// skip is a list without its first n.
func skip[T any](list []T, n int) []T { return list[min(n, len(list)):] }

// find looks up what names one person or post. What cannot be found is no error
// to an app: it gets empty lists.
func (a *API) find(c *call, q string) (federation.Found, error) {
	if !namesOne(q) {
		return federation.Found{}, nil
	}
	if !c.params.truth("resolve") {
		return store.Get(c.ctx, a.st, func(tx *store.Tx) (federation.Found, error) { return stored(tx, q) })
	}
	found, err := a.svc.Lookup(c.ctx, q)
	if err != nil && reply.CodeOf(err) != reply.Internal {
		a.log.Info("look-up for an app found nothing", "app", c.grant.App.Name, "err", err)
		return federation.Found{}, nil
	}
	return found, err
}

// stored finds by handle or address what is here already; old posts that were imported
// by those that they had, too.
func stored(tx *store.Tx, q string) (f federation.Found, err error) {
	if strings.Contains(q, "://") {
		id, err := tx.PostWithAddress(q)
		if err == nil {
			p, err := tx.Post(id)
			f.Post = &p
			return f, err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return f, err
		}
		return foundActor(tx.ActorByURI(q))
	}
	user, host, _ := strings.Cut(strings.TrimPrefix(q, "@"), "@")
	if host == "" {
		me, err := tx.Actor(store.OwnerID)
		if err != nil || !strings.EqualFold(me.Username, user) {
			return f, err
		}
		return foundActor(me, nil)
	}
	return foundActor(tx.ActorByHandle(user, strings.ToLower(host)))
}

func foundActor(a store.Actor, err error) (federation.Found, error) {
	if errors.Is(err, store.ErrNotFound) {
		return federation.Found{}, nil
	}
	return federation.Found{Actor: &a}, err
}

// hits lists the posts and people of an answer: what was named, else what the
// words are found in.
func (a *API) hits(tx *store.Tx, c *call, q string, found federation.Found, first bool) ([]store.Post, []int64, error) {
	if found.Post != nil && first {
		return []store.Post{*found.Post}, nil, nil
	}
	if found.Actor != nil && first {
		return nil, []int64{found.Actor.ID}, nil
	}
	kind := c.params.get("type")
	before := offset(c)
	if _, tag := tagQuery(q); tag || namesOne(q) || before > maxOffset || kind == "hashtags" {
		return nil, nil, nil
	}
	sought, err := a.svc.ReadSearch(tx, q)
	if reply.CodeOf(err) == reply.Unprocessable {
		return nil, nil, nil // somebody who is not known, a day that is none: nothing is found
	}
	if err != nil {
		return nil, nil, err
	}
	page := c.page(20, 40)
	page.Limit += before
	if by, ok := parseID(c.params.get("account_id")); ok {
		sought.From = by
	}
	var posts []store.Post
	if kind != "accounts" {
		if posts, _, err = tx.SearchPosts(sought, page); err != nil {
			return nil, nil, err
		}
		posts = skip(posts, before)
	}
	if kind == "statuses" || sought.Words != strings.Join(strings.Fields(q), " ") {
		return posts, nil, nil
	}
	people, err := tx.SearchPeople(sought.Words, page.Limit)
	if err != nil {
		return nil, nil, err
	}
	me, err := stored(tx, q) // the owner, by name: programs find out so who "me" is
	var ids []int64
	if me.Actor != nil {
		ids = append(ids, me.Actor.ID)
	}
	for _, p := range people {
		ids = append(ids, p.ID)
	}
	return posts, skip(ids, before), err
}

// namesOne says that a query is a handle or an address, not words.
func namesOne(q string) bool {
	if strings.ContainsFunc(q, unicode.IsSpace) {
		return false
	}
	return strings.HasPrefix(q, "https://") || strings.HasPrefix(q, "http://") || strings.Contains(q, "@") && !strings.HasPrefix(strings.ToLower(q), "from:")
}

// tagQuery reads "#name".
func tagQuery(q string) (string, bool) {
	if !strings.HasPrefix(q, "#") {
		return "", false
	}
	return federation.TagName(q)
}
