package dashboard

import (
	"html"
	"slices"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
)

const (
	lineWords     = 140 // characters of a post that its line has
	boostersShown = 3   // by name on its line
)

// entry is a post that came into the home timeline, once, however often it was
// boosted.
type entry struct {
	post   store.Post
	at     int64   // id of its row, or of the newest boost where there is none
	itself bool    // its author wrote it into the timeline; else boosts alone did
	by     []int64 // who boosted it, the last first
}

// entries folds rows of the home timeline, newest first. What people wrote or
// boosted whom the owner does not want to see is left out (T48).
func (v *view) entries(rows []store.Post) ([]entry, error) {
	rows, err := v.unhidden(rows)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, row := range rows {
		if row.BoostOf != 0 {
			ids = append(ids, row.BoostOf)
		}
	}
	found, err := v.tx.PostLines(ids)
	if err != nil {
		return nil, err
	}
	originals := make([]store.Post, 0, len(found))
	for _, p := range found {
		originals = append(originals, p)
	}
	if originals, err = v.unhidden(originals); err != nil {
		return nil, err
	}
	shown := make(map[int64]store.Post, len(originals))
	for _, p := range originals {
		shown[p.ID] = p
	}
	v.filtersAt = store.FilterHome
	list, err := v.unfilteredEntries(fold(rows, shown))
	if err != nil {
		return nil, err
	}
	return v.unhushedEntries(list)
}

func fold(rows []store.Post, originals map[int64]store.Post) []entry {
	var list []entry
	at := map[int64]int{}
	for _, row := range rows {
		p := row
		if row.BoostOf != 0 {
			var ok bool
			if p, ok = originals[row.BoostOf]; !ok {
				continue
			}
		}
		i, ok := at[p.ID]
		if !ok {
			i = len(list)
			at[p.ID] = i
			list = append(list, entry{post: p, at: row.ID})
		}
		if row.BoostOf == 0 {
			list[i].itself, list[i].at = true, row.ID
		} else if !slices.Contains(list[i].by, row.ActorID) {
			list[i].by = append(list[i].by, row.ActorID)
		}
	}
	return list
}

// people are all whose names the lines of entries show.
func people(list []entry) []int64 {
	var ids []int64
	for _, e := range list {
		ids = append(append(ids, e.post.ActorID), e.by...)
	}
	return ids
}

// line is an entry on one line; its people were read. from is where the page of
// the post leads back to, "" for Home.
func (v *view) line(e entry, from string) assets.Line {
	p := e.post
	l := assets.Line{
		ID: decimal(p.ID), URL: postPath(p.ID) + from, Author: v.known(p.ActorID), Time: v.local(p.PublishedAt), Audience: audienceOf(p.Visibility),
		Lang: p.Language, Warning: p.Summary, Replies: p.Replies, Boosts: p.Boosts, Likes: p.Likes,
		Reply: p.ParentURI != "", Quote: p.Extra.QuoteURI != "", Media: len(p.Extra.Attachments) > 0, Poll: p.Extra.Poll != nil,
	}
	hits := v.filters().Match(&p)
	if f := federation.Gravest(hits); f != nil && f.Action == store.FilterWarn {
		l.Warning = filteredWords(f, hits)
	} else if p.Summary == "" {
		l.Text = words(p)
	}
	for _, id := range e.by[:min(len(e.by), boostersShown)] {
		l.Boosters = append(l.Boosters, v.known(id))
	}
	l.MoreBoosters = len(e.by) - len(l.Boosters)
	return l
}

// words is how a post begins.
func words(p store.Post) string {
	text := markup.Excerpt(p.Content, lineWords)
	if p.Title != "" {
		text = markup.Excerpt("<p>"+html.EscapeString(p.Title)+"</p>"+p.Content, lineWords)
	}
	return text
}

// lateLines are what came in below the place marker and was not seen yet, and
// when the newest of them came.
func (v *view) lateLines(most int) (lines []assets.Line, newest time.Time, err error) {
	posts, came, err := v.tx.LateSince(v.now.Add(-lateAge), most)
	if err != nil || len(posts) == 0 {
		return nil, newest, err
	}
	list, err := v.entries(posts)
	if err != nil {
		return nil, newest, err
	}
	if err := v.read(people(list)...); err != nil {
		return nil, newest, err
	}
	for _, e := range list {
		lines = append(lines, v.line(e, ""))
	}
	return lines, came[0], nil
}
