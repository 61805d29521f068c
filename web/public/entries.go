package public

import (
	"fmt"
	"html/template"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/ap"
	"dassie/store"
)

// answersCounted is how many answers to the posts of one page are looked at to
// count those that visitors may see.
const answersCounted = 5000

// entries are posts as visitors see them, in the order given. What a list may not
// show is left out; a boost stands for what was boosted. Everything they need is
// read for all of them at once.
func (v *view) entries(rows []store.Post) ([]assets.Entry, error) {
	posts, boosts, err := v.unboosted(rows)
	if err != nil {
		return nil, err
	}
	if err := v.read(actorIDs(posts)...); err != nil {
		return nil, err
	}
	var shown []store.Post
	var by []int64 // the boost that brought it here, 0 for none
	for i, p := range posts {
		if v.listed(p) {
			shown, by = append(shown, p), append(by, boosts[i])
		}
	}
	list, err := v.render(shown)
	for i := range list {
		if by[i] != 0 {
			list[i].ID, list[i].Boosted = formatID(by[i]), true
		}
	}
	return list, err
}

// unboosted puts what was boosted in the place of each boost, if it is here.
func (v *view) unboosted(rows []store.Post) (posts []store.Post, boosts []int64, err error) {
	var ids []int64
	for _, p := range rows {
		if p.BoostOf != 0 {
			ids = append(ids, p.BoostOf)
		}
	}
	found, err := v.byID(ids)
	for _, p := range rows {
		boost := int64(0)
		if p.BoostOf != 0 {
			if p.Visibility > v.widest() {
				continue
			}
			of, here := found[p.BoostOf]
			if !here {
				continue
			}
			boost, p = p.ID, of
		}
		posts, boosts = append(posts, p), append(boosts, boost)
	}
	return posts, boosts, err
}

// byID reads posts by their ids, in one query.
func (v *view) byID(ids []int64) (map[int64]store.Post, error) {
	found := map[int64]store.Post{}
	if len(ids) == 0 {
		return found, nil
	}
	list, err := v.tx.Posts(ids)
	if err != nil {
		return nil, fmt.Errorf("read posts: %w", err)
	}
	for _, p := range list {
		found[p.ID] = p
	}
	return found, nil
}

