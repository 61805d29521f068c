package dashboard

import (
	"strings"

	"dassie/assets"
	"dassie/store"
)

// cards makes cards of a list of posts: a boost becomes the card of what was
// boosted, and what stands there already is not repeated but names one more
// booster. shown maps each row's id to that of its card. Everything the cards
// need is read for all of them at once.
//
// What people wrote or boosted whom the owner blocked (T48) or muted is left out, and
// what a filter hides.
func (v *view) cards(rows []store.Post) (cards []assets.Card, shown map[int64]int64, err error) {
	if rows, err = v.listed(rows); err != nil {
		return nil, nil, err
	}
	boosted, err := v.boosted(rows)
	if err != nil {
		return nil, nil, err
	}
	shown = map[int64]int64{}
	at := map[int64]int{}
	var posts []store.Post
	boosters := map[int64][]int64{}
	for _, row := range rows {
		p := row
		if row.BoostOf != 0 {
			original, ok := boosted[row.BoostOf]
			if !ok {
				continue // deleted between the boost and now
			}
			p = original
			boosters[p.ID] = append(boosters[p.ID], row.ActorID)
		}
		shown[row.ID] = p.ID
		if _, ok := at[p.ID]; !ok {
			at[p.ID] = len(posts)
			posts = append(posts, p)
		}
	}
	for _, ids := range boosters {
		if err := v.read(ids...); err != nil {
			return nil, nil, err
		}
	}
	cards, err = v.plainCards(posts)
	for id, who := range boosters {
		if i, ok := at[id]; ok && err == nil {
			for _, actor := range who {
				cards[i].Boosters = append(cards[i].Boosters, v.known(actor))
			}
		}
	}
	return cards, shown, err
}

func (v *view) boosted(rows []store.Post) (map[int64]store.Post, error) {
	var ids []int64
	for _, row := range rows {
		if row.BoostOf != 0 {
			ids = append(ids, row.BoostOf)
		}
	}
	found := map[int64]store.Post{}
	if len(ids) == 0 {
		return found, nil
	}
	list, err := v.tx.Posts(ids)
	if err != nil {
		return nil, err
	}
	list, err = v.listed(list)
	for _, p := range list {
		found[p.ID] = p
	}
	return found, err
}

// plainCards makes one card of each post; none of them is a boost.
func (v *view) plainCards(posts []store.Post) ([]assets.Card, error) {
	parents, err := v.parents(posts)
	if err != nil {
		return nil, err
	}
	quoted, err := v.d.service.QuoteViews(v.tx, posts)
	if err != nil {
		return nil, err
	}
	authors := actorIDs(posts...)
	for _, parent := range parents {
		authors = append(authors, parent.ActorID)
	}
	muted, err := v.mutedQuotes(quoted)
	if err != nil {
		return nil, err
	}
	for _, q := range quoted {
		authors = append(authors, q.Post.ActorID)
	}
	if err := v.read(authors...); err != nil {
		return nil, err
	}
	cards := make([]assets.Card, len(posts))
	for i, p := range posts {
		cards[i] = v.card(p)
		cards[i].ReplyTo = v.answering(p, parents)
		cards[i].Quote = v.quote(quoted[p.ID])
		v.coverQuote(cards[i].Quote, quoted[p.ID].Post, muted)
	}
	for _, add := range []func([]store.Post, []assets.Card) error{v.addTouched, v.addSaved, v.addHushed, v.addFollowedTags, v.addReactions, v.addPolls, v.addOwn, v.addLinks, v.addFiltered} {
		if err := add(posts, cards); err != nil {
			return nil, err
		}
	}
	return cards, v.addPictures(posts, cards, quoted)
}

// addTouched says what the owner did with each post.
func (v *view) addTouched(posts []store.Post, cards []assets.Card) error {
	liked, boosted, err := v.tx.Touched(postIDs(posts))
	for i, p := range posts {
		cards[i].Liked, cards[i].Boosted = liked[p.ID], boosted[p.ID]
		// What is boosted can be taken back, also what no button here boosts.
		cards[i].May.Boost = p.Visibility.Open() || boosted[p.ID]
	}
	return err
}

// addHushed says which conversations the owner muted.
func (v *view) addHushed(posts []store.Post, cards []assets.Card) error {
	hushed, err := v.tx.InMutedThread(postIDs(posts)...)
	for i, p := range posts {
		cards[i].Hushed, cards[i].May.Hush = hushed[p.ID], true
	}
	return err
}

