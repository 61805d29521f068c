package dashboard

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// crowd fills alice's server with people of other servers: 2,000 followers on 300
// servers, of which she follows some, and what they did.
func crowd(t *testing.T, h *house) {
	t.Helper()
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		friends := store.List{Title: "Friends"}
		if err := tx.SaveList(&friends); err != nil {
			return err
		}
		for i := range 2000 {
			host := fmt.Sprintf("s%d.example", i%300)
			if i%300 == 7 && i > 900 {
				host = fmt.Sprintf("sub%d.s7.example", i)
			}
			a, err := storetest.Person(tx, fmt.Sprintf("u%d", i), host)
			if err != nil {
				return err
			}
			state := store.FollowAccepted
			if i%7 == 3 {
				state = store.FollowAsked
			}
			if err := tx.SaveFollower(store.Follower{ActorID: a.ID, State: state, FollowURI: a.URI + "/f", Follow: "{}", AskedAt: tx.Now(), DecidedAt: tx.Now()}); err != nil {
				return err
			}
			if err := befriend(tx, a, i, friends.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// befriend gives one of a crowd a post in home, a notice, messages, and some times a
// follow and a place in a list.
func befriend(tx *store.Tx, a store.Actor, i int, list int64) error {
	if i%2 == 0 && i%300 != 7 {
		return nil
	}
	if i%7 != 2 {
		if err := tx.SaveFollowing(store.Following{ActorID: a.ID, State: store.FollowAccepted, FollowURI: "f" + strconv.Itoa(i), Boosts: true, AskedAt: tx.Now(), DecidedAt: tx.Now()}); err != nil {
			return err
		}
	}
	if i%7 != 2 && i%4 == 3 {
		if _, err := tx.AddListed(list, a.ID); err != nil {
			return err
		}
	}
	if i%5 == 1 || i%300 == 7 {
		if err := talk(tx, a, i); err != nil {
			return err
		}
	}
	p := store.Post{URI: a.URI + "/p", ActorID: a.ID, Content: "<p>Words</p>", PublishedAt: tx.Now()}
	if err := tx.InsertPost(&p); err != nil {
		return err
	}
	if err := tx.AddHome(p.ID, false); err != nil {
		return err
	}
	return tx.Notify(&store.Notification{Kind: "mention", ActorID: a.ID, PostID: p.ID})
}

// talk has one of a crowd write to alice alone and to her with somebody else, who may be
// of another server; that person boosts a post into her home.
func talk(tx *store.Tx, a store.Actor, i int) error {
	other, err := storetest.Person(tx, fmt.Sprintf("other%d", i), fmt.Sprintf("s%d.example", (i+i%2*140)%300))
	if err != nil {
		return err
	}
	if err := tx.SaveFollowing(store.Following{ActorID: other.ID, State: store.FollowAccepted, FollowURI: other.URI + "/f", Boosts: true, AskedAt: tx.Now(), DecidedAt: tx.Now()}); err != nil {
		return err
	}
	for n, named := range [][]store.Mention{nil, {{ActorID: other.ID, URI: other.URI}}} {
		p := store.Post{URI: fmt.Sprintf("%s/m%d", a.URI, n), ActorID: a.ID, Content: "<p>A message</p>", Visibility: store.Direct, PublishedAt: tx.Now()}
		p.Extra.Mentions = append(named, store.Mention{ActorID: store.OwnerID})
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		if _, err := tx.FileConversation(store.Filing{Post: p, Author: a, Unread: true}); err != nil {
			return err
		}
	}
	said := store.Post{URI: a.URI + "/said", ActorID: a.ID, Content: "<p>To be boosted</p>", PublishedAt: tx.Now()}
	if err := tx.InsertPost(&said); err != nil {
		return err
	}
	boost := store.Post{URI: other.URI + "/boost", ActorID: other.ID, BoostOf: said.ID, PublishedAt: tx.Now()}
	if err := tx.InsertPost(&boost); err != nil {
		return err
	}
	return tx.AddHome(boost.ID, false)
}

// shown is how much of everything the owner's pages show.
type shown struct{ followers, asking, following, lists, home, inbox, messages int }

func (h *house) shown() (n shown) {
	h.t.Helper()
	err := h.Store().Read(ctx, func(tx *store.Tx) (err error) {
		if n.followers, err = tx.CountFollowers(store.FollowAccepted); err != nil {
			return err
		}
		if n.asking, err = tx.CountFollowers(store.FollowAsked); err != nil {
			return err
		}
		if n.following, err = tx.CountFollowing(); err != nil {
			return err
		}
		for p := (store.Page{Limit: 500}); ; {
			list, err := tx.Home(p)
			n.home += len(list)
			if err != nil || len(list) < p.Limit {
				break
			}
			p.Max = list[len(list)-1].ID
		}
		listed, err := tx.CountListed()
		if err != nil {
			return err
		}
		for _, places := range listed {
			n.lists += places
		}
		if n.messages, err = tx.CountUnreadConversations(1 << 30); err != nil { // none of them was read
			return err
		}
		n.inbox, err = tx.CountNotificationsSince(0, 1<<30)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

var numbers = regexp.MustCompile(`<dt>(\w[\w ]*)</dt><dd><b>([0-9,]+) `)

// promised reads the numbers of a page before a block.
func promised(body string) map[string]int {
	out := map[string]int{}
	for _, m := range numbers.FindAllStringSubmatch(body, -1) {
		out[m[1]], _ = strconv.Atoi(strings.ReplaceAll(m[2], ",", ""))
	}
	return out
}

func (before shown) less(after shown) map[string]int {
	return map[string]int{
		"Followers": before.followers - after.followers, "Requests": before.asking - after.asking, "Following": before.following - after.following,
		"Lists": before.lists - after.lists, "Home": before.home - after.home, "Inbox": before.inbox - after.inbox, "Messages": before.messages - after.messages,
	}
}

func (h *house) keeps(what string, promised map[string]int, before shown) {
	h.t.Helper()
	for label, n := range before.less(h.shown()) {
		if promised[label] != n {
			h.t.Errorf("%s: %s was to be %d, and is %d", what, label, promised[label], n)
		}
	}
}