// render makes entries of posts that may be shown where they will stand.
func (v *view) render(posts []store.Post) ([]assets.Entry, error) {
	if err := v.read(actorIDs(posts)...); err != nil {
		return nil, err
	}
	list := make([]assets.Entry, len(posts))
	for i, p := range posts {
		list[i] = v.entry(p)
	}
	for _, add := range []func([]store.Post, []assets.Entry) error{v.addParents, v.addCounts, v.addQuotes, v.addPictures, v.addLinks} {
		if err := add(posts, list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// entry is a post whose author was read, with what its own row says.
func (v *view) entry(p store.Post) assets.Entry {
	e := assets.Entry{
		ID: formatID(p.ID), URL: v.postAddress(p), Author: v.author(p.ActorID).person, ByOwner: p.Own(), Time: p.PublishedAt, Edited: p.EditedAt,
		Quiet: p.Own() && p.Visibility == store.Unlisted, Lang: p.Language, Warning: p.Summary, Content: template.HTML(p.HTML()), // cleaned before it was stored
		Poll: v.poll(p),
	}
	if p.Own() && v.set.ShowApp {
		e.App = p.Extra.App
	}
	if p.Own() && v.set.ShowCounts {
		e.ShowCounts, e.Boosts, e.Likes = true, p.Boosts, p.Likes
	}
	if p.Language != v.set.Language {
		e.LangName = assets.LanguageName(p.Language)
	}
	return e
}

// poll is the poll of a post with its results, as far as they are not kept back.
func (v *view) poll(p store.Post) *assets.Poll {
	q := p.Extra.Poll
	if q == nil {
		return nil
	}
	over := q.Over(v.now)
	out := &assets.Poll{
		ID: formatID(p.ID), Multiple: q.Multiple, Voters: q.Voters, Hidden: q.HideTotals && !over, End: assets.Ends(v.now, q.EndsAt, over),
	}
	for _, o := range q.Options {
		out.Options = append(out.Options, assets.PollOption{Name: o.Name, Votes: o.Votes})
	}
	return out
}

// addParents names whom each post answers, and links to what it answers if
// everybody may read it.
func (v *view) addParents(posts []store.Post, list []assets.Entry) error {
	var ids []int64
	for _, p := range posts {
		if p.ParentID != 0 {
			ids = append(ids, p.ParentID)
		}
	}
	parents, err := v.byID(ids)
	if err != nil {
		return err
	}
	var authors []int64
	for _, p := range parents {
		authors = append(authors, p.ActorID)
	}
	if err := v.read(authors...); err != nil {
		return err
	}
	for i, p := range posts {
		parent, here := parents[p.ParentID]
		switch {
		case p.ParentURI == "":
		case here:
			a := v.author(parent.ActorID)
			list[i].ReplyTo = a.person.Handle
			if parent.Visibility.Open() && !a.hidden {
				list[i].ReplyURL = v.postAddress(parent)
			}
		case len(p.Extra.Mentions) > 0:
			list[i].ReplyTo = "@" + p.Extra.Mentions[0].Handle
		}
	}
	return nil
}

// addCounts counts the answers that visitors may see: the stored count holds
// private ones too.
func (v *view) addCounts(posts []store.Post, list []assets.Entry) error {
	var ids []int64
	for _, p := range posts {
		if p.Own() && p.Replies > 0 && v.set.ShowCounts {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	answers, err := v.tx.OpenAnswers(ids, v.widest(), answersCounted)
	if err != nil {
		return fmt.Errorf("count answers: %w", err)
	}
	var authors []int64
	for _, a := range answers {
		authors = append(authors, a.ActorID)
	}
	if err := v.read(authors...); err != nil {
		return err
	}
	counts := map[int64]int{}
	for _, a := range answers {
		if !v.author(a.ActorID).hidden {
			counts[a.PostID]++
		}
	}
	for i, p := range posts {
		list[i].Replies = counts[p.ID]
	}
	return nil
}

// addQuotes adds what posts quote with consent, if everybody may read that too.
func (v *view) addQuotes(posts []store.Post, list []assets.Entry) error {
	quotes, err := v.site.svc.QuoteViews(v.tx, posts)
	if err != nil {
		return fmt.Errorf("read quotes: %w", err)
	}
	var authors []int64
	for _, q := range quotes {
		authors = append(authors, q.Post.ActorID)
	}
	if err := v.read(authors...); err != nil {
		return err
	}
	shown := map[int]store.Post{}
	for i, p := range posts {
		q := quotes[p.ID]
		a := v.author(q.Post.ActorID)
		if q.State != federation.ShownAccepted || q.Post.ID == 0 || !q.Post.Visibility.Open() || a.hidden {
			continue // the link in the text says enough
		}
		list[i].Quote = &assets.Quoted{URL: v.postAddress(q.Post), Author: a.person, Lang: q.Post.Language, Warning: q.Post.Summary, Content: template.HTML(q.Post.HTML())}
		shown[i] = q.Post
	}
	return v.addQuotedPictures(shown, list)
}

// addLinks adds what the first links of posts lead to, where no media and no quote
// stand already. Of a sensitive post, or one behind a warning, there is no picture.
func (v *view) addLinks(posts []store.Post, list []assets.Entry) error {
	if !v.set.LinkPreviews {
		return nil
	}
	ids := make([]int64, len(posts))
	for i, p := range posts {
		ids[i] = p.ID
	}
	found, err := v.tx.LinkCards(ids)
	if err != nil {
		return fmt.Errorf("read previews: %w", err)
	}
	for i, p := range posts {
		c, ok := found[p.ID]
		if !ok || len(p.Extra.Attachments) > 0 || p.Extra.QuoteURI != "" {
			continue
		}
		link := assets.LinkCard{
			URL: c.URL, Host: ap.Host(c.URL), Title: c.Title, Text: c.Description, Lang: c.Language,
			Image: picture(c.ImageName), Alt: c.ImageAlt, Width: c.Width, Height: c.Height,
		}
		if c.AuthorID != 0 {
			link.By = c.Author
		}
		if p.Sensitive || p.Summary != "" {
			link.Image = ""
		}
		list[i].Link = &link
	}
	return nil
}

func actorIDs(posts []store.Post) []int64 {
	ids := make([]int64, len(posts))
	for i, p := range posts {
		ids[i] = p.ActorID
	}
	return ids
}