// reactionsShown is how many different emoji stand below one post.
const reactionsShown = 12

// addReactions counts what people answered own posts with, and says what the
// owner answered others' with.
func (v *view) addReactions(posts []store.Post, cards []assets.Card) error {
	all, err := v.tx.ReactionsTo(postIDs(posts))
	if err != nil {
		return err
	}
	if err := v.readReactions(all); err != nil {
		return err
	}
	for i, p := range posts {
		for _, r := range all[p.ID][:min(len(all[p.ID]), reactionsShown)] {
			image := v.reactionImage(r.Emoji, r.By)
			cards[i].Reaction = append(cards[i].Reaction, assets.Reaction{Emoji: r.Emoji, Image: image, Count: r.Count, Mine: r.Mine})
		}
		if !p.Own() {
			cards[i].ReactURL, cards[i].FilterURL = postPath(p.ID)+"/react", postPath(p.ID)+"/filter"
		}
	}
	return nil
}

func (v *view) addPolls(posts []store.Post, cards []assets.Card) error {
	votes, err := v.ownVotes(posts)
	for i, p := range posts {
		cards[i].Poll = v.poll(p, votes[p.ID])
	}
	return err
}

// addOwn adds what is known of own posts alone.
func (v *view) addOwn(posts []store.Post, cards []assets.Card) error {
	var own []int64
	for _, p := range posts {
		if p.Own() {
			own = append(own, p.ID)
		}
	}
	receipts, err := v.tx.ReceiptsOf(own)
	if err != nil {
		return err
	}
	for i, p := range posts {
		if !p.Own() {
			continue
		}
		d := tally(p.ID, store.ByServer(receipts[p.ID]))
		cards[i].Delivery = &d
		if cards[i].Pinned, err = v.pinnedPost(p.ID); err != nil {
			return err
		}
	}
	return nil
}

func postIDs(posts []store.Post) []int64 {
	ids := make([]int64, len(posts))
	for i, p := range posts {
		ids[i] = p.ID
	}
	return ids
}

func (v *view) parents(posts []store.Post) (map[int64]store.Post, error) {
	var ids []int64
	for _, p := range posts {
		if p.ParentID != 0 {
			ids = append(ids, p.ParentID)
		}
	}
	found := map[int64]store.Post{}
	if len(ids) == 0 {
		return found, nil
	}
	list, err := v.tx.Posts(ids)
	for _, p := range list {
		found[p.ID] = p
	}
	return found, err
}

// answering is the handle of whom a post answers. If that post is not stored
// here, it is most likely the person named first.
func (v *view) answering(p store.Post, parents map[int64]store.Post) string {
	if parent, ok := parents[p.ParentID]; ok {
		return v.known(parent.ActorID).Handle
	}
	if p.ParentURI == "" {
		return ""
	}
	if len(p.Extra.Mentions) > 0 && p.Extra.Mentions[0].Handle != "" {
		return "@" + strings.TrimPrefix(p.Extra.Mentions[0].Handle, "@")
	}
	return "a post that is not here"
}

// card shows a post whose author was read.
func (v *view) card(p store.Post) assets.Card {
	c := assets.Card{
		ID: decimal(p.ID), URL: postPath(p.ID), Author: v.known(p.ActorID), Time: v.local(p.PublishedAt),
		Edited: !p.EditedAt.IsZero(), Audience: audienceOf(p.Visibility), Lang: p.Language, Warning: p.Summary,
		Content: content(p), Replies: p.Replies, Boosts: p.Boosts, Likes: p.Likes,
		May: assets.Actions{
			Reply: true, Like: true, Edit: p.Own(), Pin: p.Own() && p.Visibility.Open(), Report: !p.Own(), Delete: p.Own(),
		},
	}
	if !p.Own() {
		c.Original = p.URL
		if c.Original == "" {
			c.Original = p.URI
		}
	}
	return c
}

// pinnedPost says whether an own post is on the profile; the few that are are
// read once for a page.
func (v *view) pinnedPost(id int64) (bool, error) {
	if v.pins == nil {
		list, err := v.tx.Pinned(store.OwnerID)
		if err != nil {
			return false, err
		}
		v.pins = map[int64]bool{}
		for _, p := range list {
			v.pins[p.ID] = true
		}
	}
	return v.pins[id], nil
}

func mediaKind(mime string) string {
	switch class, _, _ := strings.Cut(mime, "/"); class {
	case "image":
		return "Picture"
	case "video":
		return "Video"
	case "audio":
		return "Sound"
	}
	return "File"
}
