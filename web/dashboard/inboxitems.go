package dashboard

import (
	"slices"
	"strconv"
	"strings"

	"dassie/assets"
	"dassie/store"
)

// notices is what the items of a page of the inbox are made of.
type notices struct {
	posts  map[int64]store.Post
	cards  map[int64]assets.Card
	votes  map[int64][]int
	emoji  map[[2]int64]string // by post and person
	hidden map[int64]bool
	carded map[int64]bool
}

// inboxItems draws groups of notifications. A group of likes becomes one line for
// each emoji that people reacted with, and one for the likes.
func (v *view) inboxItems(groups []store.NoticeGroup, marker int64) ([]inboxItem, error) {
	n, err := v.noticesOf(groups)
	if err != nil {
		return nil, err
	}
	var items []inboxItem
	for _, g := range groups {
		for _, part := range n.parts(g) {
			if item, ok := v.inboxItem(n, part.NoticeGroup, part.emoji); ok {
				item.New = part.Newest().ID > marker
				items = append(items, item)
			}
		}
	}
	return items, nil
}

// noticesOf reads the posts and people of a page of groups.
func (v *view) noticesOf(groups []store.NoticeGroup) (*notices, error) {
	v.filtersAt = store.FilterNotifications
	n := &notices{posts: map[int64]store.Post{}, cards: map[int64]assets.Card{}, carded: map[int64]bool{}}
	var ids, people []int64
	var pairs [][2]int64
	for _, g := range groups {
		if g.PostID != 0 {
			ids = append(ids, g.PostID)
		}
		for i, m := range g.Members {
			people = append(people, m.ActorID)
			if g.Kind == "favourite" && i < reactionsOf {
				pairs = append(pairs, [2]int64{m.PostID, m.ActorID})
			}
		}
	}
	var err error
	if n.hidden, err = v.hidden(people); err != nil {
		return nil, err
	}
	if n.emoji, err = v.inboxReactions(pairs); err != nil {
		return nil, err
	}
	list, err := v.tx.Posts(ids)
	if err != nil {
		return nil, err
	}
	if n.votes, err = v.ownVotes(list); err != nil {
		return nil, err
	}
	made, err := v.plainCards(list)
	for i, p := range list {
		n.posts[p.ID], n.cards[p.ID] = p, made[i]
	}
	return n, err
}

// inboxReactions reads with which emoji people reacted to own posts; who likes a
// post as well is left out.
func (v *view) inboxReactions(pairs [][2]int64) (map[[2]int64]string, error) {
	list, err := v.tx.ReactionsFor(pairs)
	if err != nil {
		return nil, err
	}
	if err := v.addReactionWords(list); err != nil {
		return nil, err
	}
	emoji, likes := map[[2]int64]string{}, map[[2]int64]bool{}
	for _, r := range list {
		pair := [2]int64{r.PostID, r.ActorID}
		if r.Emoji == "" {
			likes[pair] = true
		} else {
			emoji[pair] = strings.TrimSpace(emoji[pair] + " " + r.Emoji)
		}
	}
	for pair := range likes {
		delete(emoji, pair)
	}
	return emoji, nil
}

// part is a group of people who did the very same.
type part struct {
	store.NoticeGroup
	emoji string
}

// parts takes hidden people out of a group and parts it by what they reacted with.
func (n *notices) parts(g store.NoticeGroup) (list []part) {
	for _, m := range g.Members {
		if n.hidden[m.ActorID] && g.Kind != "move" {
			continue
		}
		emoji := ""
		if g.Kind == "favourite" {
			emoji = n.emoji[[2]int64{m.PostID, m.ActorID}]
		}
		i := slices.IndexFunc(list, func(p part) bool { return p.emoji == emoji })
		if i < 0 {
			i, list = len(list), append(list, part{store.NoticeGroup{Key: g.Key, Kind: g.Kind, PostID: g.PostID}, emoji})
		}
		list[i].Members = append(list[i].Members, m)
	}
	return list
}

// inboxItem is one line; false if what it is about is gone.
func (v *view) inboxItem(n *notices, g store.NoticeGroup, emoji string) (inboxItem, bool) {
	first := g.Newest()
	item := inboxItem{ID: decimal(first.ID), Time: v.local(first.At), Reaction: emoji}
	for word := range strings.FieldsSeq(emoji) {
		if path := v.reactionImage(word, first.ActorID); path != "" {
			item.Emojis = append(item.Emojis, assets.Emoji{Shortcode: strings.Trim(word, ":"), URL: path})
		}
	}
	for i, m := range g.Members[:min(len(g.Members), facesShown)] {
		item.Faces = append(item.Faces, v.known(m.ActorID))
		if i < namesShown {
			item.Named = append(item.Named, v.known(m.ActorID))
		}
	}
	item.Others = len(g.Members) - len(item.Named)
	p, here := n.posts[g.PostID]
	switch g.Kind {
	case "follow", "move":
		item.Kind = g.Kind
	case "follow_request":
		item.Kind = "request"
	case "admin.report":
		item.Kind = "report"
	default:
		return v.inboxAbout(n, item, g.Kind, p, here)
	}
	if item.Kind == "move" {
		if to, err := v.moved(v.seen[first.ActorID]); err == nil && to != nil { // else their page says more
			item.Excerpt, item.ExcerptURL = "Now "+to.Handle, to.URL
		}
	}
	return item, true
}

// inboxAbout is a line about a post.
func (v *view) inboxAbout(n *notices, item inboxItem, kind string, p store.Post, here bool) (inboxItem, bool) {
	if !here {
		return item, false
	}
	item.About = "post"
	if p.ParentURI != "" {
		item.About = "reply"
	}
	switch kind {
	case "mention":
		item.Kind = "mention"
		if me, ok := v.seen[store.OwnerID]; ok && n.cards[p.ID].ReplyTo == "@"+me.Handle() {
			item.Kind = "reply"
		}
		return n.carry(item, p), true
	case "quote":
		item.Kind = "quote"
		if !p.Own() { // else the quoting post cannot be read here
			return n.carry(item, p), true
		}
	case "status":
		item.Kind = "post"
		return n.carry(item, p), true
	case "favourite":
		if item.Kind = "like"; item.Reaction != "" {
			item.Kind = "reaction"
		}
	case "reblog":
		item.Kind = "boost"
	case "update":
		item.Kind = "edit"
	case "quoted_update":
		item.Kind = "quotedit"
	case "poll":
		item.Kind, item.Result = "poll", pollResult(p.Extra.Poll, n.votes[p.ID])
		item.Named, item.Faces, item.Others = nil, nil, 0
		if p.Own() {
			item.Kind = "ownpoll"
		}
	default:
		return item, false
	}
	return about(item, p), true
}

// carry puts the whole post into the line, once on a page: a quote may be a
// mention too.
func (n *notices) carry(item inboxItem, p store.Post) inboxItem {
	if n.carded[p.ID] {
		return about(item, p)
	}
	n.carded[p.ID] = true
	card := n.cards[p.ID]
	if card.FilteredOut {
		item.Excerpt, item.ExcerptURL = card.Filtered, postPath(p.ID)
		return item
	}
	if item.Kind == "mention" {
		item.To = card.ReplyTo
	}
	card.ReplyTo = ""
	item.Card = &card
	return item
}

// about names a post by its first words.
func about(item inboxItem, p store.Post) inboxItem {
	item.Excerpt, item.Lang, item.ExcerptURL = shortly(p), p.Language, postPath(p.ID)
	return item
}

// pollResult is "Leaves won with 58 %, yours was straw.", "" if nobody voted.
func pollResult(q *store.Poll, mine []int) string {
	if q == nil || len(q.Options) == 0 {
		return ""
	}
	shown := assets.Poll{Multiple: q.Multiple, Voters: q.Voters}
	most := 0
	for i, o := range q.Options {
		shown.Options = append(shown.Options, assets.PollOption{Name: o.Name, Votes: o.Votes})
		if o.Votes > q.Options[most].Votes {
			most = i
		}
	}
	if q.Options[most].Votes == 0 {
		return "Nobody voted."
	}
	var first []string
	for _, o := range q.Options {
		if o.Votes == q.Options[most].Votes {
			first = append(first, o.Name)
		}
	}
	text := someOf(first, 4) + " won with "
	if len(first) > 1 {
		text = someOf(first, 4) + " are level at "
	}
	text += strconv.Itoa(shown.Percent(shown.Options[most])) + " %"
	var own []string
	for _, c := range mine {
		if c < len(q.Options) && !slices.Contains(first, q.Options[c].Name) {
			own = append(own, q.Options[c].Name)
		}
	}
	if len(own) > 0 {
		text += ", yours was " + someOf(own, 4)
	}
	return text + "."
}
